import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { BOX, buildBox, echoProject } from '../support/docker-box.ts';
import { dockerCli, inEngine } from '../support/docker-cli.ts';
import {
  answeredAgain,
  escaping,
  load,
  type Load,
  lossMesh,
  lossSession,
  type LossSession,
  plant,
  type Planted,
} from '../support/engine-loss.ts';
import { temporaryFolder } from '../support/greenroom.ts';
import { greenroomUp } from '../support/greenroom-up.ts';
import { eventually } from '../support/patience.ts';
import type { PrivateEngine } from '../support/private-engine.ts';
import { describeWith } from '../support/requires.ts';
import { useEngine } from '../support/use-engine.ts';

const PATIENCE_MS = 240_000;

describeWith('own-engine', 'containers that survive their engine (live-restore)', () => {
  let engine: PrivateEngine;
  let listener: Planted;

  useEngine((made) => (engine = made), { liveRestore: true });
  beforeAll(async () => {
    await buildBox();
    listener = await plant();
  }, PATIENCE_MS);
  afterAll(() => listener?.close());

  it(
    'go on being called while it is away, and are watched again, not started, when it is back',
    async () => {
      const one = await lossSession(lossMesh(listener.port));
      const calls = await load(one.session);
      try {
        await answeredAgain(one, calls, PATIENCE_MS);
        const started = () =>
          dockerCli('inspect', '--format', '{{.State.StartedAt}}', one.container('orders-0'));
        const first = await started();
        await engine.kill();
        await eventually('the engine is said to be away', () => one.session.state().engineAbsence, 30_000);
        const answered = calls.answered();
        await eventually('calls are answered meanwhile', () => calls.answered() > answered, 60_000);
        await engine.start();
        await answeredAgain(one, calls, PATIENCE_MS);
        expect(await started()).toBe(first);
        // Its end is noticed again: it is watched.
        await dockerCli('kill', one.container('orders-0'));
        await eventually('its end is told', () =>
          one.session
            .state()
            .workloads.some(({ instances }) =>
              instances.some(({ id, detail }) => id === 'orders-0' && detail?.includes('137') === true),
            ),
        );
        await answeredAgain(one, calls, PATIENCE_MS);
        expect(listener.visits()).toBe(0);
        expect(
          (await one.everything()).filter((line) => /^got (foe|intruder)|UNPROTECTED/.test(line)),
        ).toEqual([]);
      } finally {
        await calls.end();
        await one.stop();
      }
    },
    PATIENCE_MS,
  );
});

