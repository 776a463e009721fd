/** Policies attached by targetRefs: a gateway or waypoint reads them, no sidecar does. */
import { type PolicyObject, positionOf } from '../../model/policy-object.ts';
import type { Finding, Lint } from '../lint.ts';
import type { LintView } from '../lint-view.ts';
import { GATEWAY_NAME } from '../scope.ts';

interface Reference {
  kind?: string;
  name?: string;
}

interface Targeting {
  targetRef?: Reference;
  targetRefs?: readonly Reference[];
}

export const targetNotEnforced: Lint = {
  code: 'target-not-enforced',
  summary: 'A policy is attached by targetRefs, which no sidecar reads, or to something that is not there',
  check: (view) =>
    view.mesh.policies.flatMap((object) => {
      const { targetRef, targetRefs } = (object.spec ?? {}) as Targeting;
      const written = targetRef
        ? [{ reference: targetRef, path: ['spec', 'targetRef'] }]
        : (targetRefs ?? []).map((reference, index) => ({ reference, path: ['spec', 'targetRefs', index] }));
      return written
        .filter(({ reference }) => !servedHere(object, reference, view))
        .map(({ reference, path }) => unread(object, reference, path, view));
    }),
};

/** A gateway of the project serves the Gateway that is named, and its policies with it. */
function servedHere({ metadata }: PolicyObject, { kind, name }: Reference, { mesh }: LintView): boolean {
  return (mesh.gateways ?? []).some(
    ({ namespace, labels }) =>
      kind === 'Gateway' && namespace === metadata.namespace && labels[GATEWAY_NAME] === name,
  );
}

function unread(
  object: PolicyObject,
  { kind = '', name = '' }: Reference,
  path: readonly (string | number)[],
  { mesh }: LintView,
): Finding {
  const { namespace } = object.metadata;
  const service =
    kind === 'Service' && mesh.workloads.find((one) => one.namespace === namespace && one.name === name);
  const head = `${object.kind} ${namespace}/${object.metadata.name} targets ${kind} ${name}`;
  if (kind === 'Service' && !service)
    return {
      severity: 'warning',
      message: `${head}, and namespace ${namespace} has no such service`,
      hint: `services here: ${mesh.workloads
        .filter((one) => one.namespace === namespace)
        .map((one) => one.name)
        .join(', ')}`,
      at: positionOf(object, path),
    };
  return {
    severity: 'warning',
    message: `${head}: gateways and waypoints read that, no sidecar does, so no workload of this mesh is protected by it`,
    hint: 'to protect workloads that have sidecars, write a selector with matchLabels instead',
    at: positionOf(object, path),
  };
}
