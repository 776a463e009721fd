import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { workerOf } from '../../proxy/share.ts';
import { listenLocally } from '../support/local-server.ts';
import { ALLOW_WEB, ask, closeOf, DENY_ALL, type Pair } from '../support/sidecar-pair.ts';
import { ownPair } from '../support/use-pair.ts';

/** A policy of a shape that no compiler makes: its indexes can be made, and deciding throws, as a bug would. */
function publishBug(pair: Pair): Promise<unknown> {
  const rules = { rules: [] };
  return pair.publish({
    mtls: 'DISABLE',
    edit: (snapshot) => {
      for (const port of snapshot.instances[1]?.inbound ?? [])
        port.policy = { custom: null, deny: rules, allow: rules } as never;
    },
  });
}

/** Resolves with the next event that says this. */
function told(pair: Pair, reason: string): Promise<TrafficEvent> {
  return new Promise((resolve) => {
    pair.plane.onEvents((batch) => {
      for (const event of batch) {
        pair.events.push(event);
        if (event.kind === 'proxy' && event.decision.reason === reason) resolve(event);
      }
    });
  });
}

describe('a worker of the data plane that dies', () => {
  it('lets nothing pass while it is down, and says so', async () => {
    const { pair, application } = await ownPair();
    await publishBug(pair);
    const crashed = told(pair, 'worker-crashed');
    await expect(ask(pair.at('orders-0', '8080'))).rejects.toThrow();
    const event = await crashed;
    expect(event.decision).toMatchObject({ verdict: 'deny', phase: 'upstream' });
    expect(event.explanation?.sentence).toContain('orders-0');
    await expect(ask(pair.at('orders-0', '8080'))).rejects.toThrow();
    expect(application.requests).toEqual([]);
  });

  it('ends the connections that it had', async () => {
    const { pair } = await ownPair();
    await publishBug(pair);
    const idle = net.connect(pair.at('orders-0', '8080'));
    await once(idle, 'connect');
    const closed = closeOf(idle);
    await expect(ask(pair.at('orders-0', '8080'))).rejects.toThrow();
    await closed;
  });

  it('is given up when it dies again and again: the owner is told once, and nothing passes any more', async () => {
    const { pair, application } = await ownPair();
    const reasons: Error[] = [];
    const lost = new Promise<void>((resolve) =>
      pair.plane.onCrash((reason) => {
        reasons.push(reason);
        resolve();
      }),
    );
    await publishBug(pair);
    // One death at a time: a knock while the thread starts only takes from it the CPU that it needs.
    while (reasons.length === 0) {
      const restarted = told(pair, 'worker-restarted');
      await ask(pair.at('orders-0', '8080')).catch(() => undefined);
      await Promise.race([lost, restarted]);
    }
    expect(reasons).toHaveLength(1);
    expect(application.requests).toEqual([]);
    await expect(ask(pair.at('web-0', 'orders:80'))).rejects.toThrow();
    await expect(pair.publish()).rejects.toThrow();
  });

  it('comes back with the snapshot that was in force, on the same ports', async () => {
    const { pair, application } = await ownPair();
    await publishBug(pair);
    const before = [pair.at('web-0', 'orders:80'), pair.at('orders-0', '8080')];
    const restarted = told(pair, 'worker-restarted');
    await expect(ask(pair.at('orders-0', '8080'))).rejects.toThrow();
    await restarted;
    await pair.publish({ policies: [ALLOW_WEB] });
    expect([pair.at('web-0', 'orders:80'), pair.at('orders-0', '8080')]).toEqual(before);
    expect((await ask(pair.at('web-0', 'orders:80'))).status).toBe(200);
    expect(application.requests).toHaveLength(1);
    const reasons = (await pair.seen()).map(({ decision }) => decision.reason);
    expect(reasons.slice(0, 2)).toEqual(['worker-crashed', 'worker-restarted']);
  });
});

/** So many workers that `web` and `orders` are on two of them. */
const SPLIT = [2, 3, 4, 5].find((count) => workerOf('web', count) !== workerOf('orders', count)) ?? 2;

describe('sidecars spread over workers', () => {
  it('know whose a hop of another worker is, its tag too', async () => {
    const { pair } = await ownPair({}, SPLIT);
    await pair.publish({ policies: [ALLOW_WEB] });
    const socket = net.connect(pair.at('web-0', 'orders:80'));
    await once(socket, 'connect');
    const { localAddress = '', localPort = 0 } = socket;
    await pair.plane.declareSource({ localAddress, localPort, ip: '10.244.0.1', tag: 'run/a/b' });
    socket.write('GET / HTTP/1.1\r\nHost: orders\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 200/);
    socket.destroy();
    const inbound = (await pair.seen()).find(({ direction }) => direction === 'inbound');
    expect(inbound).toMatchObject({ tag: 'run/a/b', from: { instance: 'web-0', ip: '10.244.0.1' } });
  });

  it('keep what is in force when a snapshot makes one of them throw', async () => {
    const { pair, application } = await ownPair({}, SPLIT);
    await pair.publish({ policies: [DENY_ALL] });
    const broken = pair.tryPublish({ edit: (snapshot) => void snapshot.services.push(null as never) });
    await expect(broken).rejects.toThrow('TypeError');
    expect((await ask(pair.at('web-0', 'orders:80'))).status).toBe(403);
    expect(application.requests).toEqual([]);
  });

  it('refuse a snapshot together when one of them does', async () => {
    const { pair } = await ownPair({}, SPLIT);
    await pair.publish({ policies: [ALLOW_WEB] });
    const taken = net.createServer();
    const port = await listenLocally(taken);
    const answer = await pair.tryPublish({ policies: [DENY_ALL], listenPort: port });
    expect(answer).toMatchObject({ kind: 'nack', inForce: 1, problems: [{ code: 'port-taken' }] });
    expect((await ask(pair.at('web-0', 'orders:80'))).status).toBe(200);
    taken.close();
    await once(taken, 'close');
  });

  it('go on while another one dies and comes back', async () => {
    const { pair } = await ownPair({}, SPLIT);
    await publishBug(pair);
    const restarted = told(pair, 'worker-restarted');
    await expect(ask(pair.at('orders-0', '8080'))).rejects.toThrow();
    // Down, or back with plaintext where mutual TLS is spoken: the caller's sidecar answers either way.
    expect((await ask(pair.at('web-0', 'orders:80'))).status).toBe(503);
    await restarted;
    await pair.publish({ policies: [ALLOW_WEB] });
    expect((await ask(pair.at('web-0', 'orders:80'))).status).toBe(200);
  });
});
