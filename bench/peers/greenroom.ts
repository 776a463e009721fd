/** Our own pair, in a process of its own as in production: the data plane on its thread, the recorder writing to disk. */
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EnvironmentError } from '../../model/environment-error.ts';
import { type Program, start } from '../pair/processes.ts';
import type { FromGreenroom, GreenroomSetting, ToGreenroom } from './greenroom-messages.ts';
import type { PairPeer, RunningPair } from './pair-peer.ts';

export const greenroom: PairPeer = peer('greenroom', true);
export const greenroomWithoutPolicy: PairPeer = peer('greenroom-no-policy', false);

function peer(name: string, policy: boolean): PairPeer {
  return {
    name,
    policy,
    missing: () => null,
    start: ({ backend, folder }) => {
      const dataDir = join(folder, name);
      mkdirSync(dataDir, { mode: 0o700 });
      return startGreenroom({ dataDir, policy, upstreams: backend.ports, others: 0 });
    },
  };
}

/** Resolves when its listeners are open. */
export async function startGreenroom(
  setting: GreenroomSetting,
): Promise<Required<RunningPair> & { startMs: number; others: readonly number[] }> {
  const main = fileURLToPath(new URL('./greenroom-main.ts', import.meta.url));
  const program = start('sidecars', [process.execPath, main, JSON.stringify(setting)], 'ipc');
  const ready = await next(program, 'ready');
  return {
    ports: ready.ports,
    startMs: ready.startMs,
    others: ready.others,
    pids: [program.pid],
    counts: async () => {
      program.child.send({ kind: 'count' } satisfies ToGreenroom);
      return (await next(program, 'counted')).counts;
    },
    stop: () => program.stop(),
  };
}

async function next<K extends FromGreenroom['kind']>(
  { child }: Program,
  kind: K,
): Promise<Extract<FromGreenroom, { kind: K }>> {
  const over = new AbortController();
  const { signal } = over;
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new EnvironmentError('not-started', 'the measured Greenroom ended');
  });
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal }), ended])) as [FromGreenroom];
    if (message.kind !== kind) throw new Error(`expected ${kind}, got ${message.kind}`);
    return message as Extract<FromGreenroom, { kind: K }>;
  } finally {
    ended.catch(() => undefined);
    over.abort();
  }
}
