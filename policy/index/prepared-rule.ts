/**
 * A rule made ready to be tried often: long lists of values have an index of their own, and each clause knows the
 * place it looks at. The same verdict as `matchesRule`, which stays the reference.
 */
import type { CompiledClause, CompiledRule, ValueMatch } from '../compiled-policy.ts';
import { matchesValue } from '../value-match.ts';
import type { RequestValues } from './request-values.ts';
import { keyOf, ValueIndex } from './value-index.ts';

/** Lists up to here are compared one by one. */
const SHORT_LIST = 8;

export interface PreparedClause {
  clause: CompiledClause;
  /** Tells places apart: attribute, header or claim. */
  place: string;
  /** `keyOf` each of the clause's values. */
  keys: readonly string[];
  index: ValueIndex<ValueMatch> | null;
}

type Alternatives = readonly (readonly PreparedClause[])[];

export interface PreparedRule {
  rule: CompiledRule;
  /** Place in Envoy's order. */
  order: number;
  from: Alternatives;
  to: Alternatives;
  when: readonly PreparedClause[];
}

/** Prepares the rule that stands at `order`. */
export function prepareRule(rule: CompiledRule, order: number): PreparedRule {
  return {
    rule,
    order,
    from: rule.from.map((clauses) => clauses.map(prepareClause)),
    to: rule.to.map((clauses) => clauses.map(prepareClause)),
    when: rule.when.map(prepareClause),
  };
}

/** Whether the rule (one that isn't dropped) matches. */
export function matchesPrepared(prepared: PreparedRule, values: RequestValues): boolean {
  values.rulesTried += 1;
  return anyHolds(prepared.from, values) && anyHolds(prepared.to, values) && allHold(prepared.when, values);
}

function prepareClause(clause: CompiledClause): PreparedClause {
  const { attribute, header, claim } = clause;
  const place = [attribute, header ?? '', ...(claim ?? [])].join('\0');
  const keys = clause.values.map(keyOf);
  let index: PreparedClause['index'] = null;
  if (clause.values.length > SHORT_LIST) {
    index = new ValueIndex();
    for (const [at, match] of clause.values.entries()) index.ensure(match, keys[at] ?? '', () => match);
  }
  return { clause, place, keys, index };
}

function anyHolds(alternatives: Alternatives, values: RequestValues): boolean {
  if (alternatives.length === 0) return true;
  for (const clauses of alternatives) if (allHold(clauses, values)) return true;
  return false;
}

function allHold(clauses: readonly PreparedClause[], values: RequestValues): boolean {
  for (const clause of clauses) if (!holds(clause, values)) return false;
  return true;
}

function holds({ clause, index }: PreparedClause, values: RequestValues): boolean {
  if (clause.dropped !== null) return true;
  for (const got of values.of(clause)) {
    if (index === null ? matchesOneOf(clause.values, got) : matchesIndexed(index, got)) {
      return !clause.negated;
    }
  }
  return clause.negated;
}

function matchesOneOf(matches: readonly ValueMatch[], got: string): boolean {
  for (const match of matches) if (matchesValue(match, got)) return true;
  return false;
}

function matchesIndexed(index: ValueIndex<ValueMatch>, got: string): boolean {
  const found: ValueMatch[] = [];
  index.collect(got, found);
  return found.length > 0;
}
