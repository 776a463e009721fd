/** Environment files of killed sessions: each may hold passwords, and names a way out that leads nowhere any more. */
import { closeSync, openSync, readdirSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Orphan, OrphanSource } from '../../orphans.ts';
import { environmentFolder, writerOf } from './environment-file.ts';

/** Longer than a first line of ours. */
const HEAD_BYTES = 1_024;

/** The side of `findOrphans` that looks at files of attached programs, drafts included. */
export function environmentLeftovers(dataDir: string): OrphanSource {
  const folder = environmentFolder(dataDir);
  return {
    runtime: 'attached',
    find(dead) {
      return Promise.resolve(
        filesIn(folder).flatMap((path): Orphan[] => {
          const writer = writerOf(headOf(path));
          const session = dead.find(({ id }) => id === writer?.session);
          if (writer === null || session === undefined) return [];
          const { id, mesh } = session;
          return [
            {
              kind: 'file',
              session: id,
              mesh,
              name: writer.instance,
              description: `${writer.instance} of ${mesh}: its environment file ${path}`,
              remove: () => {
                // Another session may have written it anew since it was found.
                if (writerOf(headOf(path))?.session === id) rmSync(path, { force: true });
                return Promise.resolve();
              },
            },
          ];
        }),
      );
    },
  };
}

function filesIn(folder: string): string[] {
  return namesIn(folder).flatMap((project) =>
    namesIn(join(folder, project)).map((name) => join(folder, project, name)),
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Its first bytes; nothing where they can't be read. */
function headOf(path: string): string {
  try {
    const file = openSync(path, 'r');
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      return head.toString('utf8', 0, readSync(file, head, 0, HEAD_BYTES, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}
