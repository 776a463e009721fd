import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listenLocally } from '../support/local-server.ts';
import {
  ALLOW_WEB,
  closeOf,
  DENY_ALL,
  sendRaw,
  startPair,
  WEB_IP,
  type Pair,
} from '../support/sidecar-pair.ts';

let server: net.Server;
let received: string[];
let pair: Pair;

beforeAll(async () => {
  server = net.createServer((socket) => {
    socket.write('220 hello\n');
    socket.on('data', (chunk: Buffer) => {
      received.push(chunk.toString());
      socket.end(`got ${chunk.toString()}`);
    });
    socket.on('error', () => undefined);
  });
  const port = await listenLocally(server);
  pair = await startPair({ host: '127.0.0.1', port });
});
afterAll(async () => {
  await pair.close();
  server.close();
  await once(server, 'close');
});
beforeEach(async () => {
  await pair.clear();
  received = [];
});

const peer = () => pair.at('web-0', 'orders:80');

describe('plain TCP over the pair', () => {
  it('is closed at the denied client’s first byte, which the application never gets', async () => {
    await pair.publish({ protocol: 'tcp', policies: [DENY_ALL] });
    const text = await sendRaw(peer(), 'QUIT');
    expect(text).not.toContain('got');
    expect(received).toEqual([]);
    const inbound = (await pair.seen()).find(({ direction }) => direction === 'inbound');
    expect(inbound).toMatchObject({
      kind: 'tcp',
      from: { ip: WEB_IP, workload: 'web' },
      request: null,
      decision: { verdict: 'deny', reason: 'no-allow-matched' },
    });
    expect(inbound?.explanation).not.toBeNull();
  });

  it('lets a server speak first even to a client that it will deny, and says that this is a hole', async () => {
    await pair.publish({ protocol: 'tcp', policies: [DENY_ALL] });
    const socket = net.connect(peer());
    const [banner] = (await once(socket, 'data')) as [Buffer];
    expect(banner.toString()).toBe('220 hello\n');
    const closed = closeOf(socket);
    socket.write('x');
    await closed;
    expect((await pair.seen()).find(({ direction }) => direction === 'inbound')?.findings).toMatchObject([
      { code: 'istio-allows' },
    ]);
  });

  it('carries the tag of a caller that was declared when both ways were open already', async () => {
    await pair.publish({ protocol: 'tcp', policies: [ALLOW_WEB] });
    const socket = net.connect(peer());
    await once(socket, 'data');
    const { localAddress = '', localPort = 0 } = socket;
    await pair.plane.declareSource({ localAddress, localPort, ip: WEB_IP, tag: 'run/a/1' });
    const closed = closeOf(socket);
    socket.write('NOOP');
    await closed;
    const events = await pair.seen();
    expect(events.map(({ direction, tag }) => `${direction} ${tag}`).toSorted()).toEqual([
      'inbound run/a/1',
      'outbound run/a/1',
    ]);
  });

  it('passes an allowed client both ways', async () => {
    await pair.publish({ protocol: 'tcp', policies: [ALLOW_WEB] });
    const socket = net.connect(peer());
    await once(socket, 'data');
    socket.write('NOOP');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toBe('got NOOP');
    await once(socket, 'close');
    expect(await pair.seen()).toMatchObject([
      { kind: 'tcp', decision: { verdict: 'allow' } },
      { kind: 'tcp', decision: { verdict: 'allow' } },
    ]);
  });

  it('STRICT ends an open plaintext connection at its next bytes', async () => {
    await pair.publish({ protocol: 'tcp', mtls: 'PERMISSIVE' });
    const socket = net.connect(pair.at('orders-0', '8080'));
    await once(socket, 'connect');
    socket.write('x');
    await once(socket, 'data');
    // Listening before anything can close it, and reading on: an end that nobody reads is never a close.
    const closed = closeOf(socket);
    socket.resume();
    await pair.publish({ protocol: 'tcp', mtls: 'STRICT' });
    socket.write('secret');
    await closed;
    expect(received.join()).not.toContain('secret');
  });

  it('plaintext to STRICT opens nothing behind', async () => {
    await pair.publish({ protocol: 'tcp', mtls: 'STRICT' });
    expect(await sendRaw(pair.at('orders-0', '8080'), 'NOOP')).toBe('');
    expect(received).toEqual([]);
    expect(await pair.seen()).toMatchObject([
      { kind: 'connection', decision: { reason: 'plaintext-on-strict' } },
    ]);
  });
});
