/** What is published works where it is installed: `npm pack`, an empty folder, `npx greenroom demo`. */
import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { repository, temporaryFolder } from '../support/greenroom.ts';

const run = promisify(execFile);

it('the packed package runs its demo from an empty folder', async () => {
  const { path, remove } = await temporaryFolder();
  try {
    const options = {
      cwd: path,
      env: { ...process.env, GREENROOM_DATA_DIR: join(path, 'data') },
      maxBuffer: 16 * 1024 * 1024,
    };
    await run('npm', ['pack', '--pack-destination', path], { ...options, cwd: repository });
    const tarball = (await readdir(path)).find((name) => name.endsWith('.tgz'));
    await writeFile(join(path, 'package.json'), '{ "private": true }\n');
    await run('npm', ['install', '--no-audit', '--no-fund', `./${tarball}`], options);
    const { stdout } = await run('npx', ['greenroom', 'demo'], options);
    expect(stdout).toMatch(/\d+ passed, 0 failed, 0 errored/);
  } finally {
    await remove();
  }
}, 300_000);
