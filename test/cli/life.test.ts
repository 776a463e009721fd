/** The life of services in a running session, by the commands a person types, under the process runtime. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { controlPath } from '../../mesh/session-file.ts';
import type { LogLine } from '../../model/service-log.ts';
import { type Folder, greenroom, launcher, temporaryFolder, type Ran } from '../support/greenroom.ts';
import { greenroomUp, type RunningUp } from '../support/greenroom-up.ts';
import { lifeProject } from '../support/life-project.ts';
import { eventually } from '../support/patience.ts';

/** What a log must not do to a terminal: move, clear, colour, ring, set its title, hide in bidi, never end a line. */
const HOSTILE = '\u001b[2J\u001b]0;owned\u0007\u001b[31mred\u001b[0m\u009b5n\u202etxt\rstart\u0000';

const SERVICE = `
  const { createServer } = require('node:http');
  createServer((request, response) => {
    console.log('asked ' + request.url);
    response.end(String(process.pid));
  }).listen(process.env.PORT, '127.0.0.1', () => {
    console.log(process.env.LONG ? ${JSON.stringify(HOSTILE)} : 'listening');
    if (process.env.LONG) process.stdout.write('x'.repeat(40_000));
  });
  process.on('SIGTERM', () => { console.error('asked to stop'); process.exit(0); });
`;

let folder: Folder;
let up: RunningUp;
const followers: ChildProcess[] = [];

beforeAll(async () => {
  folder = await temporaryFolder(lifeProject(SERVICE, { LONG: 'yes' }));
  up = await greenroomUp(folder.path, {});
}, 60_000);
afterAll(async () => {
  for (const child of followers) child.kill('SIGKILL');
  await up?.interrupt();
  await folder.remove();
});

const run = async (...args: string[]): Promise<Ran> =>
  await greenroom(args, { env: { GREENROOM_DATA_DIR: up.dataDir } });
const logsOf = async (...args: string[]): Promise<LogLine[]> =>
  (await run('logs', '--format', 'json', ...args)).stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogLine);
/** Its own answer, past the sidecar: the process's id; null = none within a second. */
const ask = async (instance: string, path = '/'): Promise<string | null> => {
  const port = new RegExp(`${instance.replace(/-\d$/, '')} [\\s\\S]*?itself +http://127.0.0.1:(\\d+)`).exec(
    up.said(),
  )?.[1];
  return await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(1_000) }).then(
    async (answer) => await answer.text(),
    () => null,
  );
};

describe('a session that runs', () => {
  it('is reached by this user only', () => {
    expect(statSync(controlPath(up.dataDir, up.session)).mode & 0o077).toBe(0);
  });

  it('isn’t found where nothing runs', async () => {
    const { code, stderr } = await greenroom(['logs']);
    expect(code).toBe(3);
    expect(stderr).toContain('no-session: nothing runs');
  });

  it('knows no service by a wrong name, and says which one was meant', async () => {
    const { code, stderr } = await run('restart', 'ordrs');
    expect(code).toBe(2);
    expect(stderr).toContain('no service or instance is called ordrs');
    expect(stderr).toContain('did you mean orders?');
  });
});

