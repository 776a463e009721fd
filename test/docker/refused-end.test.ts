/** An engine that refuses to end a container: what is said of it is so, and the next try works. */
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createDockerRuntime } from '../../mesh/runtimes/docker/docker-runtime.ts';
import type { Session } from '../../mesh/session.ts';
import { startSession } from '../../mesh/start-session.ts';
import { callerAndCalled, callOrders } from '../support/constant-load.ts';
import { BOX, buildBox, ECHO_SERVICE } from '../support/docker-box.ts';
import { dockerCli, inEngine } from '../support/docker-cli.ts';
import { type Bench, containerOptions, dockerBench } from '../support/docker-mesh.ts';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';
import { eventually } from '../support/patience.ts';
import { REFUSAL, type Refusing, refusingEngine } from '../support/refusing-engine.ts';
import { describeWith } from '../support/requires.ts';

const never = new AbortController().signal;
const PATIENCE = { timeout: 20_000 };

describeWith('docker', 'a service that the engine doesn’t end', () => {
  let engine: Refusing;
  let one: Bench;
  const last = () => one.statuses.at(-1);
  const ofIt = () => inEngine(`dev.greenroom.session=${one.sessionId}`);

  const made = async (command: readonly string[]): Promise<void> => {
    engine = refusingEngine();
    one = await dockerBench([{ name: 'web', image: BOX, command }], { connect: engine.connect });
  };
  const running = async (): Promise<void> => {
    await made(ECHO_SERVICE);
    await one.up();
  };

  beforeAll(buildBox);
  afterEach(async () => {
    engine.refused.clear();
    await one.close();
    expect(await ofIt()).toEqual([]);
  });

  it('is ready, as it is, with the engine’s words; its crash is noticed, and it can be stopped again', async () => {
    await running();
    engine.refused.add('stopContainer');
    await expect(one.runtime.stopInstance('web-0')).rejects.toMatchObject({ message: REFUSAL });
    expect(last()).toEqual({
      instance: 'web-0',
      status: 'ready',
      detail: `could not be stopped: ${REFUSAL}`,
    });
    await one.runtime.kill('web-0', 'SIGKILL');
    await expect.poll(last, PATIENCE).toMatchObject({ status: 'failed', detail: 'exited with code 137' });
    await one.runtime.restart('web-0', never).catch(() => undefined);
    engine.refused.clear();
    await one.runtime.restart('web-0', never);
    await one.runtime.stopInstance('web-0');
    expect(last()).toEqual({ instance: 'web-0', status: 'stopped', detail: null });
    expect(await ofIt()).not.toContain(one.container('web-0'));
  }, 120_000);

  it('has ended and is said to have left its container, where only that stays; the next stop removes it', async () => {
    await running();
    engine.refused.add('removeContainer');
    await expect(one.runtime.stopInstance('web-0')).rejects.toMatchObject({ message: REFUSAL });
    expect(last()).toEqual({
      instance: 'web-0',
      status: 'stopped',
      detail: `its container is still there: could not be stopped: ${REFUSAL}`,
    });
    engine.refused.clear();
    await one.runtime.stopInstance('web-0');
    expect(last()).toEqual({ instance: 'web-0', status: 'stopped', detail: null });
    expect(await ofIt()).not.toContain(one.container('web-0'));
  }, 120_000);

  it('goes on where it can’t be started again, and says so', async () => {
    await running();
    engine.refused.add('stopContainer');
    await expect(one.runtime.restart('web-0', never)).rejects.toMatchObject({ message: REFUSAL });
    expect(last()).toMatchObject({ status: 'ready', detail: `could not be started again: ${REFUSAL}` });
    await expect(one.runtime.updates?.restartInPlace('web-0', never)).rejects.toMatchObject({
      message: REFUSAL,
    });
    expect(last()).toMatchObject({ status: 'ready', detail: `could not be started again: ${REFUSAL}` });
    expect(await dockerCli('inspect', '--format', '{{.State.Status}}', one.container('web-0'))).toBe(
      'running',
    );
  }, 120_000);

  it('has failed, not been stopped, where it ended and isn’t let start again', async () => {
    await running();
    engine.refused.add('startContainer');
    await expect(one.runtime.updates?.restartInPlace('web-0', never)).rejects.toMatchObject({
      message: REFUSAL,
    });
    expect(last()).toMatchObject({ status: 'failed', detail: REFUSAL });
    engine.refused.clear();
    await one.runtime.restart('web-0', never);
    expect(last()).toMatchObject({ status: 'ready' });
  }, 120_000);

  it('is removed with its pod, though it doesn’t stop', async () => {
    await running();
    engine.refused.add('stopContainer');
    await one.runtime.remove(['web-0']);
    expect(await ofIt()).toEqual([]);
  }, 120_000);

  it('is still known where it can’t be removed, told as failed, and removed by the next try', async () => {
    await running();
    engine.refused.add('removeNetwork');
    await expect(one.runtime.remove(['web-0'])).rejects.toMatchObject({ message: REFUSAL });
    expect(last()).toMatchObject({ status: 'failed', detail: `could not be removed: ${REFUSAL}` });
    engine.refused.clear();
    await one.runtime.remove(['web-0']);
    expect(await ofIt()).toEqual([]);
  }, 120_000);

  it.each(['its pod was started again', 'it crashed'])(
    'is told nothing more of, nor started again, once its removal was refused, though %s',
    async (what) => {
      engine = refusingEngine();
      const container = { restart: { when: 'always', attempts: null } } as const;
      one = await dockerBench(
        ['web', 'other'].map((name) => ({ name, image: BOX, command: ECHO_SERVICE, container })),
        { connect: engine.connect },
      );
      await one.up();
      const told = (instance: string) => one.statuses.filter((status) => status.instance === instance);
      engine.refused.add('stopContainer').add('removeContainer');
      await expect(one.runtime.remove(['web-0'])).rejects.toMatchObject({ message: REFUSAL });
      engine.refused.clear();
      const before = { web: told('web-0'), other: told('other-0') };
      expect(before.web.at(-1)).toMatchObject({
        status: 'failed',
        detail: `could not be removed: ${REFUSAL}`,
      });
      for (const instance of ['web-0', 'other-0']) {
        const pod = `greenroom-${one.sessionId}-${instance}-pod`;
        if (what === 'its pod was started again') await dockerCli('restart', '--time', '0', pod);
        await dockerCli('kill', one.container(instance));
      }
      // It comes back later than the first one would.
      const sinceThen = () => told('other-0').slice(before.other.length);
      await expect
        .poll(() => sinceThen().map(({ status }) => status), PATIENCE)
        .toEqual(expect.arrayContaining(['restarting', 'ready']));
      expect(told('web-0')).toEqual(before.web);
      expect(await dockerCli('inspect', '--format', '{{.State.Status}}', one.container('web-0'))).toBe(
        'exited',
      );
      await expect(one.runtime.restart('web-0', never)).rejects.toMatchObject({ code: 'removed' });
      await expect(one.runtime.stopInstance('web-0')).rejects.toMatchObject({ code: 'removed' });
      expect(told('web-0')).toEqual(before.web);
      await one.runtime.remove(['web-0']);
      expect((await ofIt()).filter((name) => name.includes('web-0'))).toEqual([]);
    },
    120_000,
  );

  it('gives way to the next one of its name, which isn’t made before nothing of it is left', async () => {
    await running();
    engine.refused.add('removeContainer');
    await expect(one.runtime.remove(['web-0'])).rejects.toMatchObject({ message: REFUSAL });
    await expect(one.prepare()).rejects.toMatchObject({ message: REFUSAL });
    engine.refused.clear();
    one.placements.length = 0;
    await one.up();
    expect(last()).toEqual({ instance: 'web-0', status: 'ready', detail: null });
    expect(await one.runtime.kill('web-0', 'SIGKILL')).toBeUndefined();
    await expect.poll(last, PATIENCE).toMatchObject({ status: 'failed', detail: 'exited with code 137' });
  }, 120_000);

  it('is removed by a stop where its start failed and its container stayed; the start’s own reason is told', async () => {
    await made(['node', '-e', 'setTimeout(() => process.exit(7), 3_000)']);
    await one.prepare();
    const start = one.start('web-0');
    await expect.poll(ofIt, PATIENCE).toContain(one.container('web-0'));
    engine.refused.add('removeContainer');
    await expect(start).rejects.toMatchObject({ code: 'service-exited' });
    expect(await ofIt()).toContain(one.container('web-0'));
    await expect(one.runtime.stopInstance('web-0')).rejects.toMatchObject({ message: REFUSAL });
    expect(last()).toMatchObject({ status: 'stopped', detail: expect.stringContaining('still there') });
    engine.refused.clear();
    await one.runtime.stopInstance('web-0');
    expect(await ofIt()).not.toContain(one.container('web-0'));
  }, 120_000);
});

