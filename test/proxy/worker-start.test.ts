/** A thread of the data plane that stands still before it is ready. Its process is one of its own: threads inherit what is preloaded. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

/** What a thread that isn't stuck may need on a busy machine. */
const PATIENT_MS = 20_000;

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../support/fixtures/${name}`, import.meta.url));

/** What a pair says of itself in a process whose threads with these numbers never get on. Resolves when the process has ended by itself. */
async function pairWith(stuck: string, startTimeoutMs: number): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', fixture('stuck-threads.ts'), fixture('plane-with-stuck-threads.ts')],
    { env: { ...process.env, STUCK_THREADS: stuck, START_TIMEOUT_MS: String(startTimeoutMs) } },
  );
  return JSON.parse(stdout);
}

describe('a thread of the data plane that stands still before it is ready', () => {
  it('is ended, the data plane does not start, and its owner is told why', async () => {
    expect(await pairWith('1', 2_000)).toEqual({
      failed: "Error: a thread of the data plane didn't start: it stood still for 2 s",
      arrived: [],
    });
  });

  it('in the place of one that died is ended and tried again; nothing passes until one is ready', async () => {
    expect(await pairWith('2', PATIENT_MS)).toEqual({
      told: ['worker-crashed', 'worker-hung', 'worker-restarted'],
      answers: ['nothing', 'nothing', 200],
      arrived: ['GET /'],
    });
  }, 90_000);
});
