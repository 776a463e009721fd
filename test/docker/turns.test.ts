/** Whoever starts and ends an instance at the same time: a person, `develop.watch`, one who scales. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { connectEngine } from '../../mesh/runtimes/docker/dockerode-engine.ts';
import type { Engine } from '../../mesh/runtimes/docker/engine.ts';
import { BOX, buildBox, dialFromAnywhere } from '../support/docker-box.ts';
import { dockerCli, dockerExec } from '../support/docker-cli.ts';
import { type Bench, dockerBench } from '../support/docker-mesh.ts';
import { escaping, plant, type Planted } from '../support/engine-loss.ts';
import { eventually } from '../support/patience.ts';
import { describeWith } from '../support/requires.ts';

const never = new AbortController().signal;

/** Ends when it is so, or with its time. */
const within = (patienceMs: number, holds: () => boolean): Promise<unknown> =>
  eventually('what it waits for', holds, patienceMs).catch(() => undefined);

/** An engine in which the one that begins second is slow between its look for leftovers and its rules. */
async function slowForTheSecond(): Promise<Engine> {
  const engine = await connectEngine();
  let looks = 0;
  let started = 0;
  const slow: Partial<Engine> = {
    async containers(label) {
      looks += 1;
      const look = looks;
      const all = await engine.containers(label);
      const before = started;
      // The other one's rules and its service; where they come one after the other, nothing comes meanwhile.
      if (look === 2) await within(5_000, () => started >= before + 2);
      return all;
    },
    async startContainer(id) {
      await engine.startContainer(id);
      started += 1;
    },
  };
  return new Proxy(engine, {
    get: (target, name) => {
      const own: unknown = Reflect.get(slow, name) ?? Reflect.get(target, name);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}

describeWith('docker', 'an instance that two start at once', () => {
  let one: Bench;
  let planted: Planted | null = null;

  beforeAll(buildBox);
  afterEach(async () => {
    await one.close();
    await planted?.close();
    planted = null;
  });

  it('never runs without its rules, and is ready after both', async () => {
    planted = await plant();
    const script = `${escaping(planted.port)} require('net').createServer().listen(8080);
      process.on('SIGTERM', () => process.exit(0));`;
    one = await dockerBench([{ name: 'web', image: BOX, command: ['node', '-e', script] }], {
      connect: slowForTheSecond,
    });
    await one.up();
    const ends = await Promise.allSettled([
      one.runtime.restart('web-0', never),
      one.runtime.restart('web-0', never),
    ]);
    expect(one.logs.map(({ text }) => text)).not.toContain('ESCAPED');
    expect(planted.visits()).toBe(0);
    await dialFromAnywhere(one.placements[0]?.outboundHost ?? '', planted.port);
    expect(planted.visits(), 'who has no rules gets there').toBe(1);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    expect(one.statuses.at(-1)).toMatchObject({ instance: 'web-0', status: 'ready' });
  }, 120_000);

  it('gets the files that change while it starts', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'greenroom-turns-'));
    try {
      await writeFile(join(folder, 'page'), 'new');
      const script = `setTimeout(() => require('net').createServer().listen(8080), 1_500);`;
      one = await dockerBench([{ name: 'web', image: BOX, command: ['node', '-e', script] }]);
      await one.up();
      const { updates } = one.runtime;
      if (!updates) throw new Error('a docker runtime takes updates');
      const starts = () => one.statuses.filter(({ detail }) => detail === 'waiting for 8080').length;
      const again = one.runtime.restart('web-0', never);
      await eventually('its container', () => starts() === 2, 60_000);
      await eventually(
        'it runs',
        async () => (await dockerExec(one.container('web-0'), 'busybox', 'true')).code === 0,
        60_000,
      );
      await updates.sync('web-0', {
        written: [{ source: join(folder, 'page'), target: '/page' }],
        removed: [],
      });
      await again;
      expect((await dockerExec(one.container('web-0'), 'busybox', 'cat', '/page')).output).toBe('new');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 120_000);

  it('ends with its session though its rm never does', async () => {
    const script = `const fs = require('fs');
      fs.mkdirSync('/bin', { recursive: true });
      fs.rmSync('/bin/rm', { force: true });
      fs.writeFileSync('/bin/rm', '#!/usr/bin/busybox sh\\necho begun >/begun\\nexec busybox sleep 100000\\n', { mode: 0o755 });
      require('net').createServer().listen(8080);`;
    one = await dockerBench([{ name: 'web', image: BOX, command: ['node', '-e', script] }]);
    await one.up();
    const { updates } = one.runtime;
    if (!updates) throw new Error('a docker runtime takes updates');
    const removal = updates.sync('web-0', { written: [], removed: ['/page'] });
    const outcome = expect(removal).rejects.toMatchObject({ code: 'runtime-closed' });
    await eventually(
      'rm runs',
      async () => (await dockerExec(one.container('web-0'), 'busybox', 'cat', '/begun')).code === 0,
      60_000,
    );
    await one.close();
    await outcome;
  }, 120_000);

  const DEAF = `process.on('SIGTERM', () => setTimeout(() => process.exit(0), 1_000));
    require('net').createServer().listen(8080);`;
  const updatesOf = ({ runtime }: Bench) => {
    if (!runtime.updates) throw new Error('a docker runtime takes updates');
    return runtime.updates;
  };
  const state = () => dockerCli('inspect', '--format', '{{.State.Status}}', one.container('web-0'));

  it('is paused after the restart that was under way, not in the middle of it', async () => {
    one = await dockerBench([{ name: 'web', image: BOX, command: ['node', '-e', DEAF] }]);
    await one.up();
    const restart = updatesOf(one).restartInPlace('web-0', never);
    await eventually('it restarts', () => one.statuses.at(-1)?.status === 'restarting');
    await Promise.all([restart, one.runtime.pause('web-0')]);
    expect(one.statuses.slice(-2).map(({ status }) => status)).toEqual(['ready', 'paused']);
    expect(await state()).toBe('paused');
  }, 120_000);

  it('stays paused when its files change, and whoever changed them is told', async () => {
    one = await dockerBench([{ name: 'web', image: BOX, command: ['node', '-e', DEAF] }]);
    await one.up();
    await one.runtime.pause('web-0');
    const id = () => dockerCli('inspect', '--format', '{{.Id}}', one.container('web-0'));
    const before = await id();
    await expect(updatesOf(one).restartInPlace('web-0', never)).rejects.toMatchObject({
      code: 'paused',
      message: expect.stringContaining('web-0 is paused'),
    });
    expect([await state(), await id()]).toEqual(['paused', before]);
    expect(one.statuses.at(-1)).toMatchObject({ status: 'paused' });
    await one.runtime.unpause('web-0');
    expect(await state()).toBe('running');
  }, 120_000);

  it('stays stopped when its files change, and has them at its next start', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'greenroom-turns-'));
    try {
      await writeFile(join(folder, 'page'), 'new');
      one = await dockerBench([{ name: 'web', image: BOX, command: ['node', '-e', DEAF] }]);
      await one.up();
      await one.runtime.stopInstance('web-0', 0);
      await updatesOf(one).sync('web-0', {
        written: [{ source: join(folder, 'page'), target: '/page' }],
        removed: [],
      });
      await updatesOf(one).restartInPlace('web-0', never);
      expect(one.statuses.at(-1)).toMatchObject({ status: 'stopped' });
      await one.start('web-0');
      expect((await dockerExec(one.container('web-0'), 'busybox', 'cat', '/page')).output).toBe('new');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 120_000);
});
