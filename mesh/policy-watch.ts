/**
 * Tells when policy files changed. The operating system's notices are a hint only (some file systems give none,
 * editors replace files instead of writing them): what counts is whether the files look different, and a slow
 * poll looks anyway. Several edits in one moment are one.
 */
import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Mesh } from '../model/mesh.ts';

const SETTLE_MS = 80;
const POLL_MS = 2_000;

export interface PolicyWatch {
  /** These folders are watched from now on, too: one that holds no policy any more may get one back. */
  follow(folders: readonly string[]): void;
  close(): void;
}

/** Where a policy of this mesh lies or may come to lie, a folder that is empty now included. */
export function watchedFolders(mesh: Pick<Mesh, 'policyFiles' | 'policyFolders'>): string[] {
  return [...new Set([...(mesh.policyFolders ?? []), ...mesh.policyFiles.map((file) => dirname(file))])];
}

/**
 * Calls `changed` after each edit; never twice at a time. It answers for its own failures. `asRead`: how the files
 * looked when they were read, where that was earlier; an edit since counts.
 */
export function watchPolicies(
  initial: readonly string[],
  changed: () => Promise<void>,
  asRead?: string,
): PolicyWatch {
  let folders: string[] = [];
  let watchers: FSWatcher[] = [];
  let seen = '';
  let settle: NodeJS.Timeout | null = null;
  let busy = false;
  let again = false;
  let closed = false;

  const look = async (): Promise<void> => {
    if (busy) {
      again = true;
      return;
    }
    const now = looksOf(folders);
    if (closed || now === seen) return;
    seen = now;
    busy = true;
    try {
      await changed();
    } finally {
      busy = false;
    }
    if (again) {
      again = false;
      await look();
    }
  };
  const soon = (): void => {
    if (settle) clearTimeout(settle);
    if (closed) return;
    settle = setTimeout(() => void look(), SETTLE_MS).unref();
  };
  const follow = (paths: readonly string[]): void => {
    const wanted = [...new Set([...folders, ...paths])].sort();
    if (closed || wanted.join('\n') === folders.join('\n')) return;
    for (const watcher of watchers) watcher.close();
    folders = wanted;
    seen = looksOf(folders);
    watchers = folders.flatMap((folder) => watchFolder(folder, soon));
  };
  follow(initial);
  if (asRead !== undefined && asRead !== seen) {
    seen = asRead;
    soon();
  }
  const poll = setInterval(() => void look(), POLL_MS).unref();
  return {
    follow,
    close() {
      closed = true;
      clearInterval(poll);
      if (settle) clearTimeout(settle);
      for (const watcher of watchers) watcher.close();
    },
  };
}

function watchFolder(folder: string, soon: () => void): FSWatcher[] {
  try {
    const watcher = watch(folder, { persistent: false }, soon);
    // A folder that went away: the poll sees it come back.
    watcher.on('error', () => watcher.close());
    return [watcher];
  } catch {
    return [];
  }
}

/** Name, size, inode and time of every file in these folders. */
export function looksOf(folders: readonly string[]): string {
  return folders
    .flatMap((folder) => {
      try {
        return readdirSync(folder).map((name) => {
          const { size, ino, mtimeNs } = statSync(join(folder, name), { bigint: true });
          return `${folder}/${name} ${size} ${ino} ${mtimeNs}`;
        });
      } catch {
        return [`${folder} can't be read`];
      }
    })
    .sort()
    .join('\n');
}
