/**
 * A namespace where a workload that nobody wrote a policy for is open to everybody. Istio allows until the first
 * ALLOW policy applies.
 */
import type { Lint } from '../lint.ts';
import { type LintedPolicy, workloadNames } from '../lint-view.ts';

export const noDefaultDeny: Lint = {
  code: 'no-default-deny',
  summary: 'A namespace has no default deny: what no ALLOW policy selects is open',
  check: ({ mesh, workloads, policies }) => {
    const namespaces = [...new Set(workloads.map(({ workload }) => workload.namespace))];
    return namespaces.flatMap((namespace) => {
      const here = workloads.filter(({ workload }) => workload.namespace === namespace);
      const [first] = here;
      const closed = policies.some(
        (policy) =>
          [namespace, mesh.config.rootNamespace].includes(policy.object.metadata.namespace) && denies(policy),
      );
      if (closed || !first) return [];
      const open = here.filter(
        (workload) => !workload.policies.some(({ action, dryRun }) => action === 'ALLOW' && !dryRun),
      );
      const now = open.length === 0 ? 'none at present' : `now ${workloadNames(open)}`;
      return [
        {
          severity: 'warning',
          message: `namespace ${namespace} has no default deny: a workload that no ALLOW policy selects takes every request (${now})`,
          hint: `add an AuthorizationPolicy of namespace ${namespace} with \`spec: {}\`; then each grant is an ALLOW of its own`,
          at: (open[0] ?? first).workload.at,
        },
      ];
    });
  },
};

/** An ALLOW for a whole namespace or mesh that doesn't let everything in. */
function denies({ action, dryRun, unselective, rules }: LintedPolicy): boolean {
  return action === 'ALLOW' && !dryRun && unselective && !rules.some(({ clauses }) => clauses.length === 0);
}
