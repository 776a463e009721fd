/**
 * PeerAuthentication: which mTLS mode each port of a workload has. Workload beats namespace beats mesh, the oldest
 * of a scope wins, UNSET inherits, and a port is the workload's own (targetPort).
 */
import type { MeshConfig } from '../model/mesh.ts';
import type { RuleRef } from '../model/decision.ts';
import { type PolicyObject, positionOf } from '../model/policy-object.ts';
import type { PeerMode } from '../wire/filter-chain.ts';
import type { PeerAuthenticationSpec } from '../model/istio/peer-authentication.ts';
import { hasSelector, objectsInScope, type PolicyTarget } from './scope.ts';

/** The modes of a workload; a port that isn't in `ports` has the default. */
export interface MtlsModes {
  default: PeerMode;
  ports: Readonly<Record<number, PeerMode>>;
}

/** Modes of `target` under the PeerAuthentications among `objects`. */
export function mtlsModes(
  objects: readonly PolicyObject[],
  target: PolicyTarget,
  config: Pick<MeshConfig, 'rootNamespace'>,
): MtlsModes {
  const { mesh, namespaced, workload } = inForce(objects, target, config);
  let mode: PeerMode = 'PERMISSIVE';
  for (const object of [mesh, namespaced, workload]) mode = modeOf(object?.spec?.mtls?.mode) ?? mode;
  const ports: Record<number, PeerMode> = {};
  for (const [port, mtls] of Object.entries(workload?.spec?.portLevelMtls ?? {})) {
    ports[Number(port)] = modeOf(mtls?.mode) ?? mode;
  }
  return { default: mode, ports };
}

/** The PeerAuthentication that gave a workload port its mode; null where Istio's default holds. */
export function mtlsRuleAt(
  objects: readonly PolicyObject[],
  target: PolicyTarget,
  config: Pick<MeshConfig, 'rootNamespace'>,
  port: number,
): RuleRef | null {
  const { mesh, namespaced, workload } = inForce(objects, target, config);
  const portMode = modeOf(workload?.spec?.portLevelMtls?.[port]?.mode);
  if (workload && portMode) return refOf(workload, ['spec', 'portLevelMtls', String(port)]);
  const object = [workload, namespaced, mesh].find((one) => modeOf(one?.spec?.mtls?.mode) !== null);
  return object ? refOf(object, ['spec', 'mtls', 'mode']) : null;
}

function refOf(object: PolicyObject, path: readonly string[]): RuleRef {
  const { kind, metadata } = object;
  const { namespace, name } = metadata;
  return { kind, namespace, name, action: 'mtls', rule: null, at: positionOf(object, path) };
}

interface ScopedRules {
  mesh: PolicyObject<PeerAuthenticationSpec> | undefined;
  namespaced: PolicyObject<PeerAuthenticationSpec> | undefined;
  workload: PolicyObject<PeerAuthenticationSpec> | undefined;
}

/** The one object of each scope that counts. */
function inForce(
  objects: readonly PolicyObject[],
  target: PolicyTarget,
  { rootNamespace }: Pick<MeshConfig, 'rootNamespace'>,
): ScopedRules {
  const all = objectsInScope<PeerAuthenticationSpec>(objects, 'PeerAuthentication', target, rootNamespace)
    // A selector in the root namespace means nothing to Istio: the object is left out.
    .filter((object) => !(object.metadata.namespace === rootNamespace && hasSelector(object.spec)))
    .toSorted(byAge);
  const unselected = all.filter((object) => !hasSelector(object.spec));
  return {
    mesh: unselected.find((object) => object.metadata.namespace === rootNamespace),
    namespaced: unselected.find((object) => object.metadata.namespace !== rootNamespace),
    workload: all.find((object) => hasSelector(object.spec)),
  };
}

/** The mode of one workload port. */
export function mtlsModeOf(modes: MtlsModes, port: number): PeerMode {
  return modes.ports[port] ?? modes.default;
}

function modeOf(text: string | null | undefined): PeerMode | null {
  return text === 'STRICT' || text === 'PERMISSIVE' || text === 'DISABLE' ? text : null;
}

/** Oldest first; of one age (or none at all) the first by name, then by namespace. */
export function byAge(a: PolicyObject, b: PolicyObject): number {
  const [ageA, ageB] = [ageOf(a), ageOf(b)];
  if (ageA !== ageB) return ageA - ageB;
  if (a.metadata.name !== b.metadata.name) return a.metadata.name < b.metadata.name ? -1 : 1;
  return a.metadata.namespace < b.metadata.namespace ? -1 : 1;
}

function ageOf(object: PolicyObject): number {
  const time = Date.parse(object.metadata.creationTimestamp ?? '');
  // Not applied yet: a cluster would give it the time at which it is.
  return Number.isNaN(time) ? Number.POSITIVE_INFINITY : time;
}
