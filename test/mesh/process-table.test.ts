import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  commandOf,
  groupMembers,
  holderOfPort,
  isAlive,
  portsOf,
  processesWith,
  startOf,
} from '../../mesh/process-table.ts';
import { listenLocally } from '../support/local-server.ts';

let child: ChildProcess | null = null;
afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  child = null;
});

/** A process that does nothing, in a group of its own. */
async function idle(env: NodeJS.ProcessEnv = {}): Promise<number> {
  child = spawn(
    process.execPath,
    ['-e', 'setInterval(() => undefined, 1000); console.log("up")', 'odd) name'],
    {
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  child.stdout?.destroy();
  return child.pid as number;
}

async function end(): Promise<void> {
  child?.kill('SIGKILL');
  if (child) await once(child, 'exit');
}

describe.skipIf(process.platform !== 'linux')('the process table', () => {
  it('takes a process that got an old number for another one', async () => {
    const pid = await idle();
    expect(isAlive({ pid, startedAt: '1' })).toBe(false);
    expect(isAlive({ pid, startedAt: startOf(pid) })).toBe(true);
  });

  it('knows nothing of a process that is gone', async () => {
    const pid = await idle({ GREENROOM_MARK: 'gone' });
    const startedAt = startOf(pid);
    await end();
    expect(startOf(pid)).toBeNull();
    expect(isAlive({ pid, startedAt })).toBe(false);
    expect(isAlive({ pid, startedAt: null })).toBe(false);
    expect(groupMembers(pid)).toEqual([]);
    expect(processesWith('GREENROOM_MARK', 'gone')).toEqual([]);
  });

  it('finds processes by a mark in their environment, by the whole of it', async () => {
    const pid = await idle({ GREENROOM_MARK: 'here' });
    expect(processesWith('GREENROOM_MARK', 'here')).toEqual([pid]);
    expect(processesWith('GREENROOM_MARK', 'her')).toEqual([]);
    expect(processesWith('MARK', 'here')).toEqual([]);
  });

  it('reads the group also of a process whose name has a parenthesis', async () => {
    const pid = await idle();
    expect(groupMembers(pid)).toEqual([pid]);
    expect(commandOf(pid)).toContain('node');
  });

  it('names the holder of a port, and the ports of a process', async () => {
    const server = createServer();
    const port = await listenLocally(server);
    expect(holderOfPort(port)?.pid).toBe(process.pid);
    expect(portsOf([process.pid])).toContain(port);
    server.close();
    await once(server, 'close');
    expect(holderOfPort(port)).toBeNull();
  });
});
