/** A client that waits for a 100 before it sends a body, and reads slowly: it gets one, or it would wait for ever. */
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { block, frame, GET, HELLO, setting, windowUpdate, framesOf } from '../support/http2-frames.ts';
import { eventually } from '../support/patience.ts';
import { ALLOW_WEB, type Pair, startPair } from '../support/sidecar-pair.ts';
import { writeAsRead } from '../support/write-as-read.ts';
import { FLAG, FRAME } from '../../wire/http2/protocol.ts';

/** More than any socket on the way holds. */
const LARGE = 64 * 1_024 * 1_024;
const PIECE = Buffer.alloc(64 * 1_024, 'x');
const BODY = 'the body';
const INITIAL_WINDOW_SIZE = 4;
const MUCH = 2 ** 30;

let application: net.Server;
let written = 0;
let asked = false;
let pair: Pair | null = null;

function writeLarge(socket: net.Socket): void {
  writeAsRead(socket, () => {
    if (written >= LARGE) return null;
    written += PIECE.length;
    return PIECE;
  });
}

beforeEach(async () => {
  written = 0;
  asked = false;
  application = net.createServer((socket) => {
    let heard = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
      if (heard.startsWith('GET /later')) socket.write('HTTP/1.1 204 No Content\r\n\r\n');
      else if (heard.startsWith('GET') && written === 0) {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${LARGE}\r\n\r\n`);
        writeLarge(socket);
      } else if (heard.startsWith('POST') && !asked) {
        asked = true;
        socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      }
      if (heard.includes(BODY)) socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    });
  });
  application.listen(0, '127.0.0.1');
  await once(application, 'listening');
});
afterEach(async () => {
  await pair?.close();
  pair = null;
  application.close();
});

it('gets it over HTTP/2, where the answer of another stream fills the connection meanwhile', async () => {
  const { port } = application.address() as net.AddressInfo;
  pair = await startPair({ host: '127.0.0.1', port });
  await pair.publish({ policies: [ALLOW_WEB] });
  const client = net.connect(pair.at('web-0', 'orders:80'));
  client.pause();
  client.write(HELLO);
  client.write(setting(INITIAL_WINDOW_SIZE, MUCH));
  client.write(windowUpdate(0, MUCH));
  client.write(frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, block(GET)));
  let before = 0;
  let looks = 0;
  await eventually('the client holds up what it asked for', () => {
    looks = written === before ? looks + 1 : 0;
    before = written;
    return written > 0 && looks === 10;
  });
  const post = GET.map(([name, value]) => [name, value === 'GET' ? 'POST' : value] as const);
  const fields = [...post, ['expect', '100-continue'], ['content-length', String(BODY.length)]] as const;
  client.write(frame(FRAME.HEADERS, FLAG.END_HEADERS, 3, block(fields)));
  await eventually('the application asks for the body', () => asked);
  const later = GET.map(([name, value]) => [name, name === ':path' ? '/later' : value] as const);
  client.write(frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 5, block(later)));
  // What the application said before has come as far as this answer.
  await eventually('a later exchange is over', () =>
    pair?.events.some(({ direction, request }) => direction === 'outbound' && request?.path === '/later'),
  );
  const heads: number[] = [];
  let rest: Buffer = Buffer.alloc(0);
  client.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    const frames = framesOf(rest);
    rest = rest.subarray(frames.reduce((sum, { payload }) => sum + 9 + payload.length, 0));
    heads.push(...frames.filter(({ type, stream }) => type === FRAME.HEADERS && stream === 3).map(() => 1));
  });
  client.resume();
  await eventually('the 100', () => heads.length === 1);
  client.write(frame(FRAME.DATA, FLAG.END_STREAM, 3, Buffer.from(BODY)));
  await eventually('the answer', () => heads.length === 2);
  expect(heads).toEqual([1, 1]);
  client.destroy();
});
