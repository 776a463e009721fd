/**
 * Which services there are and who serves them: the part of a snapshot that outbound listeners route by. As in a
 * cluster, an instance that isn't up is no endpoint: its service answers by the others, or has none.
 */
import type { Mesh } from '../model/mesh.ts';
import type { ServiceSnapshot } from '../proxy/snapshot.ts';
import type { MeshPolicies } from './mesh-policies.ts';

export function discoverServices(
  mesh: Mesh,
  policies: MeshPolicies,
  unavailable: ReadonlySet<string>,
): ServiceSnapshot[] {
  return mesh.workloads.map((workload) => ({
    id: workload.id,
    name: workload.name,
    namespace: workload.namespace,
    clusterIp: workload.clusterIp,
    ports: workload.ports.map(({ port, targetPort, protocol }) => ({
      port,
      targetPort,
      protocol,
      endpoints: workload.instances
        .filter(({ id }) => !unavailable.has(id))
        .map(({ id }) => ({ instance: id })),
      // As Istio's auto mTLS: mutual wherever the server's sidecar would understand it.
      tls:
        policies[workload.id]?.[targetPort]?.mtls === 'DISABLE'
          ? ('DISABLE' as const)
          : ('ISTIO_MUTUAL' as const),
      expectedSpiffeIds: [workload.spiffeId],
    })),
  }));
}
