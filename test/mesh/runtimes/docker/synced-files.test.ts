import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Engine } from '../../../../mesh/runtimes/docker/engine.ts';
import { SyncedFiles } from '../../../../mesh/runtimes/docker/synced-files.ts';
import { type Folder, temporaryFolder } from '../../../support/greenroom.ts';

const never = new AbortController().signal;

describe('synced files', () => {
  let folder: Folder;
  const file = (path: string): string => join(folder.path, path);
  const written = (...paths: string[]) => ({
    written: paths.map((path) => ({ source: file(path), target: `/${path}` })),
    removed: [],
  });
  /** What a container was given. */
  let given: string;
  const engine = {
    putArchive: async (_id: string, tar: Buffer) => {
      given += tar.toString('latin1');
    },
  } as unknown as Engine;

  beforeEach(async () => {
    folder = await temporaryFolder();
    given = '';
  });
  afterEach(() => folder.remove());

  it('that can’t be read are told, and the others are there', async () => {
    await mkdir(file('locked'));
    await writeFile(file('open'), 'open words');
    const synced = new SyncedFiles(undefined);
    await expect(synced.apply(engine, 'c', written('locked', 'open'), never)).rejects.toMatchObject({
      code: 'sync-failed',
      message: expect.stringContaining('EISDIR'),
    });
    expect(given).toContain('open words');
  });

  it('that can’t be read at once are read a moment later', async () => {
    await mkdir(file('locked'));
    await writeFile(file('done'), 'late words');
    const synced = new SyncedFiles(undefined);
    const applied = synced.apply(engine, 'c', written('locked'), never);
    await rm(file('locked'), { recursive: true });
    await rename(file('done'), file('locked'));
    await applied;
    expect(given).toContain('late words');
  });

  it('that are gone are nobody’s failure', async () => {
    await new SyncedFiles(undefined).apply(engine, 'c', written('gone'), never);
    expect(given).toBe('');
  });

  it('outlive a build, but for those from its folder', async () => {
    await mkdir(file('context'));
    await writeFile(file('context/inner'), 'inner words');
    await writeFile(file('..outer'), 'outer words');
    const synced = new SyncedFiles(undefined);
    synced.note(written('context/inner', '..outer'));
    synced.forget(file('context'));
    await synced.fill(engine, 'c');
    expect(given).toContain('outer words');
    expect(given).not.toContain('inner words');
  });
});
