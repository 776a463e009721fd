/**
 * A file or folder whose changes are followed: what lies below it is looked at after each notice of the operating
 * system, and seldom anyway (some file systems give none). What is left out is never entered: a `node_modules` costs
 * nothing. Links to folders aren't followed.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const POLL_MS = 3_000;

/** Which paths count, relative to the root and with `/`. */
export interface TreeFilter {
  /** A folder that is left out isn't entered. */
  leftOut(path: string): boolean;
  wanted(path: string): boolean;
}

/** By path from the root; `''` is the root itself, where that is a file. */
type Looks = ReadonlyMap<string, string>;

export interface TreeChange {
  path: string;
  kind: 'written' | 'removed';
}

export class WatchedTree {
  readonly #root: string;
  readonly #filter: TreeFilter;
  readonly #hint: () => void;
  readonly #watchers = new Map<string, FSWatcher>();
  #looks: Looks = new Map();
  #poll: NodeJS.Timeout | null = null;
  #closed = false;

  /** `hint` = it may have changed. */
  constructor(root: string, filter: TreeFilter, hint: () => void) {
    this.#root = root;
    this.#filter = filter;
    this.#hint = hint;
  }

  /** Begins to watch; the files that are there now. */
  async open(): Promise<string[]> {
    this.#looks = await this.#look();
    if (!this.#closed) this.#poll = setInterval(this.#hint, POLL_MS).unref();
    return [...this.#looks.keys()];
  }

  /** What changed since it was asked last. */
  async changes(): Promise<TreeChange[]> {
    const before = this.#looks;
    const now = await this.#look();
    this.#looks = now;
    const written = [...now].filter(([path, look]) => before.get(path) !== look);
    const removed = [...before.keys()].filter((path) => !now.has(path));
    return [
      ...written.map(([path]): TreeChange => ({ path, kind: 'written' })),
      ...removed.map((path): TreeChange => ({ path, kind: 'removed' })),
    ];
  }

  close(): void {
    this.#closed = true;
    if (this.#poll) clearInterval(this.#poll);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  async #look(): Promise<Looks> {
    const looks = new Map<string, string>();
    const folders = new Set<string>();
    // What can't be read just now (too many open files) was not removed.
    const keep = (path: string): void => {
      for (const [known, look] of this.#looks)
        if (path === '' || known === path || known.startsWith(`${path}/`)) looks.set(known, look);
    };
    const visit = async (path: string): Promise<void> => {
      const facts = await read(stat(join(this.#root, path), { bigint: true }));
      if (facts === 'gone') return;
      if (facts === 'unreadable') return keep(path);
      if (!facts.isDirectory()) {
        const counts = facts.isFile() && (path === '' || this.#filter.wanted(path));
        if (counts) looks.set(path, `${facts.size} ${facts.ino} ${facts.mtimeNs} ${facts.mode}`);
        return;
      }
      folders.add(path);
      const entries = await read(readdir(join(this.#root, path), { withFileTypes: true }));
      if (entries === 'gone') return;
      if (entries === 'unreadable') return keep(path);
      for (const entry of entries) {
        const inner = path === '' ? entry.name : `${path}/${entry.name}`;
        if (this.#filter.leftOut(inner)) continue;
        if (entry.isSymbolicLink() && (await isFolder(join(this.#root, inner)))) continue;
        await visit(inner);
      }
    };
    await visit('');
    this.#follow(folders.size > 0 ? folders : new Set(['']));
    return looks;
  }

  #follow(folders: ReadonlySet<string>): void {
    for (const [path, watcher] of this.#watchers) {
      if (folders.has(path)) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
    for (const path of folders) {
      if (this.#closed || this.#watchers.has(path)) continue;
      try {
        const watcher = watch(join(this.#root, path), { persistent: false }, this.#hint);
        // It went away: the poll sees it come back.
        watcher.on('error', () => watcher.close());
        this.#watchers.set(path, watcher);
      } catch {
        // No more watches, or no such folder: the poll looks.
      }
    }
  }
}

/** An answer of the file system; `gone` = there is no such thing any more. */
async function read<T>(answer: Promise<T>): Promise<T | 'gone' | 'unreadable'> {
  try {
    return await answer;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' ? 'gone' : 'unreadable';
  }
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
}