describeWith('own-engine', 'a session whose engine goes away and comes back', () => {
  let engine: PrivateEngine;
  let listener: Planted;
  const open: { one: LossSession; calls: Load }[] = [];

  const underLoad = async (): Promise<{ one: LossSession; calls: Load }> => {
    const one = await lossSession(lossMesh(listener.port));
    const calls = await load(one.session);
    const entry = { one, calls };
    open.push(entry);
    await answeredAgain(one, calls, PATIENCE_MS);
    return entry;
  };
  const away = ({ session }: LossSession) =>
    eventually('the engine is said to be away', () => session.state().engineAbsence, 30_000);
  /** What `orders` got all the time, by its own log; and that nobody got past a sidecar. */
  const nothingUnprotected = async (one: LossSession): Promise<void> => {
    const lines = await one.everything();
    const marks = new Set(lines.map((line) => line.split(' ')[1]));
    expect([...marks].toSorted()).toEqual(['friend', 'web']);
    for (const line of lines) expect(line).toContain('URI=spiffe://cluster.local/ns/shop/sa/web');
    expect(listener.visits()).toBe(0);
    for (const instance of ['orders-0', 'web-0', 'intruder-0'])
      expect(await dockerCli('logs', one.container(instance))).not.toContain('ESCAPED');
  };

  useEngine((made) => (engine = made));
  beforeAll(async () => {
    await buildBox();
    // The way out that they all try is one, for whoever has no rules.
    const control = await plant();
    await dockerCli('network', 'create', '--internal', '--subnet', '203.0.113.0/29', 'no-rules');
    try {
      const out = await dockerCli(
        'run',
        '--rm',
        '--network',
        'no-rules',
        BOX,
        'node',
        '-e',
        `${escaping(control.port)} setTimeout(() => process.exit(0), 1000)`,
      );
      expect(out).toContain('ESCAPED');
      expect(control.visits()).toBeGreaterThan(0);
    } finally {
      await control.close();
      await dockerCli('network', 'rm', 'no-rules');
    }
    listener = await plant();
  }, PATIENCE_MS);
  afterEach(async () => {
    for (const { one, calls } of open.splice(0)) {
      await calls.end();
      await one.stop();
      expect(await inEngine(`dev.greenroom.session=${one.session.id}`)).toEqual([]);
    }
  }, PATIENCE_MS);
  afterAll(() => listener?.close());

  it(
    'is back with the same containers, rules before each start, when the engine was stopped and started',
    async () => {
      const { one, calls } = await underLoad();
      const id = await dockerCli('inspect', '--format', '{{.Id}}', one.container('orders-0'));
      await engine.stop();
      await away(one);
      await eventually('all are said to be down', () =>
        one.session
          .state()
          .workloads.flatMap(({ instances }) => instances)
          .every(({ status }) => status === 'restarting'),
      );
      await engine.start();
      await answeredAgain(one, calls, PATIENCE_MS);
      expect(await dockerCli('inspect', '--format', '{{.Id}}', one.container('orders-0'))).toBe(id);
      await nothingUnprotected(one);
      // What they try all the time is refused, and counted, in the new namespaces too.
      for (const instance of ['orders-0', 'web-0', 'intruder-0'])
        expect((await one.session.refusals(instance))?.tcp).toBeGreaterThan(0);
    },
    PATIENCE_MS,
  );

  it(
    'is back, beside another session that is back too, when the engine was killed',
    async () => {
      const first = await underLoad();
      const second = await underLoad();
      await engine.kill();
      await Promise.all([away(first.one), away(second.one)]);
      await engine.start();
      await Promise.all([first, second].map(({ one, calls }) => answeredAgain(one, calls, PATIENCE_MS)));
      await nothingUnprotected(first.one);
      await nothingUnprotected(second.one);
    },
    PATIENCE_MS,
  );

  it(
    'goes on when the engine hung, and says that it did',
    async () => {
      const { one, calls } = await underLoad();
      const started = await dockerCli(
        'inspect',
        '--format',
        '{{.State.StartedAt}}',
        one.container('orders-0'),
      );
      engine.hang();
      try {
        expect((await away(one)).why).toContain('no answer');
        const answered = calls.answered();
        await eventually('calls are answered meanwhile', () => calls.answered() > answered);
      } finally {
        engine.resume();
      }
      await answeredAgain(one, calls, PATIENCE_MS);
      expect(await dockerCli('inspect', '--format', '{{.State.StartedAt}}', one.container('orders-0'))).toBe(
        started,
      );
      await nothingUnprotected(one);
    },
    PATIENCE_MS,
  );

  it(
    'leaves alone an instance that was to be removed meanwhile, until somebody scales its service again',
    async () => {
      const { one, calls } = await underLoad();
      const { session } = one;
      const intruder = () =>
        session.state().workloads.flatMap(({ id, instances }) => (id === 'intruder' ? instances : []));
      const told: unknown[] = [];
      await engine.stop();
      await away(one);
      await eventually('it is said to be down', () => intruder()[0]?.status === 'restarting');
      await expect(session.scale('intruder', 0)).rejects.toMatchObject({
        code: 'not-removed',
        message: expect.stringMatching(/^intruder-0 could not be removed: The Docker engine/),
      });
      const [left] = intruder();
      expect(left).toMatchObject({
        status: 'failed',
        detail: expect.stringMatching(/^could not be removed: The Docker engine/),
      });
      const unlisten = session.onState(() => told.push(...intruder()));
      await engine.start();
      await eventually(
        'the others are back, as it would be',
        () =>
          session.state().engineAbsence === null &&
          session
            .state()
            .workloads.flatMap(({ id, instances }) => (id === 'intruder' ? [] : instances))
            .every(({ status }) => status === 'ready'),
        PATIENCE_MS,
      );
      unlisten();
      expect(new Set(told.map((state) => JSON.stringify(state)))).toEqual(new Set([JSON.stringify(left)]));
      await session.scale('intruder', 1);
      expect(intruder()).toMatchObject([{ id: 'intruder-0', status: 'ready' }]);
      await answeredAgain(one, calls, PATIENCE_MS);
      await nothingUnprotected(one);
    },
    PATIENCE_MS,
  );

  it(
    'is told by `up`: away and why, back, and each service that is ready again',
    async () => {
      const folder = await temporaryFolder({ 'greenroom.yaml': echoProject('shop') });
      const up = await greenroomUp(folder.path, {});
      try {
        await engine.stop();
        await eventually('it says that the engine is away', () =>
          /the Docker engine is away: .*\n {2}hint: start it again/.test(up.said()),
        );
        await engine.start();
        await eventually(
          'it says that all is well again',
          () => /the Docker engine is back\n(.*\n)*orders-0 is ready again/.test(up.said()),
          PATIENCE_MS,
        );
      } finally {
        expect(await up.interrupt()).toBe(130);
        await folder.remove();
      }
      expect(await inEngine(`dev.greenroom.session=${up.session}`)).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'installs rules anew for a service that ends after somebody started its pod again',
    async () => {
      const { one, calls } = await underLoad();
      // Its namespace is another one then, without rules; the service is still in the old one.
      await dockerCli('restart', '--time', '0', `greenroom-${one.session.id}-web-0-pod`);
      await dockerCli('kill', one.container('web-0'));
      await eventually('web was down', () =>
        one.session
          .state()
          .workloads.some(({ instances }) =>
            instances.some(({ restarts, id }) => id === 'web-0' && restarts > 0),
          ),
      );
      await answeredAgain(one, calls, PATIENCE_MS);
      await nothingUnprotected(one);
      expect((await one.session.refusals('web-0'))?.tcp).toBeGreaterThan(0);
    },
    PATIENCE_MS,
  );
});
