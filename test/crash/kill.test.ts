/**
 * `kill -9` of a running Greenroom: a second later nothing of it lives, and the next start finds nothing. Processes
 * are recognized by a folder on the PATH that they inherit, not by anything that the session itself wrote or marked.
 * GREENROOM_KILLS: how many (default 10).
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findOrphans, removeOrphans } from '../../mesh/orphans.ts';
import { descendants } from '../support/descendants.ts';
import { type MarkedGreenroom, markedGreenroom } from '../support/marked-greenroom.ts';
import { recordMeasurement } from '../support/measurement.ts';
import { eventually } from '../support/patience.ts';
import { random, within } from '../support/seeded-moments.ts';

const KILLS = Number(process.env['GREENROOM_KILLS'] ?? 10);
/** Which moments are drawn; another seed, other moments. */
const SEED = Number(process.env['GREENROOM_SEED'] ?? 20_260_101);
const ALLOWED_MS = 1_000;
const AFTER_READY_MS = 2_000;
const START_UP_SHARE = 0.3;
const CLI = fileURLToPath(new URL('../../bin/greenroom.js', import.meta.url));
const MAIN = fileURLToPath(new URL('./greenroom-main.ts', import.meta.url));
const SHOP = fileURLToPath(new URL('../../scenarios/shop/', import.meta.url));

let dataDir = '';
const all: MarkedGreenroom[] = [];

/** The command as users run it, a session under traffic, and the same without a supervisor. */
const COMMANDS = {
  up: [CLI, 'up', SHOP, '--runtime', 'process'],
  traffic: [MAIN, SHOP, 'supervised'],
  careless: [MAIN, SHOP, 'careless'],
};

function start(kind: keyof typeof COMMANDS): MarkedGreenroom {
  const greenroom = markedGreenroom(COMMANDS[kind], { dataDir, ready: /services up|^ready /m });
  all.push(greenroom);
  return greenroom;
}

async function survivors(greenroom: MarkedGreenroom): Promise<number[]> {
  const killed = greenroom.kill();
  const killedAt = performance.now();
  await killed;
  for (;;) {
    const alive = descendants(greenroom.mark);
    if (alive.length === 0 || performance.now() - killedAt > ALLOWED_MS) return alive;
    await pause(10);
  }
}

/**
 * What the next start would find. A process that is on its way out loses its environment, by which `survivors` knows
 * it, a moment before it is gone, by which orphans are known; hence the same second.
 */
async function orphansLeft(): Promise<string[]> {
  const since = performance.now();
  for (;;) {
    const orphans = await findOrphans(dataDir);
    if (orphans.length === 0 || performance.now() - since > ALLOWED_MS)
      return orphans.map(({ description }) => description);
    await pause(10);
  }
}

/** Spread evenly over [0, ready + 2 s], one in each equal part, with their share before ready. */
function moments(count: number, readyMs: number): number[] {
  const draw = random(SEED);
  const early = Math.ceil(count * Math.max(START_UP_SHARE, readyMs / (readyMs + AFTER_READY_MS)));
  return [...within(0, readyMs, early, draw), ...within(readyMs, AFTER_READY_MS, count - early, draw)];
}

describe.skipIf(process.platform !== 'linux')('kill -9 of Greenroom', () => {
  beforeAll(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'greenroom-crash-'));
  });

  afterAll(async () => {
    for (const greenroom of all) await greenroom.kill();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('leaves leaked services where there is no supervisor: this test can see a leak, and orphans are found and removed', async () => {
    const careless = start('careless');
    expect(await careless.ready, careless.output()).toBe(true);
    const leaked = await survivors(careless);
    expect(leaked.length).toBeGreaterThanOrEqual(5);
    const orphans = await findOrphans(dataDir);
    expect(orphans.map(({ name }) => name).sort()).toEqual(expect.arrayContaining(['orders-0', 'web-0']));
    expect(orphans[0]?.description).toMatch(/ of shop: .*node.* \(process \d+\)$/);
    expect(await removeOrphans(orphans)).toHaveLength(orphans.length);
    expect(descendants(careless.mark)).toEqual([]);
    expect(await findOrphans(dataDir)).toEqual([]);
    expect(readdirSync(join(dataDir, 'sessions'))).toEqual([]);
  });

  it(
    `leaves no process a second later, at ${KILLS} moments`,
    async () => {
      const before = performance.now();
      const first = start('up');
      expect(await first.ready, first.output()).toBe(true);
      const readyMs = performance.now() - before;
      expect(await survivors(first)).toEqual([]);
      const early = { wanted: Math.ceil(KILLS * START_UP_SHARE), seen: 0 };
      const goneAfterMs: number[] = [];
      for (const [index, moment] of moments(KILLS, readyMs).entries()) {
        const label = `kill ${index} at ${Math.round(moment)} ms of ${Math.round(readyMs)} ms (seed ${SEED})`;
        const greenroom = start(index % 2 === 0 ? 'up' : 'traffic');
        let isReady = false;
        void greenroom.ready.then((ready) => {
          isReady = ready;
        });
        await pause(moment);
        expect(greenroom.child.exitCode, `${label}: ended by itself: ${greenroom.output()}`).toBe(null);
        if (!isReady) early.seen += 1;
        const killedAt = performance.now();
        expect(await survivors(greenroom), label).toEqual([]);
        goneAfterMs.push(Math.round(performance.now() - killedAt));
        expect(greenroom.output(), label).not.toMatch(/left behind|Error/);
        expect(await orphansLeft(), label).toEqual([]);
        expect(readdirSync(join(dataDir, 'sessions')), label).toEqual([]);
      }
      expect(early.seen).toBeGreaterThanOrEqual(early.wanted);
      recordMeasurement('kill-9', `GREENROOM_MEASURE=1 GREENROOM_KILLS=${KILLS} npm run test:crash`, {
        seed: SEED,
        kills: KILLS,
        duringStartUp: early.seen,
        sideBySide: 2,
        readyMs: Math.round(readyMs),
        survivorsAfterOneSecond: 0,
        nextStartsThatFoundSomething: 0,
        slowestGoneAfterMs: Math.max(...goneAfterMs),
      });
    },
    60_000 + KILLS * 10_000,
  );

  it.each(['while it starts', 'when it is ready'])(
    'spares another Greenroom beside it, killed %s',
    async (when) => {
      const spared = start('traffic');
      expect(await spared.ready, spared.output()).toBe(true);
      const killed = start('up');
      if (when === 'while it starts')
        await eventually('it has a process', () => descendants(killed.mark).length > 2);
      else expect(await killed.ready, killed.output()).toBe(true);
      const living = descendants(spared.mark);
      expect(await survivors(killed)).toEqual([]);
      expect(await orphansLeft()).toEqual([]);
      expect(descendants(spared.mark)).toEqual(living);
      spared.child.kill('SIGTERM');
      expect(await spared.gone, spared.output()).toBe(0);
      expect(descendants(spared.mark)).toEqual([]);
      expect(readdirSync(join(dataDir, 'sessions'))).toEqual([]);
    },
  );
});
