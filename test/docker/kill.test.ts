/**
 * `kill -9` of a Greenroom whose services are containers: the engine doesn't notice, so what is left is found and
 * removed by the next start. What is ours is known by names that no other session has, not by our labels.
 * GREENROOM_KILLS: how many (default 15); GREENROOM_SEED: other moments.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { descendants } from '../support/descendants.ts';
import { BOX, buildBox, startSleeper } from '../support/docker-box.ts';
import { dockerCli, inEngine } from '../support/docker-cli.ts';
import { launcher } from '../support/greenroom.ts';
import { type MarkedGreenroom, markedGreenroom } from '../support/marked-greenroom.ts';
import { recordMeasurement } from '../support/measurement.ts';
import { eventually } from '../support/patience.ts';
import { describeWith, firstMissing } from '../support/requires.ts';
import { random, within } from '../support/seeded-moments.ts';

const KILLS = Number(process.env['GREENROOM_KILLS'] ?? 15);
const SEED = Number(process.env['GREENROOM_SEED'] ?? 20_261_127);
const AFTER_READY_MS = 2_000;
/** One of so many has another Greenroom beside it, which is killed too. */
const SIDE_BY_SIDE_EVERY = 5;
const DECOY = `greenroom-decoy-${process.pid}`;
const SERVICE = `require('net').createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(8080, '0.0.0.0');`;

