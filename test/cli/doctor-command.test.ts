/** `greenroom doctor`, as its lines. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';
import { runHere } from '../support/in-process.ts';

let folder: Folder;
beforeEach(async () => {
  folder = await temporaryFolder();
  vi.stubEnv('GREENROOM_DATA_DIR', folder.path);
  vi.stubEnv('DOCKER_HOST', `unix://${folder.path}/none.sock`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await folder.remove();
});

it('claims nothing of containers where no engine answers', async () => {
  const { stdout } = await runHere(['doctor']);
  expect(stdout).toContain('No Docker engine answers');
  expect(stdout).toContain(
    '✓ no process was left behind by an earlier crash; no engine answers for containers\n',
  );
  expect(stdout).not.toContain('nothing is left');
});
