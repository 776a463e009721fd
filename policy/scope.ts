/**
 * Which objects apply to a workload: its namespace, the root namespace, the selector.
 */
import type { PolicyObject } from '../model/policy-object.ts';

/** The label by which pods serve a Gateway of the Gateway API, of their own namespace. */
export const GATEWAY_NAME = 'gateway.networking.k8s.io/gateway-name';

/** The workload that policies are looked up for. */
export interface PolicyTarget {
  namespace: string;
  labels: Readonly<Record<string, string>>;
  serviceAccount: string;
}

/** The part of a spec that says what it is about. */
export interface Scoped {
  selector?: { matchLabels?: Readonly<Record<string, string>> | null } | null;
  targetRef?: TargetReference | null;
  targetRefs?: readonly TargetReference[] | null;
}

interface TargetReference {
  group?: string;
  kind?: string;
  name?: string;
}

/** Objects of `kind` that apply to `target`'s sidecar or gateway, in the order given. */
export function objectsInScope<Spec extends Scoped>(
  objects: readonly PolicyObject[],
  kind: string,
  target: PolicyTarget,
  rootNamespace: string,
): PolicyObject<Spec>[] {
  return objects.filter((object): object is PolicyObject<Spec> => {
    if (object.kind !== kind || !object.apiVersion.startsWith(groupOf(kind))) return false;
    const { namespace } = object.metadata;
    if (namespace !== target.namespace && namespace !== rootNamespace) return false;
    const spec = (object.spec ?? {}) as Scoped;
    const targets = [spec.targetRef ?? [], spec.targetRefs ?? []].flat();
    // targetRefs name gateways and waypoints; a sidecar has no part in them.
    if (targets.length > 0)
      return namespace === target.namespace && targets.some((one) => isGateway(one, target));
    return selects(spec, target.labels);
  });
}

/** Whether a reference names the Gateway of the Gateway API that the pods serve. */
function isGateway({ group, kind, name }: TargetReference, { labels }: PolicyTarget): boolean {
  return group === 'gateway.networking.k8s.io' && kind === 'Gateway' && labels[GATEWAY_NAME] === name;
}

const OWN_KINDS: ReadonlySet<string> = new Set(['RateLimit', 'RequestValidation', 'ContextSignals']);

function groupOf(kind: string): string {
  return OWN_KINDS.has(kind) ? 'greenroom.dev/' : 'security.istio.io/';
}

/** Whether the spec selects by labels at all. */
export function hasSelector(spec: Scoped): boolean {
  return Object.keys(spec.selector?.matchLabels ?? {}).length > 0;
}

function selects(spec: Scoped, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(spec.selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}