describeWith(firstMissing('docker', 'compose'), 'kill -9 of Greenroom with containers', () => {
  let folder = '';
  let dataDir = '';
  const all: MarkedGreenroom[] = [];

  /** A project whose services have names that nobody else has. */
  const project = (name: string): string => {
    const at = join(folder, name);
    mkdirSync(at);
    const service = { image: BOX, command: ['node', '-e', SERVICE], expose: ['8080'], init: true };
    const compose = {
      services: {
        [`${name}-web`]: { ...service, depends_on: [`${name}-db`] },
        [`${name}-db`]: { ...service, volumes: [`${name}data:/data`] },
      },
      volumes: { [`${name}data`]: {} },
    };
    // YAML is a superset of JSON.
    writeFileSync(join(at, 'compose.yaml'), JSON.stringify(compose));
    const mesh = {
      apiVersion: 'greenroom.dev/v1',
      kind: 'Mesh',
      metadata: { name },
      spec: { namespace: 'shop', compose: './compose.yaml' },
    };
    writeFileSync(join(at, 'greenroom.yaml'), JSON.stringify(mesh));
    return at;
  };

  /** The next start: a mesh without containers, which removes what is left first. */
  const sweeper = (): string => {
    const at = join(folder, 'sweeper');
    mkdirSync(at, { recursive: true });
    const mesh = {
      apiVersion: 'greenroom.dev/v1',
      kind: 'Mesh',
      metadata: { name: 'sweeper' },
      spec: {
        namespace: 'shop',
        services: {
          idle: {
            command: [
              'node',
              '-e',
              `require('net').createServer().listen(Number(process.env.PORT), '127.0.0.1')`,
            ],
            ports: [{ name: 'tcp', port: 80 }],
          },
        },
      },
    };
    writeFileSync(join(at, 'greenroom.yaml'), JSON.stringify(mesh));
    return at;
  };

  const start = (at: string, ...options: string[]): MarkedGreenroom => {
    const words = [launcher, 'up', at, ...options];
    const greenroom = markedGreenroom(words, { dataDir, ready: / up \((?:docker|process)\)/ });
    all.push(greenroom);
    return greenroom;
  };

  /** The next start, its cleanup, and its end in order. */
  const nextStart = async (): Promise<string> => {
    const next = start(sweeper(), '--runtime', 'process', '--remove-orphans');
    expect(await next.ready, next.output()).toBe(true);
    next.child.kill('SIGTERM');
    expect(await next.gone, next.output()).not.toBe(null);
    return next.output();
  };

  /** Containers, networks and volumes with `name` in theirs, and processes of those Greenrooms. */
  const left = async (name: string, greenrooms: readonly MarkedGreenroom[]): Promise<(string | number)[]> => [
    ...(await inEngine()).filter((one) => one.includes(name)),
    ...greenrooms.flatMap(({ mark }) => descendants(mark)),
  ];

  const decoys = async (): Promise<string[]> => (await inEngine()).filter((name) => name.startsWith(DECOY));

  beforeAll(async () => {
    await buildBox();
    folder = mkdtempSync(join(tmpdir(), 'greenroom-docker-kill-'));
    dataDir = join(folder, 'data');
    // Somebody else's, as like ours as may be.
    const label = ['--label', 'dev.greenroom.session=somebody-else'];
    await dockerCli('network', 'create', ...label, DECOY);
    await dockerCli('volume', 'create', ...label, DECOY);
    await startSleeper(DECOY, '--network', DECOY, ...label);
  });

  afterAll(async () => {
    for (const greenroom of all) await greenroom.kill();
    await nextStart();
    await dockerCli('rm', '--force', DECOY);
    await dockerCli('network', 'rm', DECOY);
    await dockerCli('volume', 'rm', DECOY);
    rmSync(folder, { recursive: true, force: true });
  });

  it('without the cleanup of a next start containers, a network of each and volumes are left: this test can see them', async () => {
    const name = `gk${process.pid}a`;
    const greenroom = start(project(name), '--runtime', 'docker');
    expect(await greenroom.ready, greenroom.output()).toBe(true);
    await greenroom.kill();
    const kinds = (await left(name, [])).map((one) => `${one}`.replace(/^.*-/, ''));
    expect(kinds).toEqual(expect.arrayContaining(['pod', 'service', 'volume']));
    expect((await inEngine()).filter((one) => one.includes(name)).length).toBeGreaterThanOrEqual(7);
    expect(await nextStart()).toContain(`left behind by an earlier crash: ${name}-`);
    expect(await left(name, [greenroom])).toEqual([]);
  }, 120_000);

  it(
    `with it nothing is left, at ${KILLS} moments, and nothing of anybody else's is gone`,
    async () => {
      const before = await decoys();
      expect(before).toHaveLength(3);
      const since = performance.now();
      const first = start(project(`gk${process.pid}b`), '--runtime', 'docker');
      expect(await first.ready, first.output()).toBe(true);
      const readyMs = performance.now() - since;
      await first.kill();
      await nextStart();
      let early = 0;
      const moments = within(0, readyMs + AFTER_READY_MS, KILLS, random(SEED));
      for (const [index, moment] of moments.entries()) {
        const name = `gk${process.pid}n${index}x`;
        const label = `kill ${index} at ${Math.round(moment)} ms of ${Math.round(readyMs)} ms (seed ${SEED})`;
        const both = index % SIDE_BY_SIDE_EVERY === SIDE_BY_SIDE_EVERY - 1;
        const greenrooms = (both ? [`${name}p`, `${name}q`] : [name]).map((one) =>
          start(project(one), '--runtime', 'docker'),
        );
        let isReady = false;
        void greenrooms[0]?.ready.then((ready) => {
          isReady = ready;
        });
        await pause(moment);
        for (const { child, output } of greenrooms)
          expect(child.exitCode, `${label}: ended by itself: ${output()}`).toBe(null);
        if (!isReady) early += 1;
        await Promise.all(greenrooms.map((greenroom) => greenroom.kill()));
        await nextStart();
        // A command of ours (an image being built, the plugin) may outlive us by a moment.
        await eventually(
          `${label}: nothing is left`,
          async () => (await left(name, greenrooms)).length === 0,
        );
        expect(await decoys(), label).toEqual(before);
        expect(readdirSync(join(dataDir, 'sessions')), label).toEqual([]);
      }
      recordMeasurement(
        'docker-kill-9',
        `GREENROOM_MEASURE=1 GREENROOM_KILLS=${KILLS} GREENROOM_SUITE=docker npx vitest run test/docker/kill.test.ts`,
        {
          seed: SEED,
          kills: KILLS,
          duringStartUp: early,
          sideBySide: Math.floor(KILLS / SIDE_BY_SIDE_EVERY),
          readyMs: Math.round(readyMs),
          leftAfterTheNextStart: 0,
          decoysGone: 0,
        },
      );
    },
    120_000 + KILLS * 40_000,
  );
});
