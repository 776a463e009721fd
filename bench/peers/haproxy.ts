/** Both sidecars in one HAProxy process with one thread: mutual TLS, but no identity policy. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { find, freePorts, listening, start } from '../pair/processes.ts';
import type { PairPeer } from './pair-peer.ts';

export const haproxy: PairPeer = {
  name: 'haproxy',
  policy: false,
  missing: () => (find('haproxy') === null ? 'no HAProxy: apt-get install haproxy' : null),
  start: async ({ backend, identities: { root, web, orders }, folder }) => {
    const [http1 = 0, http1In = 0, http2 = 0, http2In = 0] = await freePorts(4);
    const file = join(folder, 'haproxy.cfg');
    const suite = 'ssl-min-ver TLSv1.3 ciphersuites TLS_AES_128_GCM_SHA256';
    const client = `ssl crt ${web.both} ca-file ${root} verify required no-ssl-reuse ${suite}`;
    const server = `ssl crt ${orders.both} ca-file ${root} verify required no-tls-tickets ${suite}`;
    const hop = (name: string, bind: string, target: string): string => `
listen ${name}
  bind ${bind}
  server peer ${target}
`;
    writeFileSync(
      file,
      `
global
  nbthread 1
  maxconn 4000
  tune.ssl.cachesize 0
defaults
  mode http
  timeout connect 10s
  timeout client 1h
  timeout server 1h
  http-reuse always
${hop('out1', `127.0.0.1:${http1}`, `127.0.0.1:${http1In} ${client} alpn http/1.1`)}
${hop('in1', `127.0.0.1:${http1In} ${server} alpn http/1.1`, `127.0.0.1:${backend.ports.http1}`)}
${hop('out2', `127.0.0.1:${http2} proto h2`, `127.0.0.1:${http2In} ${client} alpn h2`)}
${hop('in2', `127.0.0.1:${http2In} ${server} alpn h2`, `127.0.0.1:${backend.ports.http2} proto h2`)}
`,
    );
    const program = start('sidecars', [find('haproxy') ?? 'haproxy', '-db', '-f', file]);
    await listening(http2In, program);
    return { ports: { http1, http2, grpc: http2 }, pids: [program.pid], stop: () => program.stop() };
  },
};
