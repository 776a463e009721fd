import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { processesWith } from '../../../../mesh/process-table.ts';
import {
  processRuntime,
  type ProcessRuntimeOptions,
} from '../../../../mesh/runtimes/process/process-runtime.ts';
import type { EgressPlan, InstancePlacement, Runtime } from '../../../../mesh/runtimes/runtime.ts';
import type { EnvironmentError } from '../../../../model/environment-error.ts';
import { eventually } from '../../../support/patience.ts';
import { sampleMesh, type SampleWorkload } from '../../../support/sample-mesh.ts';

const NO_EGRESS: EgressPlan = { httpProxy: null, peers: [] };
const FAST = { firstDelayMs: 5, longestDelayMs: 20, attempts: 2, forgivenAfterMs: 60_000 };

interface Running {
  runtime: Runtime;
  placements: Map<string, InstancePlacement>;
  statuses: string[];
  log: string[];
  pids: Set<number>;
  session: string;
  start(instance: string, egress?: EgressPlan, signal?: AbortSignal): Promise<void>;
  ask(instance: string, path: string): Promise<Record<string, unknown>>;
}

let opened: Runtime[] = [];
let sessions = 0;

async function run(
  samples: SampleWorkload[],
  options: ProcessRuntimeOptions = {},
  readyTimeoutMs = 15_000,
): Promise<Running> {
  const mesh = sampleMesh(samples);
  const statuses: string[] = [];
  const log: string[] = [];
  const pids = new Set<number>();
  const session = `test-${process.pid}-${(sessions += 1)}`;
  const runtime = await processRuntime({ restarts: FAST, ...options })({
    sessionId: session,
    mesh,
    dataDir: '/nowhere',
    ledger: { processStarted: ({ pid }) => void pids.add(pid), processEnded: (pid) => void pids.delete(pid) },
    readyTimeoutMs,
    events: {
      onEngine: () => undefined,
      onStatus: (instance, status, detail) =>
        statuses.push(`${instance} ${status}${detail ? `: ${detail}` : ''}`),
      onImage: () => undefined,
      onLog: (instance, line) => log.push(`${instance} ${line.stream}: ${line.text}`),
    },
  });
  opened.push(runtime);
  const instances = mesh.workloads.flatMap((workload) =>
    workload.instances.map((instance) => ({ instance, workload })),
  );
  const placements = new Map(
    (await runtime.prepare(instances, new AbortController().signal)).map((placement) => [
      placement.instance,
      placement,
    ]),
  );
  return {
    runtime,
    placements,
    statuses,
    log,
    pids,
    session,
    start: (instance, egress = NO_EGRESS, signal = new AbortController().signal) =>
      runtime.start(instance, egress, signal),
    async ask(instance, path) {
      const port = placements.get(instance)?.upstreams[0]?.upstreamPort;
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
      return (await answer.json()) as Record<string, unknown>;
    },
  };
}

const failure = async (promise: Promise<unknown>): Promise<EnvironmentError> =>
  promise.then(
    () => Promise.reject(new Error('it should have failed')),
    (error: EnvironmentError) => error,
  );

afterEach(async () => {
  await Promise.all(opened.map((runtime) => runtime.close()));
  opened = [];
});

/** A process of that mark that is no service, whose own command holds the mark too. */
function isBare(pid: string, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(mark);
  } catch {
    return false;
  }
}

describe('a service that does not get ready', () => {
  it('exits at once: told with its code and its last log lines, and not tried again', async () => {
    const { start, statuses } = await run([{ name: 'orders', quirk: { exit: 3 } }]);
    const error = await failure(start('orders-0'));
    expect(error).toMatchObject({ code: 'service-exited', message: 'orders-0 exited with code 3' });
    expect([...error.lines].sort()).toEqual(['no database: giving up', 'reading the configuration']);
    expect(statuses.at(-1)).toBe('orders-0 failed: orders-0 exited with code 3');
  });

  it('never listens: told what was waited for and how long', async () => {
    const { start, placements, session } = await run(
      [{ name: 'orders', quirk: { silent: true } }],
      {},
      1_500,
    );
    const error = await failure(start('orders-0'));
    const port = placements.get('orders-0')?.upstreams[0]?.upstreamPort;
    expect(error.code).toBe('service-not-ready');
    expect(error.message).toMatch(
      new RegExp(
        `^orders-0 isn't ready: waited [\\d.]+ s for a connection to 127.0.0.1:${port} \\(nothing listens there\\)$`,
      ),
    );
    expect(error.hint).toBe('it runs, but listens on no port; its last lines may tell why');
    expect(error.lines).toEqual(['waiting for the database']);
    expect(processesWith('GREENROOM_SESSION', session)).toHaveLength(1);
  });

  it('listens on a port of its own choice: told which', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await eventually('a free port', () => free.listening);
    const { port } = free.address() as { port: number };
    await new Promise((resolve) => free.close(resolve));
    const { start } = await run([{ name: 'orders', quirk: { port } }], {}, 2_500);
    expect((await failure(start('orders-0'))).hint).toBe(
      `it listens on ${port} instead: let it listen on the port that the variable PORT names`,
    );
  });

  it('names a program that is not there', async () => {
    const { start } = await run([{ name: 'orders', run: { command: ['no-such-program'] } }]);
    expect(await failure(start('orders-0'))).toMatchObject({
      code: 'command-not-found',
      message: expect.stringContaining('no-such-program'),
    });
  });

  it('is told of a variable that no process can have, and the other services live on', async () => {
    const { start, ask } = await run([
      { name: 'orders', run: { environment: { BAD: 'a\0b' } } },
      { name: 'web' },
    ]);
    await start('web-0');
    const error = await failure(start('orders-0'));
    expect(error).toMatchObject({
      code: 'service-not-started',
      message: expect.stringContaining('null bytes'),
    });
    expect(await ask('web-0', '/env')).toHaveProperty('PORT');
  });

  it('names a folder that is not there', async () => {
    expect(await failure(run([{ name: 'orders', run: { cwd: '/no/such/folder' } }]))).toMatchObject({
      code: 'no-folder',
    });
  });

  it('refuses a service without a command', async () => {
    expect(await failure(run([{ name: 'orders', run: { command: null } }]))).toMatchObject({
      code: 'no-command',
      message: expect.stringContaining('orders'),
    });
  });

  it('is stopped when the start is aborted', async () => {
    const { start, statuses, pids } = await run([{ name: 'orders', quirk: { silent: true } }]);
    const abort = new AbortController();
    const starting = failure(start('orders-0', NO_EGRESS, abort.signal));
    await eventually('the service runs', () => pids.size === 2);
    abort.abort(new Error('enough'));
    expect((await starting).message).toBe('enough');
    expect(pids.size).toBe(1);
    expect(statuses.at(-1)).toBe('orders-0 stopped');
  });
});

