/** The real command line in a process of its own, as a user runs it. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
export const launcher = join(repository, 'bin', 'greenroom.js');

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `greenroom ARGS` with a data folder of its own, removed afterwards. */
export async function greenroom(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Ran> {
  const dataDir = await mkdtemp(join(tmpdir(), 'greenroom-test-'));
  try {
    return await new Promise<Ran>((resolve, reject) => {
      const child = spawn(process.execPath, [launcher, ...args], {
        cwd: options.cwd ?? repository,
        env: {
          ...process.env,
          GREENROOM_DATA_DIR: dataDir,
          NO_COLOR: '1',
          FORCE_COLOR: undefined,
          ...options.env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
      child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
      child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
    });
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** A folder for one test, removed by the returned function. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'greenroom-test-'));
  return { path, remove: async () => await rm(path, { recursive: true, force: true }) };
}
