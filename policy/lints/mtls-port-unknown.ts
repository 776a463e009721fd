/** portLevelMtls for a port that no selected workload has: most often the service's port instead of the workload's. */
import type { PeerAuthenticationSpec } from '../../model/istio/peer-authentication.ts';
import { type PolicyObject, positionOf } from '../../model/policy-object.ts';
import type { Finding, Lint } from '../lint.ts';
import { type LintedWorkload, type LintView, listed } from '../lint-view.ts';
import { objectsInScope } from '../scope.ts';

export const mtlsPortUnknown: Lint = {
  code: 'mtls-port-unknown',
  summary: 'portLevelMtls names a port that the workload does not have',
  check: (view) =>
    view.mesh.policies
      .filter(({ kind }) => kind === 'PeerAuthentication')
      .flatMap((object) => unknownPorts(object as PolicyObject<PeerAuthenticationSpec>, view)),
};

function unknownPorts(
  object: PolicyObject<PeerAuthenticationSpec>,
  { mesh, workloads }: LintView,
): Finding[] {
  const { namespace, name } = object.metadata;
  if (namespace === mesh.config.rootNamespace) return [];
  const selected = workloads.filter(
    ({ workload }) => objectsInScope([object], object.kind, workload, mesh.config.rootNamespace).length > 0,
  );
  if (selected.length === 0) return [];
  return Object.keys(object.spec?.portLevelMtls ?? {}).flatMap((text): Finding[] => {
    const port = Number(text);
    if (selected.some(({ ports }) => ports.some((one) => one.port === port))) return [];
    const meant = targetOf(selected, port);
    return [
      {
        severity: 'warning',
        message: `PeerAuthentication ${namespace}/${name} sets mTLS for port ${text}, and no workload that it selects has it: the setting has no effect`,
        hint:
          meant === null
            ? `workload ports here: ${listed(selected.flatMap(({ ports }) => ports.map((one) => String(one.port))))}`
            : `${text} is the service's port; the workload's own (targetPort) is ${meant}`,
        at: positionOf(object, ['spec', 'portLevelMtls', text]),
      },
    ];
  });
}

function targetOf(workloads: readonly LintedWorkload[], port: number): number | null {
  const found = workloads.flatMap(({ workload }) => workload.ports).find((one) => one.port === port);
  return found && found.targetPort !== port ? found.targetPort : null;
}
