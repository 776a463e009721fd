/** Whether a clause and a rule match a request: the hot path, without a word of explanation. */
import type { RequestFacts } from '../model/request-facts.ts';
import { valuesOf } from './attributes.ts';
import type { CompiledClause, CompiledRule } from './compiled-policy.ts';
import { matchesValue } from './value-match.ts';

/** Any value of the request by any value of the clause; none of them, when negated. */
export function matchesClause(clause: CompiledClause, facts: RequestFacts): boolean {
  if (clause.dropped !== null) return true;
  const got = valuesOf(clause, facts);
  const found = got.some((value) => clause.values.some((match) => matchesValue(match, value)));
  return found !== clause.negated;
}

/** Any source, any operation, every condition. */
export function matchesRule(rule: CompiledRule, facts: RequestFacts): boolean {
  if (rule.dropped !== null) return false;
  return (
    matchesAny(rule.from, facts) &&
    matchesAny(rule.to, facts) &&
    rule.when.every((clause) => matchesClause(clause, facts))
  );
}

function matchesAny(alternatives: readonly (readonly CompiledClause[])[], facts: RequestFacts): boolean {
  return (
    alternatives.length === 0 ||
    alternatives.some((clauses) => clauses.every((clause) => matchesClause(clause, facts)))
  );
}
