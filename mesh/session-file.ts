/**
 * What a session leaves on disk for the case that it is killed: who it is and which processes it started
 * (`sessions/<id>.json`, 0600). A clean end removes the file. Each write replaces the file as a whole, so that
 * a kill in the middle of one leaves the last.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ensurePrivateFolder } from './data-dir.ts';
import { isAlive, type ProcessRef, startOf } from './process-table.ts';
import type { SessionLedger } from './runtimes/runtime.ts';

const processSchema = z.object({ pid: z.number().int().positive(), startedAt: z.string().nullable() });

const sessionFileSchema = z.object({
  id: z.string(),
  mesh: z.string(),
  root: z.string(),
  runtime: z.enum(['process', 'docker', 'unknown']),
  owner: processSchema,
  startedAt: z.string(),
  processes: z.array(processSchema.extend({ instance: z.string().nullable(), command: z.array(z.string()) })),
});

export type SessionRecord = z.infer<typeof sessionFileSchema>;

const folderOf = (dataDir: string): string => join(dataDir, 'sessions');

/** Where other commands reach this session while it runs; on Windows a pipe's name, elsewhere a socket's file. */
export function controlPath(dataDir: string, id: string): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\greenroom-${id}`;
  return join(folderOf(dataDir), `${id}.sock`);
}

/** `20260131t120500-a1b2c3`: sorts by time, and fits into a file's or a container's name. */
export function newSessionId(): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase();
  return `${time}-${randomBytes(3).toString('hex')}`;
}

/** Writes the file at once: before anything is started that could be left behind. */
export function createSessionFile(
  dataDir: string,
  session: { id: string; mesh: string; root: string },
): SessionLedger & { runtimeChosen(kind: 'process' | 'docker'): void; remove(): void } {
  const path = join(ensurePrivateFolder(folderOf(dataDir)), `${session.id}.json`);
  const record: SessionRecord = {
    ...session,
    runtime: 'unknown',
    owner: refOf(process.pid),
    startedAt: new Date().toISOString(),
    processes: [],
  };
  let removed = false;
  const write = (): void => {
    if (removed) return;
    const draft = `${path}.new`;
    writeFileSync(draft, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
    renameSync(draft, path);
  };
  write();
  return {
    runtimeChosen(kind) {
      record.runtime = kind;
      write();
    },
    processStarted({ pid, instance, command }) {
      record.processes.push({ ...refOf(pid), instance, command: [...command] });
      write();
    },
    processEnded(pid) {
      record.processes = record.processes.filter((process) => process.pid !== pid);
      write();
    },
    remove() {
      removed = true;
      rmSync(path, { force: true });
    },
  };
}

/** Sessions that left a file: those that run, and those that were killed. Unreadable files are treated as neither. */
export function readSessionFiles(dataDir: string): (SessionRecord & { alive: boolean })[] {
  return names(dataDir)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      try {
        const record = sessionFileSchema.parse(
          JSON.parse(readFileSync(join(folderOf(dataDir), name), 'utf8')),
        );
        return [{ ...record, alive: isAlive(record.owner) }];
      } catch {
        return [];
      }
    });
}

/** Forgets a session that is over, and the draft that a kill may have left. */
export function removeSessionFile(dataDir: string, id: string): void {
  const path = join(folderOf(dataDir), `${id}.json`);
  rmSync(path, { force: true });
  rmSync(`${path}.new`, { force: true });
  if (process.platform !== 'win32') rmSync(controlPath(dataDir, id), { force: true });
}

function names(dataDir: string): string[] {
  try {
    return readdirSync(folderOf(dataDir)).sort();
  } catch {
    return [];
  }
}

function refOf(pid: number): ProcessRef {
  return { pid, startedAt: startOf(pid) };
}
