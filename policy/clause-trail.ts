/** One rule tried on one request, told: each clause with what it wanted, what it got and whether that matched. */
import type { ClauseResult, RuleTrail } from '../model/decision.ts';
import type { RequestFacts } from '../model/request-facts.ts';
import { valuesOf } from './attributes.ts';
import type { CompiledClause, CompiledRule } from './compiled-policy.ts';
import { matchesClause } from './match.ts';
import { shownPrincipal } from './tokens/request-principal.ts';
import { matchesValue } from './value-match.ts';

/** A clause with its result, for sentences. */
export interface TriedClause {
  clause: CompiledClause;
  matched: boolean;
}

/** The rule's own result, and of its alternatives the ones that came nearest. */
export interface TriedRule {
  rule: CompiledRule;
  matched: boolean;
  clauses: readonly TriedClause[];
}

/** Tries every clause of the rule; of several sources or operations the nearest speaks. */
export function tryRule(rule: CompiledRule, facts: RequestFacts): TriedRule {
  const clauses = [
    ...nearestAlternative(rule.from, facts),
    ...nearestAlternative(rule.to, facts),
    ...tryClauses(rule.when, facts),
  ];
  if (rule.dropped === null) return { rule, matched: clauses.every((tried) => tried.matched), clauses };
  // What Istio left out of a dropped rule is what keeps it from ever matching.
  const told = clauses.map((tried) => (tried.clause.dropped === null ? tried : { ...tried, matched: false }));
  return { rule, matched: false, clauses: told };
}

/** How many clauses kept it from matching. */
export function failedClauses(tried: TriedRule): number {
  return tried.clauses.filter((clause) => !clause.matched).length;
}

/** The rule in the words of a recording. */
export function ruleTrail(tried: TriedRule, facts: RequestFacts): RuleTrail {
  const clauses = tried.clauses.map(({ clause, matched }) => clauseResult(clause, matched, facts));
  return { ref: tried.rule.ref, matched: tried.matched, clauses };
}

/** What the request had at the clause's place, as shown; null when nothing. */
export function gotOf(
  clause: Pick<CompiledClause, 'attribute' | 'header' | 'claim'>,
  facts: RequestFacts,
): string | null {
  if (clause.attribute === 'request.auth.principal') return shownPrincipal(facts);
  const values =
    clause.attribute === 'request.host' && facts.http ? [facts.http.host] : valuesOf(clause, facts);
  return values.length === 0 ? null : values.join(' and ');
}

/** Those of the wanted values that the request has; all of them where aliases were expanded. */
export function matchedValues(clause: CompiledClause, facts: RequestFacts): readonly string[] {
  if (clause.values.length !== clause.wanted.length) return clause.wanted;
  const got = valuesOf(clause, facts);
  const matched = clause.wanted.filter((_, index) => {
    const match = clause.values[index];
    return match !== undefined && got.some((value) => matchesValue(match, value));
  });
  return matched.length > 0 ? matched : clause.wanted;
}

function clauseResult(clause: CompiledClause, matched: boolean, facts: RequestFacts): ClauseResult {
  const { field, wanted, at } = clause;
  return { field, wanted, got: gotOf(clause, facts), matched, at };
}

function tryClauses(clauses: readonly CompiledClause[], facts: RequestFacts): TriedClause[] {
  return clauses.map((clause) => ({ clause, matched: matchesClause(clause, facts) }));
}

function nearestAlternative(
  alternatives: readonly (readonly CompiledClause[])[],
  facts: RequestFacts,
): TriedClause[] {
  let nearest: TriedClause[] = [];
  let fewest = Number.POSITIVE_INFINITY;
  for (const alternative of alternatives) {
    const tried = tryClauses(alternative, facts);
    const failed = tried.filter((clause) => !clause.matched).length;
    if (failed < fewest) [nearest, fewest] = [tried, failed];
  }
  return nearest;
}
