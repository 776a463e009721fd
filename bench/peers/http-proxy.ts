/** Two proxies of the package http-proxy (its kept fork) on one thread: mutual TLS, no policy, HTTP/1 only. */
import { fileURLToPath } from 'node:url';
import { freePorts, listening, start } from '../pair/processes.ts';
import type { PairPeer } from './pair-peer.ts';

export interface HttpProxySetting {
  outbound: number;
  inbound: number;
  upstream: number;
  root: string;
  web: { certificate: string; key: string };
  orders: { certificate: string; key: string };
}

export const httpProxy: PairPeer = {
  name: 'http-proxy',
  policy: false,
  missing: () => null,
  start: async ({ backend, identities }) => {
    const [outbound = 0, inbound = 0] = await freePorts(2);
    const setting: HttpProxySetting = { outbound, inbound, upstream: backend.ports.http1, ...identities };
    const main = fileURLToPath(new URL('./http-proxy-main.ts', import.meta.url));
    const program = start('sidecars', [process.execPath, main, JSON.stringify(setting)]);
    await listening(outbound, program);
    return { ports: { http1: outbound }, pids: [program.pid], stop: () => program.stop() };
  },
};
