import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { BOX, buildBox, dial, ECHO_SERVICE } from '../support/docker-box.ts';
import { dockerCli, inEngine } from '../support/docker-cli.ts';
import { buildProgramImage, removeImage } from '../support/docker-images.ts';
import {
  dockerBench,
  knock,
  type Bench,
  type BenchParts,
  type ServiceShape,
} from '../support/docker-mesh.ts';
import { describeWith } from '../support/requires.ts';

const WITHOUT_NFT = `greenroom-test-without-nft:${process.pid}`;
const orders = { name: 'orders', image: BOX, command: ECHO_SERVICE };
const ALWAYS = { when: 'always', attempts: null } as const;
const running = (script: string) => ({ ...orders, command: ['node', '-e', script] });

describeWith('docker', 'the life of a service in a pod', () => {
  const benches: Bench[] = [];
  const bench = async (services: readonly ServiceShape[], parts: BenchParts = {}): Promise<Bench> => {
    const made = await dockerBench(services, parts);
    benches.push(made);
    return made;
  };

  beforeAll(buildBox);
  afterEach(async () => {
    for (const made of benches.splice(0)) await made.close();
  });
  afterAll(() => removeImage(WITHOUT_NFT));

  it('doesn’t begin without image and build: says where the service is declared', async () => {
    const one = await bench([{ ...orders, image: null }]);
    await expect(one.prepare()).rejects.toMatchObject({
      code: 'no-image',
      hint: expect.stringContaining('greenroom.yaml:1'),
    });
  });

  it('says why a build failed, with its last lines', async () => {
    const context = await mkdtemp(join(tmpdir(), 'greenroom-build-'));
    try {
      await writeFile(join(context, 'Dockerfile'), 'FROM scratch\nCOPY nothing-here /\n');
      const one = await bench([{ ...orders, image: null, build: { context } }]);
      await expect(one.prepare()).rejects.toMatchObject({
        code: 'build-failed',
        lines: expect.arrayContaining([expect.stringContaining('nothing-here')]),
      });
    } finally {
      await rm(context, { recursive: true, force: true });
    }
  });

  it('runs what it built', async () => {
    const context = await mkdtemp(join(tmpdir(), 'greenroom-build-'));
    try {
      await writeFile(join(context, 'Dockerfile'), `FROM ${BOX}\nENV BUILT=yes\n`);
      const one = await bench([
        {
          ...running(
            'console.log("built: " + process.env.BUILT); require("net").createServer().listen(8080)',
          ),
          image: null,
          build: { context },
        },
      ]);
      await one.up();
      await expect.poll(() => one.logs.map(({ text }) => text)).toContain('built: yes');
      await one.close();
      await removeImage('greenroom-build/test/orders:latest').catch(() => undefined);
    } finally {
      await rm(context, { recursive: true, force: true });
    }
  });

  it('says how a service ended that exits at once, with its last lines', async () => {
    const one = await bench([running('console.error("no database here"); process.exit(7)')]);
    await expect(one.up()).rejects.toMatchObject({
      code: 'service-exited',
      message: expect.stringContaining('code 7'),
      lines: ['no database here'],
    });
    expect(one.statuses.at(-1)).toMatchObject({ instance: 'orders-0', status: 'failed' });
  });

  it('says what it waited for, and how long, when a service never listens where others can reach it', async () => {
    const one = await bench([running('require("net").createServer().listen(8080, "127.0.0.1")')], {
      readyTimeoutMs: 700,
    });
    await expect(one.up()).rejects.toMatchObject({
      code: 'service-not-ready',
      message: expect.stringMatching(/waited 0?\.?\d.* for a connection to 198\.\d+\.\d+\.\d+:8080/),
      hint: expect.stringContaining('0.0.0.0'),
    });
  });

  it('tells of a service that crashes later', async () => {
    const one = await bench([
      running('require("net").createServer((s) => s.on("data", () => process.exit(3))).listen(8080)'),
    ]);
    await one.up();
    const [upstream] = one.placements[0]?.upstreams ?? [];
    if (!upstream) throw new Error('no upstream');
    await knock(upstream.host, upstream.upstreamPort);
    await expect
      .poll(() => one.statuses.at(-1), { timeout: 10_000 })
      .toEqual({ instance: 'orders-0', status: 'failed', detail: 'exited with code 3' });
  });

  it('hands on its output, by stream and by line, to the last one', async () => {
    const one = await bench([
      running(
        'console.log("one\\ntwo"); console.error("three"); process.stdout.write("four"); require("net").createServer().listen(8080); process.on("SIGTERM", () => { console.log(", five"); process.exit(0) })',
      ),
    ]);
    await one.up();
    await one.runtime.stopInstance('orders-0');
    const lines = one.logs.map(({ stream, text }) => `${stream}: ${text}`);
    expect(lines.filter((line) => line.startsWith('stdout'))).toEqual([
      'stdout: one',
      'stdout: two',
      'stdout: four, five',
    ]);
    expect(lines.filter((line) => line.startsWith('stderr'))).toEqual(['stderr: three']);
  });

  it('is asked before it is killed, and starts again in the same pod', async () => {
    const one = await bench([orders, { ...orders, name: 'payments' }]);
    await one.up();
    const first = await dockerCli('inspect', '--format', '{{.Id}}', one.container('orders-0'));
    await one.runtime.restart('orders-0', new AbortController().signal);
    expect(one.logs.map(({ text }) => text)).toContain('asked to stop');
    expect(await dockerCli('inspect', '--format', '{{.Id}}', one.container('orders-0'))).not.toBe(first);
    expect(await dial(one.container('orders-0'), 'payments', 80)).toBe('this is payments:80');
    expect(one.runtime.containment).toBe('full');
    expect(one.statuses.filter(({ instance }) => instance === 'orders-0').at(-1)?.status).toBe('ready');
    await one.runtime.stopInstance('orders-0');
    expect(one.statuses.at(-1)).toMatchObject({ instance: 'orders-0', status: 'stopped' });
    expect(await inEngine(`dev.greenroom.role=service`)).not.toContain(one.container('orders-0'));
  });

  it('answers nobody while it is paused, goes on afterwards, and ends in order though it is paused', async () => {
    const one = await bench([orders]);
    await one.up();
    const [upstream] = one.placements[0]?.upstreams ?? [];
    if (!upstream) throw new Error('no upstream');
    const at = () => dockerCli('inspect', '--format', '{{.State.Status}}', one.container('orders-0'));
    await one.runtime.pause('orders-0');
    expect(await at()).toBe('paused');
    const answer = knock(upstream.host, upstream.upstreamPort);
    await one.runtime.unpause('orders-0');
    expect(await answer, 'what was sent meanwhile waits').toBe('ping');
    await one.runtime.pause('orders-0');
    await one.runtime.stopInstance('orders-0');
    expect(one.logs.map(({ text }) => text)).toContain('asked to stop');
    expect(one.statuses.at(-1)).toMatchObject({ status: 'stopped' });
    await expect(one.runtime.pause('orders-0')).rejects.toMatchObject({ code: 'not-running' });
  });

  it('is killed at once where the grace is none, and has as long as it is given', async () => {
    const deaf =
      'process.on("SIGTERM", () => console.log("heard")); require("net").createServer().listen(8080)';
    const one = await bench([running(deaf)]);
    await one.up();
    await one.runtime.stopInstance('orders-0', 0);
    expect(one.logs.map(({ text }) => text)).not.toContain('heard');
    await one.start('orders-0');
    await one.runtime.stopInstance('orders-0', 1_000);
    expect(one.logs.map(({ text }) => text)).toContain('heard');
  });

  it('crashes by a signal: without a restart policy it stays down, with one it comes back', async () => {
    const one = await bench([orders, { ...orders, name: 'web', container: { restart: ALWAYS } }]);
    await one.up();
    await one.runtime.kill('orders-0', 'SIGKILL');
    await one.runtime.kill('web-0', 'SIGKILL');
    const last = (instance: string) => one.statuses.filter((each) => each.instance === instance).at(-1);
    await expect
      .poll(() => last('orders-0'), { timeout: 10_000 })
      .toMatchObject({ status: 'failed', detail: 'exited with code 137' });
    await expect
      .poll(() => one.statuses, { timeout: 10_000 })
      .toContainEqual({
        instance: 'web-0',
        status: 'restarting',
        detail: 'exited with code 137; again in 0.1 s',
      });
    await expect.poll(() => last('web-0'), { timeout: 10_000 }).toMatchObject({ status: 'ready' });
  });

  it('is told as a crash loop with what it said last, each pause longer than the one before, until it is given up', async () => {
    const once =
      'const fs = require("fs"); if (fs.existsSync("/tmp/ran")) { console.error("no database"); setTimeout(() => process.exit(9), 200); } else { fs.writeFileSync("/tmp/ran", ""); require("net").createServer((s) => s.on("data", () => process.exit(3))).listen(8080); }';
    const one = await bench([
      { ...running(once), container: { restart: { when: 'on-failure', attempts: 3 } } },
    ]);
    await one.up();
    const [upstream] = one.placements[0]?.upstreams ?? [];
    await knock(upstream?.host ?? '', upstream?.upstreamPort ?? 0);
    await expect.poll(() => one.statuses.at(-1)?.status, { timeout: 20_000 }).toBe('failed');
    const told = one.statuses.filter(({ status }) => ['restarting', 'failed'].includes(status));
    expect(told.map(({ detail }) => detail)).toEqual([
      'exited with code 3; again in 0.1 s',
      'crash loop: exited with code 9, 2 times in a row; again in 0.2 s; its last line: no database',
      'crash loop: exited with code 9, 3 times in a row; again in 0.4 s; its last line: no database',
      'exited with code 9; given up after 3 restarts in a row',
    ]);
  });

  it('that comes back and never listens again is stopped, and its start told as failed', async () => {
    const once =
      'const fs = require("fs"); if (fs.existsSync("/tmp/ran")) setInterval(() => {}, 1000); else { fs.writeFileSync("/tmp/ran", ""); require("net").createServer((s) => s.on("data", () => process.exit(3))).listen(8080); }';
    const one = await bench([{ ...running(once), container: { restart: ALWAYS } }], {
      readyTimeoutMs: 5_000,
    });
    await one.up();
    const [upstream] = one.placements[0]?.upstreams ?? [];
    await knock(upstream?.host ?? '', upstream?.upstreamPort ?? 0);
    await expect.poll(() => one.statuses.at(-1)?.status, { timeout: 20_000 }).toBe('failed');
    expect(one.statuses.at(-1)?.detail).toContain('for a connection to');
    const state = await dockerCli('inspect', '--format', '{{.State.Status}}', one.container('orders-0'));
    expect(state).toBe('exited');
  });

  it('is contained in part, and said to be, where rules can’t be installed; its peers are told by variables', async () => {
    await buildProgramImage(WITHOUT_NFT, ['/usr/bin/busybox']);
    const one = await bench([orders, { ...orders, name: 'payments' }], { helperImage: WITHOUT_NFT });
    await one.up();
    expect(one.runtime.containment).toBe('partial');
    expect(one.statuses).toContainEqual({
      instance: 'orders-0',
      status: 'starting',
      detail: expect.stringContaining('nft'),
    });
    const told = await dockerCli(
      'exec',
      one.container('orders-0'),
      'node',
      '-p',
      'process.env.GREENROOM_ADDR_PAYMENTS_80',
    );
    const [host, port] = told.split(':');
    expect(await dial(one.container('orders-0'), host ?? '', Number(port))).toBe('this is payments:80');
    expect(await one.runtime.refusals('orders-0'), 'nothing is counted there').toBeNull();
  });
});
