/**
 * The demo leaves nothing: no process (and so no listener), no temporary file, no session on record. The same check
 * on a Greenroom whose cleanup is switched off finds what it left.
 */
import { spawn } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { descendants } from '../support/descendants.ts';
import { type Folder, launcher, repository, temporaryFolder } from '../support/greenroom.ts';

const CARELESS = fileURLToPath(new URL('./greenroom-main.ts', import.meta.url));

let folder: Folder;
let mark = '';
beforeEach(async () => {
  folder = await temporaryFolder();
  mark = join(folder.path, 'mark');
  await mkdir(join(folder.path, 'tmp'));
});
afterEach(async () => {
  for (const pid of descendants(mark)) process.kill(pid, 'SIGKILL');
  await folder.remove();
});

/** Runs to its end, or until it printed `stop.at` and gets `stop.signal`. */
async function run(
  args: readonly string[],
  stop: { at: string; signal: NodeJS.Signals } | null,
): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, args, {
    cwd: repository,
    env: {
      ...process.env,
      GREENROOM_DATA_DIR: join(folder.path, 'data'),
      TMPDIR: join(folder.path, 'tmp'),
      PATH: `${process.env['PATH']}${delimiter}${mark}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      const before = text;
      text += data.toString();
      // Once: a second signal would mean "at once".
      if (stop !== null && !before.includes(stop.at) && text.includes(stop.at)) child.kill(stop.signal);
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, text };
}

async function leftBehind(): Promise<{ processes: number; temporary: string[]; sessions: string[] }> {
  return {
    processes: descendants(mark).length,
    temporary: await readdir(join(folder.path, 'tmp')),
    sessions: await readdir(join(folder.path, 'data', 'sessions')).catch(() => []),
  };
}

describe.skipIf(process.platform !== 'linux')('what a run leaves behind', () => {
  it('is seen where cleanup is switched off', async () => {
    await run([CARELESS, join(repository, 'scenarios/shop'), 'careless'], { at: 'ready', signal: 'SIGKILL' });
    expect((await leftBehind()).processes).toBeGreaterThanOrEqual(5);
  });

  it('is nothing after the demo', async () => {
    const { code, text } = await run([launcher, 'demo', '--out', join(folder.path, 'out')], null);
    expect(code, text).toBe(0);
    expect(await leftBehind()).toEqual({ processes: 0, temporary: [], sessions: [] });
  });

  it('is nothing after an interrupt in the middle of the start', async () => {
    const { code } = await run([launcher, 'up', 'scenarios/shop'], {
      at: 'waiting for port',
      signal: 'SIGINT',
    });
    expect(code).toBe(130);
    expect(await leftBehind()).toEqual({ processes: 0, temporary: [], sessions: [] });
  });
});