describe('a port that is taken', () => {
  it('is named with who holds it when the project asks for it', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await eventually('the port is held', () => holder.listening);
    const { port } = holder.address() as { port: number };
    const error = await failure(run([{ name: 'orders', run: { environment: { PORT: String(port) } } }]));
    await new Promise((resolve) => holder.close(resolve));
    expect(error.code).toBe('port-taken');
    expect(error.message).toMatch(
      new RegExp(`^orders-0: port ${port} on 127.0.0.1 is taken, held by .+ \\(process ${process.pid}\\)$`),
    );
  });

  it('is named when the service itself runs into it', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await eventually('the port is held', () => holder.listening);
    const { port } = holder.address() as { port: number };
    const { start } = await run([{ name: 'orders', quirk: { port } }]);
    const error = await failure(start('orders-0'));
    await new Promise((resolve) => holder.close(resolve));
    expect(error).toMatchObject({
      code: 'port-taken',
      message: expect.stringContaining(`port ${port} is taken, held by`),
    });
    expect(error.lines.join('\n')).toContain('EADDRINUSE');
  });
});

describe('the environment of a service', () => {
  const egress: EgressPlan = {
    httpProxy: { host: '127.0.0.1', port: 7001 },
    peers: [
      {
        service: 'pay-ments',
        namespace: 'shop',
        clusterIp: '10.96.0.1',
        port: 80,
        protocol: 'http',
        listen: { host: '127.0.0.1', port: 7002 },
      },
      {
        service: 'db',
        namespace: 'data',
        clusterIp: '10.96.0.2',
        port: 5432,
        protocol: 'tcp',
        listen: { host: '127.0.0.1', port: 7003 },
      },
    ],
  };

  it('holds none of our own variables but what a program needs to run', async () => {
    const { start, ask } = await run([{ name: 'orders' }], {
      environment: {
        PATH: process.env['PATH'],
        HOME: '/home/x',
        AWS_SECRET_ACCESS_KEY: 'a',
        GREENROOM_DATA_DIR: '/x',
        NODE_OPTIONS: '--no-such',
      },
    });
    await start('orders-0');
    const env = await ask('orders-0', '/env');
    expect(env).not.toHaveProperty('AWS_SECRET_ACCESS_KEY');
    expect(env).not.toHaveProperty('GREENROOM_DATA_DIR');
    expect(env).not.toHaveProperty('NODE_OPTIONS');
    expect(env).toMatchObject({ HOME: '/home/x' });
  });

  it('says where to listen, where the peers are, and puts our Node first on the PATH', async () => {
    const environment = {
      DB: 'postgres://${GREENROOM_ADDR_DB_5432}/x',
      LITERAL: '${HOME}',
      NODE_USE_ENV_PROXY: '0',
    };
    const { start, ask, placements, session } = await run([{ name: 'orders', run: { environment } }]);
    await start('orders-0', egress);
    expect(await ask('orders-0', '/env')).toMatchObject({
      PORT: String(placements.get('orders-0')?.upstreams[0]?.upstreamPort),
      HTTP_PROXY: 'http://127.0.0.1:7001',
      http_proxy: 'http://127.0.0.1:7001',
      NO_PROXY: '127.0.0.1:7002,127.0.0.1:7003',
      no_proxy: '127.0.0.1:7002,127.0.0.1:7003',
      NODE_USE_ENV_PROXY: '0',
      GREENROOM_URL_PAY_MENTS: 'http://127.0.0.1:7002',
      GREENROOM_ADDR_PAY_MENTS_80: '127.0.0.1:7002',
      GREENROOM_ADDR_DB_5432: '127.0.0.1:7003',
      DB: 'postgres://127.0.0.1:7003/x',
      LITERAL: '${HOME}',
      GREENROOM_SESSION: session,
      PATH: expect.stringMatching(new RegExp(`^${process.execPath.replace(/\/node$/, '')}:`)),
    });
  });

  it('refuses a reference to a peer that does not exist, and names those that do', async () => {
    const { start } = await run([{ name: 'orders', run: { environment: { DB: '${GREENROOM_ADDR_DB_1}' } } }]);
    expect(await failure(start('orders-0', egress))).toMatchObject({
      code: 'unknown-variable',
      hint: expect.stringContaining('GREENROOM_ADDR_DB_5432'),
    });
  });
});

