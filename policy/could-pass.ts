/**
 * Whether a request with a given path or host could pass a workload's policies, whatever else is true of it. A DENY
 * that might meet it counts as meeting it: what is said to pass does.
 */
import type { CompiledRule } from './compiled-policy.ts';
import type { LintedRule, LintedWorkload } from './lint-view.ts';
import { matchesValue } from './value-match.ts';

type Looked = 'request.path' | 'request.host';

/** Whether no DENY looks at `value` and some ALLOW would take it (or there is none). */
export function couldPass({ policies }: LintedWorkload, attribute: Looked, value: string): boolean {
  const enforced = policies.filter(({ dryRun }) => !dryRun);
  const met = (rule: LintedRule): boolean =>
    rule.compiled === null || mayMatch(rule.compiled, attribute, value);
  if (enforced.some(({ action, rules }) => action === 'DENY' && rules.some(met))) return false;
  const allows = enforced.filter(({ action }) => action === 'ALLOW');
  return allows.length === 0 || allows.some(({ rules }) => rules.some(met));
}

/** Whether the rule matches some request whose `attribute` is `value`. */
function mayMatch(rule: CompiledRule, attribute: Looked, value: string): boolean {
  if (rule.to.length === 0) return true;
  return rule.to.some((clauses) =>
    clauses.every(
      (clause) =>
        clause.attribute !== attribute ||
        clause.values.some((match) => matchesValue(match, value)) !== clause.negated,
    ),
  );
}

/** Workloads of the rule that have an HTTP port and could let `value` pass. */
export function passedBy(rule: LintedRule, attribute: Looked, value: string): LintedWorkload[] {
  return rule.policy.workloads.filter(
    (workload) =>
      workload.ports.some(({ protocol }) => protocol === 'http') && couldPass(workload, attribute, value),
  );
}
