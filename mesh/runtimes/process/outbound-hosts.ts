/**
 * Where the outbound listeners of each instance are: one a port of each peer, so their number grows with the square of
 * the mesh. On one address the kernel's search for a free port becomes slow from about half of its range on (10,000
 * listeners: 38 s, on addresses of their own 0.5 s) and ends at its 28,232nd; a large mesh therefore has a loopback
 * address an instance, where the machine has more than one.
 */
import { createServer } from 'node:net';
import type { Instance, Workload } from '../../../model/mesh.ts';

const LOOPBACK = '127.0.0.1';
/** Listeners that one address carries well, with room left for connections. */
const MOST_ON_ONE = 4_000;

/** The address of each instance's outbound listeners, by its id. */
export async function outboundHosts(
  instances: readonly { instance: Instance; workload: Workload }[],
): Promise<(instance: Instance) => string> {
  const workloads = new Set(instances.map(({ workload }) => workload));
  const ports = [...workloads].reduce((sum, workload) => sum + workload.ports.length, 0);
  const many = instances.length * (ports + 1) > MOST_ON_ONE;
  const [first] = instances;
  const usable = many && first !== undefined && (await canBind(ownLoopback(first.instance)));
  return usable ? ownLoopback : () => LOOPBACK;
}

/** `10.244.3.1` → `127.244.3.1`: as stable as the pod address. */
function ownLoopback({ podIp }: Instance): string {
  return podIp.replace(/^\d+/, '127');
}

/** Only Linux and Windows have all of 127.0.0.0/8. */
function canBind(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port: 0 }, () => server.close(() => resolve(true)));
  });
}
