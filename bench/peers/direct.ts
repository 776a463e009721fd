/** No sidecar at all: shows that neither the load nor the application is what holds a pair back. */
import type { PairPeer } from './pair-peer.ts';

export const direct: PairPeer = {
  name: 'direct',
  policy: false,
  missing: () => null,
  start: async ({ backend: { ports, program } }) => ({
    ports: { http1: ports.http1, http2: ports.http2, grpc: ports.http2 },
    pids: [program.pid],
    stop: async () => undefined,
  }),
};