describe('greenroom logs', () => {
  it('hands no control byte of a service to the terminal, however long its lines are', async () => {
    const said = await eventually('all of it', async () => {
      const { stdout } = await run('logs', 'orders');
      return stdout.split('x').length > 32_768 ? stdout : null;
    });
    expect(said).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e]/u);
    expect(said).toContain('\\u{1b}]0;owned\\u{7}red');
    expect(Math.max(...said.split('\n').map(({ length }) => length))).toBeLessThan(20_000);
  });

  it('keeps the bytes in JSON', async () => {
    expect((await logsOf('orders')).map(({ text }) => text)).toContain(HOSTILE);
  });

  it('tells who said what, all names as wide as the widest', async () => {
    const { stdout } = await run('logs', 'web', 'orders', '--search', 'listening');
    expect(stdout.split('\n').sort()).toEqual(['', 'web-0    | listening', 'web-1    | listening']);
    expect((await run('logs', '--tail', '1', 'orders')).stdout).toMatch(/^orders-0 \| x+\n$/);
  });

  it('is cut to what came since a moment, and refuses what is none', async () => {
    expect(await logsOf('--since', new Date(Date.now() + 60_000).toISOString())).toEqual([]);
    expect((await logsOf('web', '--since', '1h')).length).toBeGreaterThan(0);
    const { code, stderr } = await run('logs', '--since', 'yesterday');
    expect(code).toBe(2);
    expect(stderr).toContain('a duration (90s, 10m, 1h30m) or a moment');
  });

  it('goes on with what comes, each line once', async () => {
    const child = spawn(process.execPath, [launcher, 'logs', '-f', 'web', '--search', 'asked /follow'], {
      env: { ...process.env, GREENROOM_DATA_DIR: up.dataDir, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    followers.push(child);
    let seen = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (seen += text));
    let asked = 0;
    await eventually('a first line', async () => {
      asked += 1;
      await ask('web-0', `/follow-${asked}`);
      return seen !== '';
    });
    await ask('web-0', '/follow-last');
    await eventually('the last line', () => seen.includes('/follow-last'));
    const lines = seen.trimEnd().split('\n');
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines.every((line) => /^web-0 \| asked \/follow-(\d+|last)$/.test(line))).toBe(true);
  });
});

describe('the life of a service', () => {
  it('is ended in order and started anew by restart', async () => {
    const before = await ask('web-0');
    const { code, stderr } = await run('restart', 'web-0');
    expect(stderr).toBe('web-0 is ready again\n');
    expect(code).toBe(0);
    const after = await ask('web-0');
    expect(after).toMatch(/^\d+$/);
    expect(after).not.toBe(before);
    expect((await logsOf('web-0')).map(({ text }) => text)).toContain('asked to stop');
  });

  it('goes on after a pause as it was, and answers nobody before', async () => {
    const before = await ask('web-0');
    expect((await run('pause', 'web-0')).code).toBe(0);
    expect(await ask('web-0')).toBeNull();
    expect((await run('pause', 'web-0')).stderr).toContain('web-0 is paused, not ready');
    expect((await run('unpause', 'web-0')).code).toBe(0);
    expect(await ask('web-0')).toBe(before);
  });

  it('ends when it is asked to while it is paused', async () => {
    await run('pause', 'web-0');
    expect((await run('stop', 'web-0')).stderr).toBe('web-0 is stopped\n');
    expect(await ask('web-0')).toBeNull();
    expect((await run('start', 'web-0')).stderr).toBe('web-0 is ready\n');
    expect(await ask('web-0')).toMatch(/^\d+$/);
  });

  it('isn’t started twice', async () => {
    const { code, stderr } = await run('start', 'web-1');
    expect(code).toBe(3);
    expect(stderr).toContain('web-1 is ready, not stopped or failed');
  });

  it('crashes by a signal and is started again', async () => {
    const before = await ask('web-0');
    expect((await run('kill', '-s', 'abrt', 'web-0')).code).toBe(0);
    const after = await eventually('it is back', async () => {
      const answer = await ask('web-0');
      return answer === before ? null : answer;
    });
    expect(after).not.toBe(before);
    expect(up.said()).toContain('web-0 was ended by SIGABRT');
  });

  it('takes no signal that is none', async () => {
    const { code, stderr } = await run('kill', '-s', 'STOPP', 'web-0');
    expect(code).toBe(2);
    expect(stderr).toContain('one of SIGHUP');
  });
});

describe('the end of a session', () => {
  it('ends who follows its logs, and leaves no socket', async () => {
    const child = spawn(process.execPath, [launcher, 'logs', '-f'], {
      env: { ...process.env, GREENROOM_DATA_DIR: up.dataDir, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    followers.push(child);
    let said = '';
    child.stderr.on('data', (data: Buffer) => (said += data.toString()));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const path = controlPath(up.dataDir, up.session);
    const ended = new Promise((resolve) => child.once('close', resolve));
    await up.interrupt();
    expect(await ended).toBe(0);
    expect(said).toBe('the session ended\n');
    expect(existsSync(path)).toBe(false);
  });
});
