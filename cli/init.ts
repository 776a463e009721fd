/**
 * What `greenroom init` writes: a small project that runs as it is, denies by default, and rehearses one call that
 * must pass and one attack that mustn't. It never overwrites a file.
 */
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { shownPath } from '../mesh/project-files.ts';
import { kubernetesName } from '../model/compose/translate.ts';
import { refuseExisting, writeNew } from './new-files.ts';

const STARTER = new URL('./starter/', import.meta.url);

/** Files of the starter, as they lie under cli/starter/ and in the new project. */
const FILES = [
  'greenroom.yaml',
  'policies/mesh.yaml',
  'policies/hello.yaml',
  'scenarios/web-may-greet.scenario.yaml',
  'scenarios/hello-rogue-ca.scenario.yaml',
  'services/hello.mjs',
];

/**
 * Writes the starter into `folder` and returns the files, as shown to the user.
 * @throws FilesError when any of them exists; then nothing was written
 * @throws EnvironmentError `project-not-written`
 */
export async function writeStarterProject(folder: string): Promise<string[]> {
  const root = resolve(folder);
  await refuseExisting(root, [...FILES, 'greenroom.yml'], 'greenroom init FOLDER');
  const written: string[] = [];
  for (const file of FILES) {
    const target = join(root, file);
    const text = (await readFile(new URL(file, STARTER), 'utf8')).replaceAll(
      'STARTER_NAME',
      projectName(root),
    );
    await writeNew(target, text);
    written.push(shownPath(target));
  }
  return written;
}

/** The folder's name as a mesh may be called. */
function projectName(root: string): string {
  return kubernetesName(basename(root)) || 'mesh';
}
