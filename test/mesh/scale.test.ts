import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processesWith } from '../../mesh/process-table.ts';
import type { Session } from '../../mesh/session.ts';
import { startSession } from '../../mesh/start-session.ts';
import type { Mesh } from '../../model/mesh.ts';
import { callerAndCalled, callOrders, constantLoad } from '../support/constant-load.ts';
import { eventually } from '../support/patience.ts';
import { sampleMesh } from '../support/sample-mesh.ts';

let dataDir = '';
let session: Session;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'greenroom-scale-'));
});
afterEach(async () => {
  await session.stop();
  expect(readdirSync(join(dataDir, 'sessions'))).toEqual([]);
  rmSync(dataDir, { recursive: true, force: true });
});

async function run(mesh: Mesh): Promise<void> {
  session = await startSession({ mesh, runtime: 'process', dataDir });
}

const instancesOf = (service: string): string[] =>
  (session.state().workloads.find(({ id }) => id === service)?.instances ?? []).map(
    ({ id, status }) => `${id} ${status}`,
  );

describe('another number of instances', () => {
  it('is refused for what isn’t there, is attached, or is too many: nothing has changed then', async () => {
    await run(callerAndCalled());
    const before = session.state().snapshot.published;
    await expect(session.scale('payments', 2)).rejects.toMatchObject({
      code: 'no-service',
      hint: 'there are: orders, web',
    });
    await expect(session.scale('orders', 101)).rejects.toMatchObject({ code: 'replicas' });
    await expect(session.scale('orders', 1.5)).rejects.toMatchObject({ code: 'replicas' });
    await session.scale('orders', 1);
    expect(session.state().snapshot.published).toBe(before);
    expect(instancesOf('orders')).toEqual(['orders-0 ready']);
    await session.stop();
    const own = createServer().listen(0, '127.0.0.1');
    await once(own, 'listening');
    const attach = `127.0.0.1:${(own.address() as AddressInfo).port}`;
    await run(sampleMesh([{ name: 'web' }, { name: 'ide', ports: [], run: { attach } }]));
    await expect(session.scale('ide', 2)).rejects.toMatchObject({ code: 'attached' });
    own.close();
  });

  it('is taken back when one of the new ones doesn’t start: the reason is told, the others go on', async () => {
    await run(callerAndCalled({}, { BROKEN: 'orders-2' }));
    await expect(session.scale('orders', 4)).rejects.toMatchObject({
      code: 'service-exited',
      message: 'orders-2 exited with code 4',
    });
    expect(instancesOf('orders')).toEqual(['orders-0 ready']);
    expect(session.mesh.workloads[0]?.instances).toHaveLength(1);
    expect(session.listeners().filter(({ instance }) => instance === 'orders-1')).toEqual([]);
    expect(await callOrders(session, '/')).toEqual({ status: 200, text: 'orders-0' });
    const others = processesWith('GREENROOM_INSTANCE', 'orders-1');
    expect(processesWith('GREENROOM_SESSION', session.id).filter((pid) => others.includes(pid))).toEqual([]);
    await session.scale('orders', 2);
    expect(instancesOf('orders')).toEqual(['orders-0 ready', 'orders-1 ready']);
  });

  it('comes and goes under load, and no request fails for it', async () => {
    await run(callerAndCalled());
    const load = constantLoad(session);
    await session.scale('orders', 4);
    load.answeredBy();
    const everyone = new Set<string>();
    await eventually('each of the four answers', () => {
      for (const instance of load.answeredBy()) everyone.add(instance);
      return everyone.size === 4;
    });
    await session.scale('orders', 1);
    load.answeredBy();
    await eventually('the one that stays answers', () => load.answeredBy().has('orders-0'));
    const { requests, failures } = await load.end();
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(0);
    expect(instancesOf('orders')).toEqual(['orders-0 ready']);
    expect(session.listeners().some(({ instance }) => instance === 'orders-3')).toBe(false);
  });

  it('lets an instance that leaves answer what it was asked, and is done then', async () => {
    await run(callerAndCalled());
    await session.scale('orders', 3);
    const slow = Array.from({ length: 9 }, (_, nth) => callOrders(session, `/?ms=1200&n=${nth}`));
    // Behind them in the same queues: once it is answered, the others have reached their instances.
    await callOrders(session, '/?ms=400');
    await session.scale('orders', 1);
    const answers = await Promise.all(slow);
    expect(answers.map(({ status }) => status)).toEqual(slow.map(() => 200));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(3);
  });

  it('breaks off with the session, and nothing of the new ones is left', async () => {
    await run(callerAndCalled());
    const scaling = session.scale('orders', 4);
    scaling.catch(() => undefined);
    await eventually('a new one starts', () => instancesOf('orders').includes('orders-1 starting'));
    await session.stop();
    await expect(scaling).rejects.toMatchObject({ code: 'stopped' });
    expect(processesWith('GREENROOM_SESSION', session.id)).toEqual([]);
  });

  it('may be none: its callers are told that nobody is there, until there is one again', async () => {
    await run(callerAndCalled());
    await session.scale('orders', 0);
    expect((await callOrders(session, '/')).status).toBe(503);
    await session.scale('orders', 1);
    expect(await callOrders(session, '/')).toEqual({ status: 200, text: 'orders-0' });
  });
});
