/** Clients that connect, say nothing and go: nobody waits for what can't come any more, or takes them for others. */
import { once } from 'node:events';
import net from 'node:net';
import { beforeAll, expect, test } from 'vitest';
import { ALLOW_WEB, ask, closeOf, type Pair } from '../support/sidecar-pair.ts';
import { usePair } from '../support/use-pair.ts';

let pair: Pair;

// Longer than any test.
usePair((both) => ({ pair } = both), { limits: { headerTimeoutMs: 600_000, keepAliveTimeoutMs: 600_000 } });
beforeAll(() => pair.publish({ policies: [ALLOW_WEB], mtls: 'DISABLE' }));

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

test('are no strangers when they are gone before they are accepted', async () => {
  const at = pair.at('web-0', 'orders:80');
  // Enough to do for the sidecar that some are gone before it comes to them.
  const clients = Array.from({ length: 300 }, async () => {
    const socket = net.connect(at);
    socket.on('error', () => undefined).write('GET /gone HTTP/1.1\r\nHost: orders\r\n\r\n');
    await once(socket, 'connect');
    setImmediate(() => socket.resetAndDestroy());
    await closeOf(socket);
  });
  await Promise.all(clients);
  // Whatever is answered: all of them were accepted before.
  await ask(at, { path: '/there' });
  expect((await pair.seen()).filter(({ kind }) => kind === 'connection')).toEqual([]);
});
