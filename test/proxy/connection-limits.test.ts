/** How many connections a listener may have open. A stream of a shared connection is one of them. */
import { once } from 'node:events';
import type http from 'node:http';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, expect, it, test } from 'vitest';
import type { Limits } from '../../proxy/limits.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import {
  ALLOW_WEB,
  type Application,
  ask,
  closeOf,
  type Pair,
  startApplication,
  startPair,
} from '../support/sidecar-pair.ts';
import { eventually } from '../support/patience.ts';

const LIMIT = 3;
/** An address of this machine that isn't loopback: what an engine's bridge is to the docker runtime. */
const bridge = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

let application: Application;
let waiting: http.ServerResponse[] = [];
let pair: Pair | null = null;

beforeEach(async () => {
  waiting = [];
  application = await startApplication((request, response) => {
    if (request.url === '/waits') waiting.push(response);
    else response.end(request.url);
  });
});
afterEach(async () => {
  await pair?.close();
  pair = null;
  await application.close();
});

async function start(limits: Partial<Limits> = {}): Promise<Pair> {
  pair = await startPair(application.address, { maxConnections: LIMIT, ...limits });
  await pair.publish({ policies: [ALLOW_WEB] });
  return pair;
}

/** Answers all that waits. */
function answerAll(): void {
  for (const response of waiting.splice(0)) response.end();
}

const tooMany = (events: readonly TrafficEvent[], direction: TrafficEvent['direction']): TrafficEvent[] =>
  events.filter((event) => event.direction === direction && event.decision.reason === 'too-many-connections');

for (const lanes of ['both', 'general'] as const)
  test(`an inbound listener takes no more requests at a time than it may have connections (lanes: ${lanes})`, async () => {
    const { at, seen } = await start({ lanes });
    // Each of the caller's two listeners has places of its own.
    const peer = Array.from({ length: LIMIT }, () => ask(at('web-0', 'orders:80'), { path: '/waits' }));
    await eventually('the listener is full', () => waiting.length === LIMIT);
    const refused = await ask(at('web-0', 'http-proxy'), { path: 'http://orders/more' });
    expect(refused.status).toBe(503);
    expect(application.requests).not.toContain('GET /more');
    expect(tooMany(await seen(), 'inbound')[0]).toMatchObject({
      kind: 'connection',
      owner: 'orders-0',
      decision: { verdict: 'deny', phase: 'mtls' },
      to: { instance: 'orders-0', port: 8080 },
    });
    answerAll();
    await Promise.all(peer);
    expect((await ask(at('web-0', 'http-proxy'), { path: 'http://orders/next' })).status).toBe(200);
  });

test('streams take places from connections that share nothing', async () => {
  const { at, seen } = await start();
  const peer = Array.from({ length: LIMIT }, () => ask(at('web-0', 'orders:80'), { path: '/waits' }));
  await eventually('the listener is full', () => waiting.length === LIMIT);
  const own = net.connect(at('orders-0', '8080'));
  await closeOf(own);
  expect(tooMany(await seen(), 'inbound')).toMatchObject([{ from: { ip: '127.0.0.1' } }]);
  answerAll();
  await Promise.all(peer);
});

/** As many connections as the listener may have. */
function fill(of: Pair): Promise<net.Socket[]> {
  return Promise.all(
    Array.from({ length: LIMIT }, async () => {
      const socket = net.connect(of.at('web-0', 'orders:80'));
      await once(socket, 'connect');
      return socket;
    }),
  );
}

it('an outbound listener closes what comes above its limit, and tells it', async () => {
  const full = await start();
  const { at, seen } = full;
  const open = await fill(full);
  await closeOf(net.connect(at('web-0', 'orders:80')));
  expect(tooMany(await seen(), 'outbound')).toMatchObject([
    {
      owner: 'web-0',
      from: { instance: 'web-0' },
      decision: { phase: 'egress' },
      to: { workload: 'orders', port: 80 },
    },
  ]);
  for (const socket of open) socket.resume().end();
  await Promise.all(open.map(closeOf));
  expect((await ask(at('web-0', 'orders:80'), { path: '/next' })).status).toBe(200);
});

it.skipIf(bridge === undefined)('a stranger above the limit isn’t told as the instance', async () => {
  const full = await start();
  await full.publish({
    policies: [ALLOW_WEB],
    edit: (snapshot) => {
      for (const listener of snapshot.instances[0]?.outbound ?? [])
        if (listener.kind === 'peer') listener.listen.host = bridge ?? '';
    },
  });
  const open = await fill(full);
  await closeOf(net.connect(full.at('web-0', 'orders:80')));
  expect(tooMany(await full.seen(), 'outbound')).toMatchObject([
    { owner: 'web-0', from: { instance: null, ip: bridge } },
  ]);
  for (const socket of open) socket.destroy();
});
