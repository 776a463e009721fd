/** Files of this machine that were put into an instance's containers while they ran, and are put into the next one. */
import { readFile, stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EnvironmentError } from '../../../model/environment-error.ts';
import { messageOf } from '../../../model/message-of.ts';
import type { FileUpdate } from '../runtime.ts';
import type { Engine } from './engine.ts';
import { tarOf, type TarFile } from './tar.ts';

/** Of one archive: what is read at once. */
const BATCH_BYTES = 16 * 1024 * 1024;
const LONGEST_COMMAND = 500;
const READ_ATTEMPTS = 5;
const READ_AGAIN_MS = 200;
/** An image's own `rm` may do anything, also never end. */
const REMOVAL_PATIENCE_MS = 30_000;

export class SyncedFiles {
  /** Targets to sources. */
  readonly #files = new Map<string, string>();
  readonly #owner: { uid: number; gid: number };

  /** `user`: as the project names the container's; a name leaves the files root's. */
  constructor(user: string | undefined) {
    const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(user ?? '') ?? [];
    this.#owner = { uid: Number(uid ?? 0), gid: Number(gid ?? 0) };
  }

  /** Those from this folder: the image that was built of it has what it shall have of them. */
  forget(folder: string): void {
    for (const [target, source] of this.#files)
      if (!/^\.\.([\\/]|$)/.test(relative(folder, source))) this.#files.delete(target);
  }

  /** For the next container. */
  note({ written, removed }: FileUpdate): void {
    for (const target of removed) this.#files.delete(target);
    for (const { source, target } of written) this.#files.set(target, source);
  }

  /** Puts a change into a container. Rejects with `sync-failed` where it can't take it, or a file can't be read. */
  async apply(engine: Engine, container: string, update: FileUpdate, signal: AbortSignal): Promise<void> {
    const { written, removed } = update;
    this.note(update);
    await this.#put(engine, container, written);
    for (let from = 0; from < removed.length; from += LONGEST_COMMAND)
      await remove(engine, container, removed.slice(from, from + LONGEST_COMMAND), signal);
  }

  /** Puts all of it into a container that was just made. Rejects as `apply` does. */
  async fill(engine: Engine, container: string): Promise<void> {
    await this.#put(
      engine,
      container,
      [...this.#files].map(([target, source]) => ({ source, target })),
    );
  }

  async #put(engine: Engine, container: string, files: FileUpdate['written']): Promise<void> {
    let batch: TarFile[] = [];
    let bytes = 0;
    const send = async (): Promise<void> => {
      if (batch.length > 0) await engine.putArchive(container, tarOf(batch));
      batch = [];
      bytes = 0;
    };
    const unreadable: string[] = [];
    for (const { source, target } of files) {
      const file = await read(source, unreadable.length === 0 ? READ_ATTEMPTS : 1);
      // Gone again meanwhile: the next look tells.
      if (file === 'gone') continue;
      if (typeof file === 'string') {
        unreadable.push(file);
        continue;
      }
      batch.push({ path: target, ...file, ...this.#owner });
      bytes += file.content.length;
      if (bytes >= BATCH_BYTES) await send();
    }
    await send();
    const [first, ...others] = unreadable;
    if (first === undefined) return;
    const more = others.length === 0 ? '' : `, and ${others.length} more`;
    throw new EnvironmentError('sync-failed', `a file can’t be read: ${first}${more}`);
  }
}

/** An editor that writes, or a process that has too many files open, is done soon. Text = why it can't be read. */
async function read(
  source: string,
  attempts: number,
): Promise<Pick<TarFile, 'content' | 'mode' | 'modifiedAt'> | 'gone' | string> {
  try {
    const { mode, mtimeMs } = await stat(source);
    const content = await readFile(source);
    return { content, mode: mode & 0o777, modifiedAt: Math.floor(mtimeMs / 1_000) };
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '')) return 'gone';
    if (attempts <= 1) return messageOf(error);
    await pause(READ_AGAIN_MS);
    return await read(source, attempts - 1);
  }
}

async function remove(
  engine: Engine,
  container: string,
  targets: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const late = AbortSignal.timeout(REMOVAL_PATIENCE_MS);
  const as = { user: '0', signal: AbortSignal.any([signal, late]) };
  const { code, output } = await engine
    .runIn(container, ['rm', '-f', '--', ...targets], as)
    .catch((error: unknown) => {
      if (signal.aborted || !late.aborted) throw error;
      return { code: -1, output: `rm didn’t end within ${REMOVAL_PATIENCE_MS / 1_000} s` };
    });
  if (code === 0) return;
  throw new EnvironmentError(
    'sync-failed',
    `${targets.length === 1 ? targets[0] : `${targets.length} files`} could not be removed in the container: ${output || `rm ended with ${code}`}`,
    { hint: 'files are removed by the image’s own rm' },
  );
}
