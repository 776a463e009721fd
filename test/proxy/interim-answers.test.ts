/** An application that sends interim answers without an end, to a client that reads none of them. */
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { block, frame, GET, HELLO } from '../support/http2-frames.ts';
import { eventually } from '../support/patience.ts';
import { ALLOW_WEB, type Pair, startPair } from '../support/sidecar-pair.ts';
import { writeAsRead } from '../support/write-as-read.ts';
import { FLAG, FRAME } from '../../wire/http2/protocol.ts';

/** Of 2 KB, and no two alike: HTTP/2 would say them in a byte. */
function interim(nth: number): string {
  return `HTTP/1.1 103 Early Hints\r\nlink: ${String(nth).padStart(2_000, 'x')}\r\n\r\n`;
}
const FINAL = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nEND!';
/** More than any socket on the way holds. */
const FLOOD = 64 * 1_024 * 1_024;

let application: net.Server;
let written = 0;
let flooded = false;
let pair: Pair | null = null;

function flood(socket: net.Socket): void {
  writeAsRead(socket, () => {
    if (written >= FLOOD) {
      if (!flooded) socket.write(FINAL, () => (flooded = true));
      return null;
    }
    const piece = Array.from({ length: 100 }, (_, index) => interim(written + index)).join('');
    written += piece.length;
    return piece;
  });
}

beforeEach(async () => {
  written = 0;
  flooded = false;
  application = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => flood(socket));
  });
  application.listen(0, '127.0.0.1');
  await once(application, 'listening');
});
afterEach(async () => {
  await pair?.close();
  pair = null;
  application.close();
});

/** How much a client gets that reads only when the application has said everything. */
async function gotLate(lanes: 'both' | 'general', bytes: string | Buffer): Promise<number> {
  const { port } = application.address() as net.AddressInfo;
  pair = await startPair({ host: '127.0.0.1', port }, { lanes });
  await pair.publish({ policies: [ALLOW_WEB] });
  const client = net.connect(pair.at('web-0', 'orders:80'));
  client.pause();
  client.write(bytes);
  await eventually('the application has said everything', () => flooded);
  let count = 0;
  let last = '';
  client.on('data', (chunk: Buffer) => {
    count += chunk.length;
    last = (last + chunk.toString('latin1')).slice(-1_000);
  });
  client.resume();
  await eventually('the answer', () => last.includes('END!'));
  client.destroy();
  return count;
}

describe('what waits for the client is bounded, and the answer comes', () => {
  const http1 = 'GET / HTTP/1.1\r\nHost: orders\r\n\r\n';
  const http2 = Buffer.concat([
    HELLO,
    frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, block(GET)),
  ]);
  it('to HTTP/1.1 in the fast lane', async () => {
    expect(await gotLate('both', http1)).toBeLessThan(FLOOD / 2);
  });

  it('to HTTP/1.1 in the general lane', async () => {
    expect(await gotLate('general', http1)).toBeLessThan(FLOOD / 2);
  });

  it('to HTTP/2', async () => {
    expect(await gotLate('both', http2)).toBeLessThan(FLOOD / 2);
  });
});
