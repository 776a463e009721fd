/** Debian's own servers behind a TCP port with an L4 policy, and their own clients before it. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { freePorts } from '../../bench/pair/processes.ts';
import { eventually } from '../support/patience.ts';
import { describeWith, postgresPrograms } from '../support/requires.ts';
import { ALLOW_WEB, DENY_ALL, type Pair, startPair } from '../support/sidecar-pair.ts';

const run = promisify(execFile);
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'greenroom-session-'));
  closers.push(async () => rmSync(path, { recursive: true }));
  return path;
}

function serve(
  command: string,
  args: readonly string[],
  user: { uid?: number; gid?: number } = {},
): ChildProcess {
  const child = spawn(command, args, { stdio: 'ignore', ...user });
  const exited = once(child, 'exit');
  closers.push(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return child;
}

async function pairBefore(port: number, policies = [ALLOW_WEB]): Promise<Pair> {
  const pair = await startPair({ host: '127.0.0.1', port });
  closers.push(() => pair.close());
  await pair.publish({ protocol: 'tcp', policies });
  return pair;
}

/** PostgreSQL refuses to run as root: then it runs as the user of its package. */
async function serverUser(): Promise<{ uid?: number; gid?: number }> {
  if (userInfo().uid !== 0) return {};
  const ids = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, 'postgres'])));
  const [uid = 0, gid = 0] = ids.map(({ stdout }) => Number(stdout));
  return { uid, gid };
}

describeWith('postgresql', 'a PostgreSQL session through the pair', () => {
  async function startPostgres(): Promise<number> {
    const [port = 0] = await freePorts(1);
    const [data, user, programs] = [folder(), await serverUser(), postgresPrograms() ?? ''];
    if (user.uid !== undefined && user.gid !== undefined) chownSync(data, user.uid, user.gid);
    await run(`${programs}/initdb`, ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], user);
    const options = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', data, '-F'];
    serve(`${programs}/postgres`, options, user);
    await eventually('PostgreSQL answers', () =>
      run('psql', [...connect(port), '-c', 'select 1']).then(
        () => true,
        () => false,
      ),
    );
    return port;
  }

  function connect(port: number): string[] {
    return ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-At', '-v', 'ON_ERROR_STOP=1'];
  }

  it('a denied client gets no row, and the server no session', async () => {
    const pair = await pairBefore(await startPostgres(), [DENY_ALL]);
    const { port } = pair.at('web-0', 'orders:80');
    await expect(run('psql', [...connect(port), '-c', 'select 1'])).rejects.toThrow(/psql/);
    const denied = (await pair.seen()).filter(({ decision }) => decision.verdict === 'deny');
    expect(denied.length).toBeGreaterThan(0);
  });

  it('writes a hundred thousand rows and reads them again', async () => {
    const pair = await pairBefore(await startPostgres());
    const { port } = pair.at('web-0', 'orders:80');
    const script = [
      'create table payments (id int primary key, note text)',
      "insert into payments select i, repeat('x', 100) from generate_series(1, 100000) i",
      'select count(*), sum(id), sum(length(note)) from payments',
    ].flatMap((statement) => ['-c', statement]);
    const { stdout } = await run('psql', [...connect(port), '-q', ...script]);
    expect(stdout.trim()).toBe('100000|5000050000|10000000');
    const copied = await run('psql', [...connect(port), '-c', 'copy payments to stdout'], {
      maxBuffer: 1 << 26,
    });
    expect(copied.stdout.split('\n')).toHaveLength(100_001);
    expect(
      (await pair.seen()).every(({ kind, decision }) => kind === 'tcp' && decision.verdict === 'allow'),
    ).toBe(true);
  });
});

describeWith('redis', 'a Redis session through the pair', () => {
  async function startRedis(): Promise<number> {
    const [port = 0] = await freePorts(1);
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder()];
    serve('redis-server', options);
    await eventually('Redis answers', () =>
      ask(port, 'PING').then(
        (answer) => answer === 'PONG',
        () => false,
      ),
    );
    return port;
  }

  async function ask(port: number, ...command: string[]): Promise<string> {
    const { stdout } = await run('redis-cli', ['-p', String(port), ...command], { maxBuffer: 1 << 24 });
    return stdout.trim();
  }

  it('a denied client gets no answer', async () => {
    const port = await startRedis();
    const pair = await pairBefore(port, [DENY_ALL]);
    const through = ask(pair.at('web-0', 'orders:80').port, 'SET', 'key', 'value');
    await through.then(
      (answer) => expect(answer).not.toContain('OK'),
      (error: Error) => expect(error.message).toContain('redis-cli'),
    );
    expect(await ask(port, 'EXISTS', 'key')).toBe('0');
  });

  it('keeps what is written, and counts in order', async () => {
    const pair = await pairBefore(await startRedis());
    const { port } = pair.at('web-0', 'orders:80');
    const value = 'v'.repeat(100_000);
    expect(await ask(port, 'SET', 'key', value)).toBe('OK');
    expect(await ask(port, 'GET', 'key')).toBe(value);
    expect(await ask(port, '-r', '1000', 'INCR', 'count')).toMatch(/(^|\n)1000$/);
    expect(await ask(port, 'EVAL', "return string.rep('x', 1000000)", '0')).toHaveLength(1_000_000);
  });
});
