/** An ALLOW policy in dry run, where no other ALLOW applies: the workload is open, although its policy looks closed. */
import { positionOf } from '../../model/policy-object.ts';
import type { Lint } from '../lint.ts';
import { workloadNames } from '../lint-view.ts';

export const allowOnlyInDryRun: Lint = {
  code: 'allow-only-in-dry-run',
  summary: 'The only ALLOW policy of a workload is a dry run, so every request passes',
  check: ({ workloads, policies }) => {
    const closed = new Set(
      workloads.filter((one) => one.policies.some(({ action, dryRun }) => action === 'ALLOW' && !dryRun)),
    );
    return policies
      .filter(({ action, dryRun }) => action === 'ALLOW' && dryRun)
      .flatMap((policy) => {
        const open = policy.workloads.filter((workload) => !closed.has(workload));
        if (open.length === 0) return [];
        const { namespace, name } = policy.object.metadata;
        return [
          {
            severity: 'warning',
            message: `ALLOW ${namespace}/${name} is a dry run and no other ALLOW policy applies to ${workloadNames(open)}: every request passes there`,
            hint: 'add a default deny (an ALLOW policy with `spec: {}`), or take the annotation istio.io/dry-run away',
            at: positionOf(policy.object, ['metadata', 'annotations', 'istio.io/dry-run']),
          },
        ];
      });
  },
};
