import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findOrphans, type OrphanSource, removeOrphans } from '../../mesh/orphans.ts';
import { environmentFile } from '../../mesh/runtimes/attached/environment-file.ts';
import { isAlive, startOf } from '../../mesh/process-table.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'greenroom-orphans-'));
  mkdirSync(join(dataDir, 'sessions'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const DEAD = { pid: 4_194_300, startedAt: '1' };
const files = (): string[] => readdirSync(join(dataDir, 'sessions'));

function leave(id: string, more: Record<string, unknown> = {}): void {
  const record = {
    id,
    mesh: 'shop',
    root: '/shop',
    runtime: 'process',
    owner: DEAD,
    startedAt: '2026-01-01T00:00:00Z',
    processes: [],
    ...more,
  };
  writeFileSync(join(dataDir, 'sessions', `${id}.json`), JSON.stringify(record));
}

function idle(env: Record<string, string> = {}): {
  pid: number;
  startedAt: string | null;
  gone: Promise<void>;
} {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
    stdio: 'ignore',
    detached: true,
    env,
  });
  const pid = child.pid ?? 0;
  return {
    pid,
    startedAt: startOf(pid),
    gone: new Promise((resolve) => child.once('exit', () => resolve())),
  };
}

describe.skipIf(process.platform !== 'linux')('orphans', () => {
  it('are never processes of a session that runs', async () => {
    const service = idle();
    leave('living', {
      owner: { pid: process.pid, startedAt: startOf(process.pid) },
      processes: [{ ...service, instance: 'web-0', command: ['node'] }],
    });
    expect(await findOrphans(dataDir)).toEqual([]);
    expect(files()).toEqual(['living.json']);
    process.kill(service.pid);
    await service.gone;
  });

  it('are never processes that got the number of an old one', async () => {
    const stranger = idle();
    leave('dead', {
      processes: [{ pid: stranger.pid, startedAt: '1', instance: 'web-0', command: ['node'] }],
    });
    expect(await findOrphans(dataDir)).toEqual([]);
    expect(isAlive(stranger)).toBe(true);
    expect(files()).toEqual([]);
    process.kill(stranger.pid);
    await stranger.gone;
  });

  it('are found by the file and by their mark, named, and removed', async () => {
    const service = idle();
    const stray = idle({ GREENROOM_SESSION: 'dead' });
    leave('dead', {
      processes: [{ pid: service.pid, startedAt: service.startedAt, instance: 'web-0', command: ['node'] }],
    });
    const orphans = await findOrphans(dataDir);
    expect(orphans.map(({ name, mesh }) => `${name} of ${mesh}`).sort()).toEqual([
      'service of shop',
      'web-0 of shop',
    ]);
    expect(orphans.find(({ name }) => name === 'web-0')?.description).toMatch(
      new RegExp(`^web-0 of shop: .*node.* \\(process ${service.pid}\\)$`),
    );
    expect(files()).toEqual(['dead.json']);
    expect(await removeOrphans(orphans)).toHaveLength(2);
    await Promise.all([service.gone, stray.gone]);
    expect(await findOrphans(dataDir)).toEqual([]);
    expect(files()).toEqual([]);
  });

  it('of containers keep the file of their session until they are gone', async () => {
    leave('dead', { runtime: 'docker' });
    expect(await findOrphans(dataDir)).toEqual([]);
    expect(files()).toEqual(['dead.json']);
    let left = true;
    const source: OrphanSource = {
      runtime: 'docker',
      find: async (dead) =>
        left
          ? dead.map(({ id, mesh }) => ({
              kind: 'container',
              session: id,
              mesh,
              name: 'box',
              description: 'box',
              remove: async () => void (left = false),
            }))
          : [],
    };
    const orphans = await findOrphans(dataDir, [source]);
    expect(orphans).toHaveLength(1);
    expect(files()).toEqual(['dead.json']);
    await removeOrphans(orphans);
    expect(await findOrphans(dataDir, [source])).toEqual([]);
    expect(files()).toEqual([]);
  });

  it('are environment files of programs that were attached, a draft included, and nobody else’s', async () => {
    const mesh = { name: 'shop', root: '/shop' };
    const fileOf = (instance: string, session: string) => environmentFile(dataDir, mesh, instance, session);
    leave('dead');
    leave('living', { owner: { pid: process.pid, startedAt: startOf(process.pid) } });
    fileOf('ide-0', 'dead').write({ PASSWORD: 'hush' });
    fileOf('web-0', 'living').write({});
    fileOf('orders-0', 'unknown').write({});
    const { path } = fileOf('ide-0', 'dead');
    const draft = `${path}.new`;
    copyFileSync(path, draft);
    writeFileSync(join(path, '..', 'notes.txt'), 'ours? no: dead');
    const orphans = await findOrphans(dataDir);
    expect(orphans.map(({ kind, description }) => `${kind}: ${description}`)).toEqual([
      `file: ide-0 of shop: its environment file ${path}`,
      `file: ide-0 of shop: its environment file ${draft}`,
    ]);
    expect(files()).toContain('dead.json');
    // The next session of the project was faster.
    fileOf('ide-0', 'living').write({});
    expect(await removeOrphans(orphans)).toHaveLength(2);
    expect(readdirSync(join(path, '..')).sort()).toEqual([
      'ide-0.env',
      'notes.txt',
      'orders-0.env',
      'web-0.env',
    ]);
    expect(await findOrphans(dataDir)).toEqual([]);
    expect(files()).toEqual(['living.json']);
  });

  it('that cannot be removed are not said to be gone', async () => {
    const orphan = {
      kind: 'container' as const,
      session: 'x',
      mesh: 'shop',
      name: 'box',
      description: 'box',
      remove: () => Promise.reject(new Error('busy')),
    };
    expect(await removeOrphans([orphan])).toEqual([]);
  });

  it('are none where files are nonsense, or there is no folder', async () => {
    writeFileSync(join(dataDir, 'sessions', 'x.json'), '{"id":');
    expect(await findOrphans(dataDir)).toEqual([]);
    expect(await findOrphans(join(dataDir, 'none'))).toEqual([]);
  });
});
