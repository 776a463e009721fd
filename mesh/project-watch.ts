/**
 * Tells once when the project file of a running session, or a file that its Compose services come from, was edited:
 * services and ports were read at the start and stay as they were. Owns no reading of what the file says; an edit that
 * leaves the bytes alone is none.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Mesh } from '../model/mesh.ts';
import type { Problem } from '../model/problem.ts';
import { shownPath } from './project-files.ts';

const NAMES = ['greenroom.yaml', 'greenroom.yml'];
const POLL_MS = 1_000;

/** Calls `edited` at the first change of a file that says what runs; the answer ends the watch. */
export function watchProject(
  { root, composeFiles = [] }: Pick<Mesh, 'root' | 'composeFiles'>,
  edited: (notice: Problem) => void,
): () => void {
  const files = [...NAMES.map((name) => join(root, name)), ...composeFiles]
    .map((path) => ({ path, text: textOf(path) }))
    .filter(({ text }) => text !== null);
  // A poll by content: an editor replaces the file, not every file system gives notice, and a saved file that is
  // the same is no edit.
  const poll = setInterval(() => {
    const found = files.find(({ path, text }) => isEdited(textOf(path), text));
    if (!found) return;
    clearInterval(poll);
    edited(noticeOf(found.path));
  }, POLL_MS).unref();
  return () => clearInterval(poll);
}

/** One that is gone: most often an editor is just about to put the new one there. */
function isEdited(now: string | null, before: string | null): boolean {
  return now !== null && now !== before;
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function noticeOf(path: string): Problem {
  return {
    code: 'restart-needed',
    severity: 'notice',
    message: `${basename(path)} was edited; the session goes on with the services and ports it was started with`,
    hint: 'stop and start again to take it over',
    at: { file: shownPath(path), line: 1, column: 1 },
  };
}
