/** A running real Envoy with both sidecars of a pair, as Istio configures them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeIdentities } from '../../bench/pair/identities.ts';
import { freePorts } from '../../bench/pair/processes.ts';
import { envoyBinary } from './envoy-binary.ts';
import { type EnvoyHop, envoyPairBootstrap } from './envoy-bootstrap.ts';
import { accepts } from './local-server.ts';
import { eventually } from './patience.ts';

export interface EnvoyPair {
  /** Where the client's sidecar listens. */
  at: { host: string; port: number };
  close(): Promise<void>;
}

/** Resolves when it listens. Lets `web` in, and nobody else. */
export async function startEnvoyPair(protocol: EnvoyHop['protocol'], upstream: number): Promise<EnvoyPair> {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-envoy-'));
  const [outbound = 0, inbound = 0] = await freePorts(2);
  const files = await makeIdentities(folder);
  const rules = { principal: 'cluster.local/ns/shop/sa/web' };
  const hops = [{ name: 'equality', protocol, outbound, inbound, upstream }];
  const config = join(folder, 'envoy.json');
  writeFileSync(config, JSON.stringify(envoyPairBootstrap({ hops, files, rules })));
  const child = spawn(
    envoyBinary() ?? 'envoy',
    ['-c', config, '--concurrency', '1', '--use-dynamic-base-id', '--log-level', 'error'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const exited = once(child, 'exit');
  await eventually('Envoy listens', async () => {
    if (child.exitCode !== null) throw new Error(`Envoy ended: ${complaint}`);
    return (await accepts(outbound)) && (await accepts(inbound));
  });
  return {
    at: { host: '127.0.0.1', port: outbound },
    close: async () => {
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true });
    },
  };
}
