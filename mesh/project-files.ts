/** Files of a project: which there are, their text, and how their paths are shown. Bounded in number and size. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import type { Problem } from '../model/problem.ts';
import { MAX_FILE_CHARACTERS } from '../model/yaml-source.ts';

const MAX_FILES = 5_000;

/** A path as problems show it: relative where it lies below the current folder, else absolute. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  if (short === '') return '.';
  return short.startsWith('..') || isAbsolute(short) ? path : short.split(sep).join('/');
}

export type FileText = { text: string } | { problem: Problem };

/** The text of a file, or why it can't be had. */
export async function readText(file: string, overrides?: ReadonlyMap<string, string>): Promise<FileText> {
  const override = overrides?.get(file);
  if (override !== undefined) return { text: override };
  const at = { file: shownPath(file), line: 1, column: 1 };
  try {
    const { size } = await stat(file);
    if (size >= MAX_FILE_CHARACTERS) {
      return {
        problem: {
          code: 'file-too-large',
          severity: 'error',
          message: `the file has ${(size / 1024 / 1024).toFixed(1)} MB; 10 MB is the limit`,
          at,
        },
      };
    }
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(file)) };
  } catch (error) {
    if (error instanceof TypeError) {
      return {
        problem: {
          code: 'not-utf8',
          severity: 'error',
          message: 'the file is not UTF-8 text',
          hint: 'save it as UTF-8',
          at,
        },
      };
    }
    return {
      problem: {
        code: 'unreadable-file',
        severity: 'error',
        message: `the file can't be read: ${reasonOf(error)}`,
        at,
      },
    };
  }
}

/** Whether a file still holds the same is told by this; null = it can't be read. */
export async function digestOf(file: string): Promise<string | null> {
  const bytes = await readFile(file).catch(() => null);
  return bytes && createHash('sha256').update(bytes).digest('hex');
}

export type FileList = { files: string[] } | { code: string; error: string };

/** A file itself, or those below a folder that match `pattern`, sorted; hidden folders and node_modules are left out. */
export async function listFiles(path: string, pattern: RegExp): Promise<FileList> {
  try {
    const entry = await stat(path);
    if (entry.isFile()) return { files: [path] };
    const files: string[] = [];
    await walk(path, pattern, files);
    if (files.length > MAX_FILES) return { code: 'too-many-files', error: `more than ${MAX_FILES} files` };
    return { files: files.sort() };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return {
      code: missing ? 'missing-path' : 'unreadable-file',
      error: missing ? 'no such file or folder' : reasonOf(error),
    };
  }
}

/** Every folder at or below these paths that policies may lie in; a file counts for the folder that holds it. */
export async function listFolders(paths: readonly string[]): Promise<string[]> {
  const folders = new Set<string>();
  for (const path of paths) {
    const entry = await stat(path).catch(() => null);
    if (entry?.isDirectory()) await walkFolders(path, folders);
    else folders.add(dirname(path));
  }
  return [...folders].sort();
}

async function walkFolders(folder: string, folders: Set<string>): Promise<void> {
  if (folders.size > MAX_FILES) return;
  folders.add(folder);
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory() && isSearched(entry.name)) await walkFolders(join(folder, entry.name), folders);
  }
}

/** Hidden folders and other people's code hold no policies of the project. */
function isSearched(name: string): boolean {
  return !name.startsWith('.') && name !== 'node_modules';
}

async function walk(folder: string, pattern: RegExp, files: string[]): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (files.length > MAX_FILES) return;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (isSearched(entry.name)) await walk(path, pattern, files);
    } else if (pattern.test(entry.name) && (await isFile(path, entry))) {
      files.push(path);
    }
  }
}

/** Linked files count, linked folders don't: a link to a folder above would never end. */
async function isFile(
  path: string,
  entry: { isFile(): boolean; isSymbolicLink(): boolean },
): Promise<boolean> {
  if (entry.isFile()) return true;
  // A link that leads nowhere is listed all the same: reading it says so, silence would drop a policy.
  return (
    entry.isSymbolicLink() &&
    (await stat(path).then(
      (target) => target.isFile(),
      () => true,
    ))
  );
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const words: Record<string, string> = {
    EACCES: 'permission denied',
    EISDIR: 'it is a folder',
    ENOENT: 'it does not exist',
    ELOOP: 'its links run in a circle',
  };
  return words[code ?? ''] ?? message;
}
