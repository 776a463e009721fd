/** The real command line in a process of its own, as a user runs it. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
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

export interface Folder {
  path: string;
  remove: () => Promise<void>;
}

/** A folder for one test with these files, by name; removed by the returned function. */
export async function temporaryFolder(files: Readonly<Record<string, string>> = {}): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'greenroom-test-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return { path, remove: async () => await rm(path, { recursive: true, force: true }) };
}
