/**
 * What killed sessions left behind: found, named, removed on request. Each runtime brings a source of its own;
 * a session counts as dead only when its file in this data folder says so, so that another Greenroom's things,
 * also one with another data folder, are never touched.
 */
import { setTimeout as pause } from 'node:timers/promises';
import {
  commandOf,
  groupMembers,
  isAlive,
  processesWith,
  type ProcessRef,
  startOf,
} from './process-table.ts';
import { environmentLeftovers } from './runtimes/attached/environment-leftovers.ts';
import { readSessionFiles, removeSessionFile, type SessionRecord } from './session-file.ts';

export interface Orphan {
  kind: 'process' | 'container' | 'network' | 'volume' | 'file';
  session: string;
  /** Project that it belonged to. */
  mesh: string;
  /** `orders-0`, a container's name. */
  name: string;
  /** For a person: `orders-0 of shop: node server.ts (process 4711)`. */
  description: string;
  /** Resolves when it is gone. */
  remove(): Promise<void>;
}

export interface OrphanSource {
  readonly runtime: 'process' | 'attached' | 'docker';
  find(dead: readonly SessionRecord[]): Promise<Orphan[]>;
}

const GRACE_MS = 500;

/** Orphans of all sources. Sessions that left nothing are forgotten on the way. */
export async function findOrphans(dataDir: string, sources: readonly OrphanSource[] = []): Promise<Orphan[]> {
  const all = [processOrphans, environmentLeftovers(dataDir), ...sources];
  const dead = readSessionFiles(dataDir).filter(({ alive }) => !alive);
  const orphans = (await Promise.all(all.map((source) => source.find(dead)))).flat();
  for (const session of dead) {
    const looked = session.runtime !== 'docker' || all.some(({ runtime }) => runtime === 'docker');
    if (looked && !orphans.some((orphan) => orphan.session === session.id))
      removeSessionFile(dataDir, session.id);
  }
  return orphans;
}

/** Removes these and says which are gone; every one is tried. Their sessions are forgotten by the next search. */
export async function removeOrphans(orphans: readonly Orphan[]): Promise<Orphan[]> {
  const results = await Promise.allSettled(orphans.map((orphan) => orphan.remove()));
  return orphans.filter((_orphan, index) => results[index]?.status === 'fulfilled');
}

/** Processes in the session's file, and, where /proc tells, any that carry its mark. */
const processOrphans: OrphanSource = {
  runtime: 'process',
  async find(dead) {
    return dead.flatMap((session) => {
      const found = new Map<number, { ref: ProcessRef; name: string }>();
      for (const { pid, startedAt, instance } of session.processes) {
        // Without a known start the id may be anybody's by now: it isn't touched.
        if (startedAt !== null && isAlive({ pid, startedAt })) {
          found.set(pid, { ref: { pid, startedAt }, name: instance ?? 'supervisor' });
        }
      }
      for (const pid of processesWith('GREENROOM_SESSION', session.id)) {
        if (!found.has(pid)) found.set(pid, { ref: { pid, startedAt: startOf(pid) }, name: 'service' });
      }
      return [...found.values()].map(({ ref, name }) => ({
        kind: 'process' as const,
        session: session.id,
        mesh: session.mesh,
        name,
        description: `${name} of ${session.mesh}: ${commandOf(ref.pid)} (process ${ref.pid})`,
        remove: () => end(ref),
      }));
    });
  },
};

async function end(ref: ProcessRef): Promise<void> {
  // A service leads a group of its own; a stray is ended alone.
  const target = groupMembers(ref.pid).includes(ref.pid) ? -ref.pid : ref.pid;
  signal(ref, target, 'SIGTERM');
  const deadline = performance.now() + GRACE_MS;
  while (isAlive(ref) && performance.now() < deadline) await pause(10);
  signal(ref, target, 'SIGKILL');
  while (isAlive(ref)) await pause(10);
}

function signal(ref: ProcessRef, target: number, name: 'SIGTERM' | 'SIGKILL'): void {
  if (!isAlive(ref)) return;
  try {
    process.kill(target, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
