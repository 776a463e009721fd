/**
 * What `greenroom init` writes: a small project that runs as it is, denies by default, and rehearses one call that
 * must pass and one attack that mustn't. It never overwrites a file.
 */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Problem } from '../model/problem.ts';
import { makeFolder } from '../mesh/make-folder.ts';
import { EnvironmentError } from '../model/environment-error.ts';
import { shownPath } from '../mesh/project-files.ts';
import { FilesError } from './exit-codes.ts';

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
  const problems = await existing(root);
  if (problems.length > 0) throw new FilesError(problems);
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

async function writeNew(target: string, text: string): Promise<void> {
  try {
    makeFolder(dirname(target));
    // `wx`: whoever made the file in the meantime keeps it.
    await writeFile(target, text, { flag: 'wx' });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EnvironmentError('project-not-written', `${shownPath(target)} can't be written: ${why}`, {
      cause,
    });
  }
}

async function existing(root: string): Promise<Problem[]> {
  const folder = await stat(root).catch(() => null);
  if (folder && !folder.isDirectory()) {
    return [
      { code: 'would-overwrite', severity: 'error', message: `${shownPath(root)} is a file, not a folder` },
    ];
  }
  const problems: Problem[] = [];
  for (const file of [...FILES, 'greenroom.yml']) {
    if (!(await stat(join(root, file)).catch(() => null))) continue;
    problems.push({
      code: 'would-overwrite',
      severity: 'error',
      message: `${shownPath(join(root, file))} exists, and init overwrites nothing`,
      hint: 'choose another folder: greenroom init FOLDER',
    });
  }
  return problems;
}

/** The folder's name as a mesh may be called. */
function projectName(root: string): string {
  const name = basename(root)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63)
    .replace(/-+$/, '');
  return name === '' ? 'mesh' : name;
}
