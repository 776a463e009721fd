/** The pool of shared connections, on real sockets: what one dial that goes wrong does to all who wait for it. */
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TlsFacts } from '../../model/traffic-event.ts';
import { Inlet } from '../../proxy/fast/inlet.ts';
import { MuxPool, type MuxWay } from '../../proxy/mux/mux-pool.ts';
import { MUX_ALPN } from '../../wire/mux-frames.ts';
import { eventually } from '../support/patience.ts';

let server: net.Server;
let greeting = '';
let dials = 0;
let pool: MuxPool;
const sockets: net.Socket[] = [];
beforeEach(async () => {
  greeting = '';
  dials = 0;
  pool = new MuxPool(() => performance.now(), 60_000);
  server = net.createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    if (greeting !== '') socket.write(greeting);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  pool.close();
  server.close();
  for (const socket of sockets.splice(0)) socket.destroy();
});

function tls(alpn: string): TlsFacts {
  return { mutual: true, version: 'TLSv1.3', cipher: null, alpn, sni: null, resumed: false, peer: null };
}

/** `alpn` of the nth dial; `before`: what happens before the dialled connection is handed out. */
function way(
  alpn: (nth: number) => string,
  before: (socket: net.Socket, inlet: Inlet) => Promise<unknown> = async () => undefined,
): MuxWay {
  return {
    key: 'way',
    material: null,
    dial: async (inlet) => {
      dials += 1;
      const nth = dials;
      const { port } = server.address() as net.AddressInfo;
      const stream = net.connect({ port, host: '127.0.0.1', onread: inlet.onread });
      sockets.push(stream);
      await once(stream, 'connect');
      await before(stream, inlet);
      return { stream, source: { ip: '', instance: null, tag: null }, tls: tls(alpn(nth)), spiffeId: null };
    },
  };
}

test('a connection that is gone before anybody could use it fails all who wait for it, and none dials for itself', async () => {
  const gone = way(
    () => MUX_ALPN,
    (socket) => once(socket.destroy(), 'close'),
  );
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => pool.open(gone, new Inlet())));
  expect(new Set(all.map(({ status }) => status))).toEqual(new Set(['rejected']));
  expect(dials).toBe(1);
  // Nothing of it stays.
  await pool.open(
    way(() => MUX_ALPN),
    new Inlet(),
  );
  expect(dials).toBe(2);
});

test('what a peer that shares nothing said before it was asked is no answer: its connection is closed', async () => {
  greeting = 'HTTP/1.1 200 OK\r\n\r\n';
  const early = way(
    () => 'http/1.1',
    (_, inlet) => eventually('it spoke', () => inlet.spokeEarly),
  );
  const { stream } = await pool.open(early, new Inlet());
  expect(stream.destroyed).toBe(true);
});

test('a peer that agrees to share with the second who dials is spoken to in frames by it', async () => {
  const turns = way((nth) => (nth === 1 ? 'http/1.1' : MUX_ALPN));
  const [own, shared, too] = await Promise.all([1, 2, 3].map(() => pool.open(turns, new Inlet())));
  expect(own?.stream).toBeInstanceOf(net.Socket);
  for (const dialled of [shared, too]) {
    expect(dialled?.stream).not.toBeInstanceOf(net.Socket);
    expect(dialled?.peer?.tls?.alpn).toBe('http/1.1');
  }
});

test('a stream says whether its connection was there before: then it may be closing, as a kept-alive one may', async () => {
  const shared = way(() => MUX_ALPN);
  expect(await pool.open(shared, new Inlet())).not.toHaveProperty('isOld');
  expect(await pool.open(shared, new Inlet())).toHaveProperty('isOld', true);
  expect(dials).toBe(1);
});
