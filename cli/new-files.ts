/** Writing a project's first files: never over one that is there. */
import { stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../mesh/make-folder.ts';
import { shownPath } from '../mesh/project-files.ts';
import { EnvironmentError } from '../model/environment-error.ts';
import { messageOf } from '../model/message-of.ts';
import type { Problem } from '../model/problem.ts';
import { FilesError } from './exit-codes.ts';

/**
 * `elsewhere`: the command that writes into another folder, for the hint.
 * @throws FilesError that names each of `files` that exists under `root`, or `root` where it is no folder
 */
export async function refuseExisting(
  root: string,
  files: readonly string[],
  elsewhere: string,
): Promise<void> {
  const folder = await stat(root).catch(() => null);
  if (folder && !folder.isDirectory()) {
    const message = `${shownPath(root)} is a file, not a folder`;
    throw new FilesError([{ code: 'would-overwrite', severity: 'error', message }]);
  }
  const problems: Problem[] = [];
  for (const file of files) {
    if (!(await stat(join(root, file)).catch(() => null))) continue;
    problems.push({
      code: 'would-overwrite',
      severity: 'error',
      message: `${shownPath(join(root, file))} exists, and nothing is overwritten`,
      hint: `choose another folder: ${elsewhere}`,
    });
  }
  if (problems.length > 0) throw new FilesError(problems);
}

/** @throws EnvironmentError `project-not-written` */
export async function writeNew(target: string, text: string): Promise<void> {
  try {
    makeFolder(dirname(target));
    // `wx`: whoever made the file in the meantime keeps it.
    await writeFile(target, text, { flag: 'wx' });
  } catch (cause) {
    const why = messageOf(cause);
    throw new EnvironmentError('project-not-written', `${shownPath(target)} can't be written: ${why}`, {
      cause,
    });
  }
}