describe('a service that runs', () => {
  it('has a port for each replica, and keeps what each of them wrote', async () => {
    const { start, ask, log, statuses } = await run([{ name: 'orders', replicas: 2 }]);
    await Promise.all([start('orders-0'), start('orders-1')]);
    const [first, second] = [await ask('orders-0', '/'), await ask('orders-1', '/')];
    expect(first['pid']).not.toBe(second['pid']);
    expect(
      log
        .filter((line) => line.includes('listening on'))
        .map((line) => line.slice(0, 16))
        .sort(),
    ).toEqual(['orders-0 stdout:', 'orders-1 stdout:']);
    expect(statuses.filter((status) => status.endsWith('ready'))).toHaveLength(2);
  });

  it('is started again after a crash, and given up when it crashes again and again', async () => {
    const { start, ask, statuses } = await run([{ name: 'orders' }]);
    await start('orders-0');
    for (const starts of [1, 2, 3]) {
      await eventually(
        `ready ${starts} times`,
        () => statuses.filter((status) => status === 'orders-0 ready').length === starts,
      );
      await ask('orders-0', '/crash').catch(() => undefined);
    }
    await eventually('given up', () => statuses.at(-1)?.startsWith('orders-0 failed'));
    expect(statuses.filter((status) => status.includes('restarting'))[0]).toBe(
      'orders-0 restarting: orders-0 exited with code 7; starts again in 5 ms',
    );
    expect(statuses.at(-1)).toBe('orders-0 failed: orders-0 exited with code 7; given up after 2 starts');
  });

  it('can be restarted by hand', async () => {
    const { runtime, start, ask } = await run([{ name: 'orders' }]);
    await start('orders-0');
    const before = await ask('orders-0', '/');
    await runtime.restart('orders-0', new AbortController().signal);
    expect((await ask('orders-0', '/'))['pid']).not.toBe(before['pid']);
  });

  it('is killed when it ignores the request to end', async () => {
    const { runtime, start, session } = await run([{ name: 'orders', quirk: { stubborn: true } }]);
    await start('orders-0');
    await runtime.close();
    expect(processesWith('GREENROOM_SESSION', session)).toEqual([]);
  });

  it('takes children with it that left its process group', async () => {
    const { runtime, start, session } = await run([{ name: 'orders', quirk: { spawn: true } }]);
    await start('orders-0');
    await eventually('the child runs', () => processesWith('GREENROOM_SESSION', session).length === 3);
    await runtime.close();
    await eventually('all are gone', () => processesWith('GREENROOM_SESSION', session).length === 0);
  });

  it('takes children with it that left its process group and its environment', async () => {
    const bare = `greenroom-bare-${process.pid}`;
    const lives = (): boolean =>
      readdirSync('/proc').some((name) => /^\d+$/.test(name) && isBare(name, bare));
    const { runtime, start } = await run([{ name: 'orders', quirk: { bare } }]);
    await start('orders-0');
    await eventually('the child runs', lives);
    await runtime.close();
    await eventually('it is gone', () => !lives());
  });

  it('fails, with everything of it gone, when its supervisor is killed', async () => {
    const { start, pids, statuses, session } = await run([{ name: 'orders' }]);
    const [supervisor] = pids;
    await start('orders-0');
    process.kill(supervisor ?? 0, 'SIGKILL');
    await eventually('the service is gone', () => processesWith('GREENROOM_SESSION', session).length === 0);
    await eventually(
      'it is told',
      () =>
        statuses.at(-1) ===
        'orders-0 failed: the supervisor of the services was killed (SIGKILL); they were stopped with it',
    );
    expect(pids.size).toBe(0);
  });
});

describe('close', () => {
  it('is idempotent, and frees what was reserved', async () => {
    const { runtime, placements } = await run([{ name: 'orders' }]);
    await Promise.all([runtime.close(), runtime.close()]);
    const port = placements.get('orders-0')?.upstreams[0]?.upstreamPort ?? 0;
    const error = await new Promise<NodeJS.ErrnoException>((resolve) =>
      connect(port, '127.0.0.1').once('error', resolve),
    );
    expect(error.code).toBe('ECONNREFUSED');
  });
});
