/** Makes a folder where the user said, and says why when that can't be. Owns no policy on who may enter it. */
import { lstatSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes `path` and what is missing above it. Level by level: where a system makes no folders (/proc), Node's own
 * recursive way tries for ever.
 * @throws the system's own error, with its `code`: `EROFS`, `ENOTDIR`, `EACCES`, …
 */
export function makeFolder(path: string, mode?: number): void {
  const above = dirname(path);
  if (above !== path && !isThere(above)) makeFolder(above, mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (isFolder(path)) return;
    // Its own error says only that something exists.
    if (isThere(path) && (error as NodeJS.ErrnoException).code === 'EEXIST')
      throw Object.assign(new Error(`ENOTDIR: ${path} is there and is no folder`), { code: 'ENOTDIR' });
    throw error;
  }
}

function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
