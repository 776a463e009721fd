import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { AppProtocol } from '../../model/mesh.ts';
import { untilQuiet } from '../../proxy/drained.ts';
import type { Limits } from '../../proxy/limits.ts';
import { listenLocally } from '../support/local-server.ts';
import { startPair, type Pair } from '../support/sidecar-pair.ts';

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A pair whose application answers when it is told to. */
async function pairWith(
  server: net.Server,
  protocol: AppProtocol,
  limits: Partial<Limits> = {},
): Promise<Pair> {
  const port = await listenLocally(server);
  closers.push(() => void server.close());
  const pair = await startPair({ host: '127.0.0.1', port }, limits);
  closers.push(() => pair.close());
  await pair.publish({ protocol });
  return pair;
}

/** Whether it has come by the time in which a quiet instance would have been done twice. */
async function doneByNow(promise: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  for (let times = 0; times < 2; times += 1) await untilQuiet(() => false, 10_000);
  return done;
}

/** It isn't drained while the application has something in hand, and is when that is answered. */
async function holdsUntil(pair: Pair, answer: () => void): Promise<void> {
  const drained = pair.plane.drained('orders-0');
  expect(await doneByNow(drained)).toBe(false);
  answer();
  await drained;
}

describe('an instance that is nobody’s endpoint any more', () => {
  it('is drained at once where it has nothing in hand, also one that nobody knows', async () => {
    const pair = await pairWith(http.createServer(), 'http');
    await pair.plane.drained('orders-0');
    await pair.plane.drained('nobody-7');
  });

  it.each(['both', 'general'] as const)(
    'isn’t drained while it answers a request (lanes: %s)',
    async (lanes) => {
      const server = http.createServer();
      const pair = await pairWith(server, 'http', { lanes });
      const asked = once(server, 'request') as Promise<[http.IncomingMessage, http.ServerResponse]>;
      const answered = fetch(`http://127.0.0.1:${pair.at('web-0', 'orders:80').port}/`);
      const [, response] = await asked;
      await holdsUntil(pair, () => response.end('late'));
      expect(await (await answered).text()).toBe('late');
    },
  );

  it('isn’t drained while it has an HTTP/2 stream', async () => {
    const server = http2.createServer();
    const pair = await pairWith(server, 'http2');
    const asked = once(server, 'stream') as Promise<[http2.ServerHttp2Stream]>;
    const client = http2.connect(`http://127.0.0.1:${pair.at('web-0', 'orders:80').port}`);
    closers.push(() => client.destroy());
    const sent = client.request({ ':path': '/' }).resume();
    const [stream] = await asked;
    await holdsUntil(pair, () => {
      stream.respond({ ':status': 204 });
      stream.end();
    });
    sent.close();
  });

  const greeting = (): net.Server =>
    net.createServer((socket) => socket.on('error', () => undefined).write('hello'));

  it('isn’t drained while it has a TCP connection', async () => {
    const pair = await pairWith(greeting(), 'tcp', { drainMs: 60_000 });
    const client = net.connect(pair.at('web-0', 'orders:80'));
    closers.push(() => void client.destroy());
    await once(client, 'data');
    await holdsUntil(pair, () => client.destroy());
  });

  it('has had its time after the drain duration, whatever is still open', async () => {
    const pair = await pairWith(greeting(), 'tcp', { drainMs: 300 });
    const client = net.connect(pair.at('web-0', 'orders:80'));
    closers.push(() => void client.destroy());
    await once(client, 'data');
    await pair.plane.drained('orders-0');
    expect(client.destroyed).toBe(false);
  });
});
