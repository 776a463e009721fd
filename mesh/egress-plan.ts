/** An instance's way out, read off the listeners that the data plane bound for it. */
import type { Mesh } from '../model/mesh.ts';
import type { BoundListener } from '../proxy/snapshot.ts';
import type { EgressPlan } from './runtimes/runtime.ts';

export function egressPlan(mesh: Mesh, instance: string, listeners: readonly BoundListener[]): EgressPlan {
  const own = new Map(
    listeners
      .filter((listener) => listener.instance === instance && listener.direction === 'outbound')
      .map(({ key, host, port }) => [key, { host, port }]),
  );
  return {
    httpProxy: own.get('http-proxy') ?? null,
    peers: mesh.workloads.flatMap((peer) =>
      peer.ports.flatMap(({ port, protocol }) => {
        const listen = own.get(`${peer.id}:${port}`);
        const { name, namespace, clusterIp, aliases } = peer;
        const more = aliases === undefined ? {} : { aliases };
        return listen ? [{ service: name, namespace, clusterIp, port, protocol, listen, ...more }] : [];
      }),
    ),
  };
}
