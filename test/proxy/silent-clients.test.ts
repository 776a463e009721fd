/** Clients that connect, say nothing and half-close: nobody waits for what can't come any more. */
import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  ALLOW_WEB,
  type Application,
  closeOf,
  type Pair,
  startApplication,
  startPair,
} from '../support/sidecar-pair.ts';

let application: Application;
let pair: Pair;

beforeAll(async () => {
  application = await startApplication();
  // Longer than any test.
  pair = await startPair(application.address, { headerTimeoutMs: 600_000, keepAliveTimeoutMs: 600_000 });
  await pair.publish({ policies: [ALLOW_WEB], mtls: 'DISABLE' });
});
afterAll(async () => {
  await pair.close();
  await application.close();
});

test.each([
  ['web-0', 'orders:80'],
  ['web-0', 'http-proxy'],
  ['orders-0', '8080'],
])('are closed at once: %s %s', async (instance, key) => {
  const socket = net.connect(pair.at(instance, key));
  await once(socket, 'connect');
  socket.resume().end();
  await closeOf(socket);
  expect(await pair.seen()).toEqual([]);
});
