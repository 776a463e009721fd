/**
 * The gateway driver: the engine's bridges are this machine's own. Sidecars listen on the gateway address of a pod's
 * network, and the pod's address is dialled as it is.
 */
import { createServer, type Server } from 'node:net';
import { EnvironmentError } from '../../../model/environment-error.ts';
import { knockAt } from '../process/readiness.ts';
import type { InstancePlacement } from '../runtime.ts';
import type { Canary, PodNetwork } from './pod-network.ts';
import type { Pod } from './pod.ts';
import { publishedPort } from './published-ports.ts';

export const gatewayNetwork: PodNetwork = {
  driver: 'gateway',
  async join({ gateway }) {
    // Here, where it can be explained: the sidecar is about to listen there.
    await (await openCanaryAt(gateway)).close();
    return gateway;
  },
  openCanary: ({ sidecar }) => openCanaryAt(sidecar),
  unreachable: ({ sidecar }) =>
    new EnvironmentError(
      'host-firewall',
      `A container on our own bridge can't reach this machine at ${sidecar}: a firewall is in the way.`,
      {
        hint: 'Let containers in, for instance: sudo ufw allow from 198.18.0.0/15. Or use the relay: --driver relay',
      },
    ),
  place: async (pod) => placementOf(pod),
  egress: (_pod, egress) => egress,
  knock: ({ address }, port) => knockAt(address, port),
  leave: async () => undefined,
  close: async () => undefined,
};

/**
 * Binding it shows whether the engine's bridges are on this machine at all.
 * @throws EnvironmentError `engine-elsewhere`
 */
export async function openCanaryAt(address: string): Promise<Canary> {
  let visits = 0;
  const server: Server = createServer((socket) => {
    visits += 1;
    socket.on('error', () => undefined);
    socket.end();
    socket.resume();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(elsewhere(address, cause)));
    server.listen(0, address, resolve);
  });
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('a TCP listener without a port');
  return {
    port: bound.port,
    visits: () => visits,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function elsewhere(address: string, cause: unknown): EnvironmentError {
  return new EnvironmentError('engine-elsewhere', `The engine's bridge ${address} is not on this machine.`, {
    hint: 'Docker Desktop, rootless and remote engines keep their networks in a machine of their own: use the relay (--driver relay), or the process runtime.',
    cause,
  });
}

function placementOf(pod: Pod): InstancePlacement {
  return {
    instance: pod.instance.id,
    // Only our own outbound sides dial it; loopback keeps everybody else's containers away from it.
    inboundHost: '127.0.0.1',
    outboundHost: pod.sidecar,
    upstreams: [...new Set(pod.workload.ports.map(({ targetPort }) => targetPort))].map((port) => ({
      port,
      host: pod.address,
      upstreamPort: port,
      ...publishedAt(pod, port),
    })),
    allowedOutboundPeers: [pod.address],
  };
}

/** Where the inbound listener of a published port has to be. */
export function publishedAt(pod: Pod, port: number): { inboundPort?: number } {
  const inboundPort = publishedPort(pod, port);
  return inboundPort === null ? {} : { inboundPort };
}
