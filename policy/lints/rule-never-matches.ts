/** Rules that contradict themselves: a port that no workload has, a value both wanted and excluded. */
import type { CompiledClause } from '../compiled-policy.ts';
import type { Finding, Lint } from '../lint.ts';
import { type LintedRule, type LintedWorkload, listed, severityOfNever } from '../lint-view.ts';
import { coveredBy } from '../rule-covers.ts';

export const ruleNeverMatches: Lint = {
  code: 'rule-never-matches',
  summary: 'A rule, or one of its alternatives, contradicts itself and never matches',
  check: ({ policies }) => policies.flatMap(({ rules }) => rules).flatMap(contradictions),
};

interface Contradiction {
  why: string;
  hint: string;
  clause: CompiledClause;
}

function contradictions(rule: LintedRule): Finding[] {
  const { compiled } = rule;
  if (compiled === null || rule.policy.workloads.length === 0) return [];
  const { workloads } = rule.policy;
  const dead = severityOfNever(rule);
  const inWhen = contradiction(compiled.when, workloads);
  if (inWhen) return [finding(rule, inWhen, dead, 'the rule')];
  return [compiled.from, compiled.to].flatMap((alternatives): Finding[] => {
    const found = alternatives.flatMap((clauses) => contradiction(clauses, workloads) ?? []);
    const whole = found.length === alternatives.length;
    return found.map((one) =>
      finding(rule, one, whole ? dead : 'warning', whole ? 'the rule' : 'this alternative'),
    );
  });
}

function finding(
  rule: LintedRule,
  { why, hint, clause }: Contradiction,
  severity: Finding['severity'],
  what: string,
): Finding {
  return { severity, message: `${rule.name}: ${what} never matches: ${why}`, hint, at: clause.at };
}

/** Why these clauses, all of which must hold, can't. */
function contradiction(
  clauses: readonly CompiledClause[],
  workloads: readonly LintedWorkload[],
): Contradiction | null {
  for (const clause of clauses) {
    const found = clause.negated
      ? excludesAll(clause)
      : (unknownPort(clause, workloads) ?? excluded(clause, clauses) ?? otherNamespace(clause, clauses));
    if (found) return found;
  }
  return null;
}

function unknownPort(clause: CompiledClause, workloads: readonly LintedWorkload[]): Contradiction | null {
  if (clause.attribute !== 'destination.port') return null;
  const known = workloads.flatMap(({ ports }) => ports.map(({ port }) => String(port)));
  if (clause.wanted.some((port) => known.includes(String(Number(port))))) return null;
  const served = workloads
    .flatMap(({ workload }) => workload.ports)
    .find(({ port, targetPort }) => port !== targetPort && clause.wanted.includes(String(port)));
  return {
    clause,
    why: `no workload it applies to has port ${clause.wanted.join(' or ')}`,
    hint: served
      ? `${served.port} is the service's port; policies see the workload's own, ${served.targetPort}`
      : `workload ports here: ${listed(known)}`,
  };
}

function excludesAll(clause: CompiledClause): Contradiction | null {
  const requestHasIt = ['request.method', 'request.path', 'request.host'].includes(clause.attribute);
  if (!requestHasIt || !clause.wanted.includes('*')) return null;
  return { clause, why: `${clause.field} excludes every value`, hint: 'name what is excluded' };
}

function excluded(clause: CompiledClause, clauses: readonly CompiledClause[]): Contradiction | null {
  const against = clauses.find(
    (other) =>
      other.negated &&
      other.attribute === clause.attribute &&
      other.header === clause.header &&
      clause.header === null &&
      clause.values.length > 0 &&
      coveredBy(clause.values, other.values),
  );
  if (!against || clause.attribute === 'request.auth.claims') return null;
  return {
    clause,
    why: `all that ${clause.field} wants is excluded by ${against.field}`,
    hint: 'take the values out of one of the two lists',
  };
}

/** `principals` of one namespace beside `namespaces` that don't have it. */
function otherNamespace(clause: CompiledClause, clauses: readonly CompiledClause[]): Contradiction | null {
  if (clause.attribute !== 'source.principal') return null;
  const beside = clauses.find(
    ({ attribute, negated, wanted }) =>
      attribute === 'source.namespace' && !negated && !wanted.some((value) => value.includes('*')),
  );
  const namespaces = clause.wanted.map((principal) => {
    const parts = principal.split('/');
    return parts.length === 5 && !principal.includes('*') ? (parts[2] ?? null) : null;
  });
  if (!beside || namespaces.some((one) => one === null || beside.wanted.includes(one))) return null;
  return {
    clause,
    why: `its principals are of ${listed(namespaces.flatMap((one) => one ?? []))}, its namespaces ${beside.wanted.join(', ')}`,
    hint: 'fields of one source must all hold; for alternatives write two sources',
  };
}
