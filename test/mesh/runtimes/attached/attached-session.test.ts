import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSession, startSession } from '../../../../mesh/start-session.ts';
import type { Session } from '../../../../mesh/session.ts';
import type { InstanceState } from '../../../../model/session-state.ts';
import { ask, attachedPair, endAttached, startAttached, stateOf } from '../../../support/attached-pair.ts';
import { freePort } from '../../../support/free-port.ts';
import { eventually } from '../../../support/patience.ts';
import { sampleMesh } from '../../../support/sample-mesh.ts';

let dataDir = '';
let session: Session | null = null;
let program: ChildProcess | null = null;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'greenroom-attached-'));
});
afterEach(async () => {
  await endAttached(program);
  await session?.stop();
  session = null;
  program = null;
  rmSync(dataDir, { recursive: true, force: true });
});

/** The pair, up; and what was told of `ide` from then on. */
async function pairUp(): Promise<{ running: Session; port: number; environment: string; told: string[] }> {
  const port = await freePort();
  const { session: running, started } = await openSession({
    mesh: attachedPair(port),
    runtime: 'process',
    dataDir,
    attachTimeoutMs: Number.POSITIVE_INFINITY,
  });
  session = running;
  const waiting = await eventually('it is waited for', () => {
    const ide = stateOf(running, 'ide-0');
    return ide.status === 'starting' ? ide : null;
  });
  const environment = waiting.attached?.environmentFile ?? '';
  expect(waiting.detail).toBe(
    `waiting for 127.0.0.1:${port}, which you start yourself; its environment is in ${environment}`,
  );
  program = startAttached(environment);
  await started;
  const told: string[] = [];
  const line = ({ status, detail }: InstanceState): string => `${status}: ${detail}`;
  running.onState(() => {
    const now = line(stateOf(running, 'ide-0'));
    if (told.at(-1) !== now) told.push(now);
  });
  return { running, port, environment, told };
}

describe('an attached service that nobody starts', () => {
  it('fails the start, which says where it was waited for and what to do', async () => {
    const port = await freePort();
    const mesh = sampleMesh([{ name: 'ide', run: { attach: `127.0.0.1:${port}`, command: null } }]);
    await expect(
      startSession({ mesh, runtime: 'process', dataDir, attachTimeoutMs: 50 }),
    ).rejects.toMatchObject({
      code: 'service-not-ready',
      message: expect.stringContaining(`for a connection to 127.0.0.1:${port} (nothing listens there)`),
      hint: expect.stringContaining('start ide where `attach` says'),
    });
  });

  it('is waited for also where it has no port that others could call', async () => {
    const mesh = sampleMesh([
      { name: 'ide', ports: [], run: { attach: `127.0.0.1:${await freePort()}`, command: null } },
    ]);
    await expect(
      startSession({ mesh, runtime: 'process', dataDir, attachTimeoutMs: 50 }),
    ).rejects.toMatchObject({ code: 'service-not-ready' });
  });

  it('can be given up: nothing of it is left', async () => {
    const mesh = attachedPair(await freePort());
    const { session: waiting, started } = await openSession({
      mesh,
      runtime: 'process',
      dataDir,
      attachTimeoutMs: Number.POSITIVE_INFINITY,
    });
    const failed = expect(started).rejects.toMatchObject({ code: 'stopped' });
    const file = await eventually('it is waited for', () => {
      const { status, attached } = stateOf(waiting, 'ide-0');
      return status === 'starting' ? attached?.environmentFile : null;
    });
    await waiting.stop();
    await failed;
    expect(existsSync(file ?? '')).toBe(false);
  });
});

describe('an attached service beside a process', () => {
  it('can’t be restarted, killed or entered: its life is elsewhere', async () => {
    const { running } = await pairUp();
    const attached = { code: 'attached', message: expect.stringContaining('where you started it') };
    await expect(running.act('ide-0', { kind: 'restart' })).rejects.toMatchObject(attached);
    await expect(running.act('ide-0', { kind: 'kill', signal: 'SIGKILL' })).rejects.toMatchObject(attached);
    await expect(running.act('ide-0', { kind: 'stop', graceMs: null })).rejects.toMatchObject(attached);
    await expect(running.exec('ide-0', { command: ['sh'], terminal: null })).rejects.toMatchObject(attached);
    await expect(running.scale('ide', 2)).rejects.toMatchObject({ code: 'attached' });
    expect(await running.refusals('ide-0')).toBeNull();
  });

  it('calls and is called through both sidecars, by policy', async () => {
    const { running } = await pairUp();
    expect(await ask(running, 'box-0', '/call/closed')).toMatch(/^403 /);
    expect(await ask(running, 'ide-0', '/call/closed')).toMatch(/^403 /);
    expect(await ask(running, 'ide-0', '/proxied/closed')).toMatch(/^403 /);
    expect(await ask(running, 'box-0', '/call/open')).toBe('200 this is ide');
    expect(await ask(running, 'ide-0', '/call/open')).toBe('200 this is box');
    expect(await ask(running, 'ide-0', '/proxied/open')).toBe('200 this is box');
  });

  it('finds its environment in a file of its user alone, without the mark of what Greenroom ends', async () => {
    const { running, environment } = await pairUp();
    expect(statSync(environment).mode & 0o777).toBe(0o600);
    const text = readFileSync(environment, 'utf8');
    expect(text).not.toMatch(/^GREENROOM_(SESSION|INSTANCE)=/m);
    const ways = running
      .listeners()
      .filter(({ instance, direction }) => instance === 'ide-0' && direction === 'outbound');
    expect(new Set(ways.map(({ host }) => host))).toEqual(new Set(['127.0.0.1']));
    const proxy = ways.find(({ key }) => key === 'http-proxy');
    expect(text).toContain(`\nHTTP_PROXY=http://127.0.0.1:${proxy?.port}\n`);
    await running.stop();
    expect(existsSync(environment)).toBe(false);
    // It was never ours to end.
    expect(program?.exitCode ?? program?.signalCode).toBeNull();
  });

  it('is no endpoint while it is gone, which is told once, and one again when it is back', async () => {
    const { running, port, environment, told } = await pairUp();
    await endAttached(program);
    await eventually('it is gone', () => stateOf(running, 'ide-0').status === 'stopped');
    await running.flush();
    expect(await ask(running, 'box-0', '/call/open')).toMatch(/^503 /);
    program = startAttached(environment);
    await eventually('it is back', () => stateOf(running, 'ide-0').status === 'ready');
    await running.flush();
    expect(await ask(running, 'box-0', '/call/open')).toBe('200 this is ide');
    const gone = `stopped: nothing listens at 127.0.0.1:${port} any more: start it again where you started it`;
    expect(told.filter((line) => line === gone)).toHaveLength(1);
    expect(told.at(-1)).toBe(`ready: attached at 127.0.0.1:${port}`);
  });

  it('may be somebody who was there before', async () => {
    const own = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await eventually('it listens', () => own.listening);
    const { port } = own.address() as { port: number };
    const mesh = sampleMesh([{ name: 'ide', run: { attach: `127.0.0.1:${port}`, command: null } }]);
    session = await startSession({ mesh, runtime: 'process', dataDir });
    expect(session.applicationAddress('ide-0', 8080)).toEqual({ host: '127.0.0.1', port });
    expect(stateOf(session, 'ide-0').detail).toBe(`attached at 127.0.0.1:${port}`);
    await new Promise((resolve) => own.close(resolve));
  });
});
