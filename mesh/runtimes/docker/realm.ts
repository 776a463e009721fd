/**
 * Where a process id means something: one machine, one process namespace on it, one data folder. An engine may serve
 * several of each (a remote engine, a dev container with the engine's socket), and nobody removes what is another's.
 */
import { createHash, randomUUID } from 'node:crypto';
import { linkSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ensurePrivateFolder } from '../../data-dir.ts';

const FOLDER_ID = 'folder-id';

export interface Place {
  /** The data folder's own, drawn at random. */
  folder: string;
  machine: string | null;
  host: string;
  processes: string | null;
}

/**
 * The realm of this process with this data folder, which is made where there is none.
 * @throws EnvironmentError `data-folder`
 */
export function thisRealm(dataDir: string): string {
  return realmOfFolder(folderId(dataDir));
}

/** The same of a folder that is only looked at; null = no process with it ever needed one. */
export function knownRealm(dataDir: string): string | null {
  const folder = firstLine(join(dataDir, FOLDER_ID));
  return folder === null ? null : realmOfFolder(folder);
}

function realmOfFolder(folder: string): string {
  return realmOf({
    folder,
    machine: firstLine('/etc/machine-id'),
    host: hostname(),
    processes: link('/proc/self/ns/pid'),
  });
}

/**
 * Machines made of one image share their id and often their name, some systems have no such id, and every first process
 * namespace has the same number: only what was drawn at random is one's own. And a home that several machines share
 * holds one such draw. As a digest, since labels are read by all who use the engine, and a machine's id isn't for them
 * (machine-id(5)).
 */
export function realmOf({ folder, machine, host, processes }: Place): string {
  return createHash('sha256')
    .update(JSON.stringify([folder, machine, host, processes]))
    .digest('hex')
    .slice(0, 32);
}

/** Drawn once; whoever comes at the same time gets the same one. */
function folderId(dataDir: string): string {
  const path = join(ensurePrivateFolder(dataDir), FOLDER_ID);
  const known = firstLine(path);
  if (known !== null) return known;
  const own = `${path}-${randomUUID()}`;
  writeFileSync(own, `${randomUUID()}\n`, { mode: 0o600, flag: 'wx' });
  try {
    // Whole or not at all, and never in the place of another's.
    linkSync(own, path);
  } catch (error) {
    // Some file systems know no links.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') renameSync(own, path);
  } finally {
    rmSync(own, { force: true });
  }
  return readFileSync(path, 'utf8').trim();
}

/** Null = there is no such file, or nothing in it. */
export function firstLine(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').split('\n')[0] || null;
  } catch {
    return null;
  }
}

function link(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
