/** The far end of a routed exchange, as events name it. */
import type { PeerRef } from '../../model/traffic-event.ts';
import type { Cluster, ClusterEndpoint } from '../../policy/routes/compiled-routes.ts';
import type { InForce } from '../in-force.ts';

export function peerOfEndpoint(
  inForce: InForce,
  cluster: Cluster,
  endpoint: ClusterEndpoint | null,
): PeerRef {
  const service = inForce.serviceByHost(cluster.host);
  const id = endpoint?.instance ?? null;
  const instance = id === null ? null : inForce.instance(id);
  return {
    workload: instance?.workload ?? service?.name ?? null,
    namespace: instance?.namespace ?? service?.namespace ?? null,
    instance: instance?.id ?? null,
    spiffeId: null,
    ip: instance?.podIp ?? endpoint?.host ?? service?.clusterIp ?? '',
    port: cluster.port || (endpoint?.port ?? null),
  };
}