describeWith('docker', 'a service that is scaled while the engine refuses', () => {
  let engine: Refusing;
  let session: Session;
  let folder: Folder;
  const orders = () =>
    session
      .state()
      .workloads.filter(({ id }) => id === 'orders')
      .flatMap(({ instances }) => instances.map(({ id, status, detail }) => ({ id, status, detail })));
  const ready = (...ids: string[]) => ids.map((id) => ({ id, status: 'ready', detail: null }));
  const idOf = (instance: string) =>
    dockerCli('inspect', '--format', '{{.Id}}', `greenroom-${session.id}-${instance}-service`);

  beforeAll(buildBox);
  beforeEach(async () => {
    engine = refusingEngine();
    folder = await temporaryFolder();
    session = await startSession({
      mesh: callerAndCalled({ image: BOX, container: containerOptions() }, { BROKEN: 'orders-2' }),
      runtime: (context) => createDockerRuntime(context, { connect: engine.connect }),
      dataDir: folder.path,
    });
  }, 120_000);
  afterEach(async () => {
    engine.refused.clear();
    await session.stop();
    await folder.remove();
    expect(await inEngine(`dev.greenroom.session=${session.id}`)).toEqual([]);
  }, 120_000);

  it('keeps the one that can’t be removed as failed, with the reason; the next scaling removes it first', async () => {
    await session.scale('orders', 2);
    const first = await idOf('orders-1');
    const refused = { code: 'not-removed', message: `orders-1 could not be removed: ${REFUSAL}` };
    const left = { id: 'orders-1', status: 'failed', detail: `could not be removed: ${REFUSAL}` };
    engine.refused.add('removeContainer');
    await expect(session.scale('orders', 1)).rejects.toMatchObject(refused);
    expect(orders()).toEqual([...ready('orders-0'), left]);
    await expect(session.scale('orders', 2)).rejects.toMatchObject(refused);
    expect(orders()).toEqual([...ready('orders-0'), left]);
    engine.refused.clear();
    await session.scale('orders', 2);
    expect(orders()).toEqual(ready('orders-0', 'orders-1'));
    expect(await idOf('orders-1')).not.toBe(first);
    await eventually(
      'the new one is called',
      async () => (await callOrders(session, '/')).text === 'orders-1',
    );
    await session.scale('orders', 1);
    expect(orders()).toEqual(ready('orders-0'));
  }, 120_000);

  it('tells why a new one didn’t start, and that it could not be removed; it is gone with the next scaling', async () => {
    engine.refused.add('removeNetwork');
    await expect(session.scale('orders', 3)).rejects.toMatchObject({
      code: 'service-exited',
      message: expect.stringContaining('orders-2'),
      lines: expect.arrayContaining([`orders-1, orders-2 could not be removed: ${REFUSAL}`]),
    });
    engine.refused.clear();
    await session.scale('orders', 2);
    expect(orders()).toEqual(ready('orders-0', 'orders-1'));
  }, 120_000);

  it('tells why a new one could not be prepared, and that what was made of it stays', async () => {
    engine.refused.add('startContainer').add('removeNetwork');
    await expect(session.scale('orders', 2)).rejects.toMatchObject({
      message: REFUSAL,
      lines: [`orders-1 could not be removed: ${REFUSAL}`],
    });
    expect(orders()).toEqual(ready('orders-0'));
    engine.refused.clear();
    await session.scale('orders', 2);
    expect(orders()).toEqual(ready('orders-0', 'orders-1'));
  }, 120_000);
});
