/** What killed sessions left, as commands tell of it: names, labels and command lines may be anybody's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { meetOrphans } from '../../cli/orphans.ts';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';
import { captured, runHere } from '../support/in-process.ts';

const CLEAR = '\u001b[2J\u009b5n\u202e';
const SESSION = '20260131t120500-dddddd';

let folder: Folder;
let left: ChildProcess;

beforeEach(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder.path, 'sessions'));
  left = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1_000)', CLEAR], {
    env: { GREENROOM_SESSION: SESSION },
    stdio: 'ignore',
  });
  const record = {
    id: SESSION,
    mesh: `shop${CLEAR}`,
    root: '/p',
    runtime: 'process',
    owner: { pid: 999_999_999, startedAt: '1' },
    startedAt: '2026-01-31T12:05:00Z',
    processes: [],
  };
  await writeFile(join(folder.path, 'sessions', `${SESSION}.json`), JSON.stringify(record));
  vi.stubEnv('GREENROOM_DATA_DIR', folder.path);
  vi.stubEnv('DOCKER_HOST', `unix://${folder.path}/none.sock`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  left.kill('SIGKILL');
  await folder.remove();
});

describe('an orphan with control characters in its name and command', () => {
  it('is told of by a start with all of them written out', async () => {
    const { stderr: said } = await captured(() => meetOrphans(folder.path, 'announce'));
    expect(said).toContain('left behind by an earlier crash: service of shop\\u{1b}[2J\\u{9b}5n\\u{202e}: ');
    expect(said).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  });

  it('is listed by doctor so', async () => {
    const { stdout: said } = await runHere(['doctor']);
    expect(said).toContain(`left behind by session ${SESSION}: service of shop\\u{1b}[2J`);
    expect(said).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  });
});
