import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ALLOW_WEB,
  startApplication,
  startPair,
  type Application,
  type Pair,
} from '../../support/sidecar-pair.ts';
import { eventually } from '../../support/patience.ts';
import { stillness } from '../../support/stillness.ts';

const MB = 1_048_576;
const bodies = new Map<string, Buffer>();
/** An answer that is whole when its head is there. */
const AT_ONCE = Buffer.alloc(30_000);
/** More of them than a kernel keeps for a client that reads nothing. */
const MOST_UNREAD = Math.ceil((16 * MB) / AT_ONCE.length);
let atOnce = 0;
let written = 0;
let application: Application;
let pair: Pair;

/** `/length/SIZE/N` and `/chunked/SIZE/N`: bytes that no other path has. `/endless`: zeros, as fast as they are taken. */
beforeAll(async () => {
  application = await startApplication((request, response) => {
    const path = request.url ?? '';
    if (path === '/at-once') {
      atOnce += 1;
      response.end(AT_ONCE);
      return;
    }
    if (path === '/endless') {
      const more = (): void => {
        written += 1;
        if (response.write(Buffer.alloc(MB / 4))) setImmediate(more);
        else response.once('drain', more);
      };
      response.writeHead(200, { 'content-length': 1_024 * MB });
      more();
      return;
    }
    const [, kind, size] = path.split('/');
    const body = randomBytes(Number(size));
    bodies.set(path, body);
    if (kind === 'length') response.setHeader('content-length', body.length);
    // In pieces of many sizes, so that they end everywhere in what is read at once.
    for (let at = 0, piece = 1; at < body.length; at += piece, piece = (piece * 3) % 70_001)
      response.write(body.subarray(at, at + piece));
    response.end();
  });
  pair = await startPair(application.address);
  await pair.publish({ policies: [ALLOW_WEB] });
});
afterAll(async () => {
  await pair.close();
  await application.close();
});

async function answerTo(path: string, agent: http.Agent): Promise<http.IncomingMessage> {
  const request = http.request({
    ...pair.at('web-0', 'orders:80'),
    path,
    agent,
    headers: { host: 'orders' },
  });
  request.end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return response;
}

describe('large answers through the pair', () => {
  it.each(['length', 'chunked'])(
    'arrive byte for byte, thirty at once, to slow clients too (%s)',
    async (kind) => {
      const agent = new http.Agent({ keepAlive: true });
      const sizes = [0, 1, 8_192, 8_193, 16_384, 65_536, 131_072, 131_073, MB, 3 * MB];
      const paths = [...sizes, ...sizes, ...sizes].map((size, index) => `/${kind}/${size}/${index}`);
      const digests = await Promise.all(
        paths.map(async (path, index) => {
          const response = await answerTo(path, agent);
          const hash = createHash('sha256');
          for await (const chunk of response) {
            hash.update(chunk as Buffer);
            if (index % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
          }
          return hash.digest('hex');
        }),
      );
      agent.destroy();
      const sent = paths.map((path) =>
        createHash('sha256')
          .update(bodies.get(path) ?? '')
          .digest('hex'),
      );
      expect(digests).toEqual(sent);
    },
  );

  it('a client that does not read holds the application back, and gets the rest when it reads again', async () => {
    const agent = new http.Agent();
    const response = await answerTo('/endless', agent);
    response.pause();
    await stillness(() => written);
    // The kernel's buffers of six sockets, at most 6 MB each, and a little of ours.
    expect(written * 0.25).toBeLessThan(64);
    response.resume();
    await new Promise<void>((resolve) => {
      let read = 0;
      response.on('data', (chunk: Buffer) => {
        read += chunk.length;
        if (read > 100 * MB) resolve();
      });
    });
    response.destroy();
    agent.destroy();
  });

  it('a client that reads none of them is asked for no more requests, and gets all answers when it reads', async () => {
    await pair.publish({ mtls: 'DISABLE', policies: [] });
    await pair.clear();
    const socket = net.connect(pair.at('orders-0', '8080'));
    const answered = async (): Promise<number> => (await pair.seen()).length;
    let sent = 0;
    let held = false;
    while (!held && sent < MOST_UNREAD) {
      // Each follows the whole answer to the one before: none is pipelined.
      socket.write('GET /at-once HTTP/1.1\r\nHost: orders\r\n\r\n');
      sent += 1;
      held = true;
      for (let look = 0; held && look < 100; look += 1) {
        held = (await answered()) < sent;
        if (held) await pause(5);
      }
    }
    expect(held).toBe(true);
    expect(atOnce).toBe(sent - 1);
    let read = 0;
    socket.on('data', (chunk: Buffer) => (read += chunk.length));
    await eventually('every answer', () => read > sent * AT_ONCE.length);
    expect(atOnce).toBe(sent);
    socket.destroy();
  });
});
