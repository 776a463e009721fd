/**
 * A pair's requests on shared connections. The port that a request came from, as the called sidecar's own events tell
 * it, says on which connection it came.
 */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type http from 'node:http';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { InstanceSnapshot } from '../../proxy/snapshot.ts';
import { FRAME_HEAD, type FrameKind, MUX_ALPN, writeFrameHead } from '../../wire/mux-frames.ts';
import {
  ALLOW_WEB,
  type Application,
  ask,
  authorizationPolicy,
  closeOf,
  DENY_ALL,
  type Pair,
  startApplication,
  startPair,
  WEB,
} from '../support/sidecar-pair.ts';
import { eventually } from '../support/patience.ts';

let application: Application;
let waiting: http.ServerResponse[] = [];
let pair: Pair;

beforeAll(async () => {
  application = await startApplication((request, response) => {
    if (request.url === '/waits') waiting.push(response);
    else response.end(request.url);
  });
  pair = await startPair(application.address);
});
afterAll(async () => {
  await pair.close();
  await application.close();
});
beforeEach(async () => {
  waiting = [];
  await pair.publish({ policies: [ALLOW_WEB] });
  await pair.clear();
});

const orders = () => pair.at('web-0', 'orders:80');

/** Ports that the requests for `path` came from. */
async function portsOf(path: string): Promise<number[]> {
  const events = await pair.seen();
  return events
    .filter(({ direction, request }) => direction === 'inbound' && request?.path === path)
    .map(({ from }) => from.port ?? 0);
}

/** Asks `count` times at once: none is answered before all are there. */
async function atOnce(count: number): Promise<number[]> {
  const answers = Array.from({ length: count }, () => ask(orders(), { path: '/waits' }));
  await eventually('all are asked', () => waiting.length === count);
  for (const response of waiting.splice(0)) response.end('done');
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200]));
  const ports = await portsOf('/waits');
  expect(ports).toHaveLength(count);
  return ports;
}

/** A stranger with a certificate of `web`, who offers to share. */
async function stranger(credentials: Partial<InstanceSnapshot['credentials']>): Promise<TLSSocket> {
  const { certificateChainPem, privateKeyPem } = credentials;
  const socket = connect({
    ...pair.at('orders-0', '8080'),
    ca: pair.root.certificatePem,
    ...(certificateChainPem === undefined ? {} : { cert: certificateChainPem }),
    ...(privateKeyPem === undefined ? {} : { key: privateKeyPem }),
    ALPNProtocols: [MUX_ALPN, 'istio'],
    rejectUnauthorized: false,
  });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
}

async function credentialsOf(spiffeId: string): Promise<InstanceSnapshot['credentials']> {
  const leaf = await pair.leaf({ spiffeId, fault: 'none' });
  return { certificateChainPem: leaf.certificateChainPem, privateKeyPem: leaf.privateKey.reveal() };
}

function frame(kind: FrameKind, stream: number, text = ''): Buffer {
  const head = Buffer.alloc(FRAME_HEAD);
  writeFrameHead(head, kind, stream, text.length);
  return Buffer.concat([head, Buffer.from(text)]);
}

const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: orders\r\n\r\n`;

describe('a stranger who offers to share', () => {
  test('is refused at the gate without a certificate, and nothing of it is read', async () => {
    const socket = await stranger({});
    const gone = closeOf(socket);
    socket.write(Buffer.concat([frame('open', 1), frame('data', 1, request('/stranger'))]));
    await gone;
    expect(application.requests).not.toContain('GET /stranger');
    const [refused] = (await pair.seen()).filter(({ direction }) => direction === 'inbound');
    expect(refused).toMatchObject({ kind: 'handshake', decision: { verdict: 'deny', phase: 'mtls' } });
  });

  test('is not taken up on it with a certificate of the mesh either: its frames are no HTTP', async () => {
    const socket = await stranger(await credentialsOf(WEB));
    expect(socket.alpnProtocol).toBe(false);
    const gone = closeOf(socket);
    socket.write(Buffer.concat([frame('open', 1), frame('data', 1, request('/stranger'))]));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString('latin1')).toMatch(/^HTTP\/1\.1 400 /);
    await gone;
    expect(application.requests).not.toContain('GET /stranger');
    expect(await pair.seen()).toMatchObject([
      { decision: { verdict: 'deny', details: 'http1.codec_error' } },
    ]);
  });

  test('is served as Envoy serves it where it speaks HTTP after all', async () => {
    const socket = await stranger(await credentialsOf(WEB));
    socket.write(request('/stranger'));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString('latin1')).toContain('200 OK');
    const gone = closeOf(socket);
    socket.destroy();
    await gone;
    const [told] = (await pair.seen()).filter(({ request: asked }) => asked?.path === '/stranger');
    expect(told).toMatchObject({ tag: null, from: { spiffeId: WEB, ip: '127.0.0.1' } });
  });
});

test('requests at once come on one connection, up to what it may hold, and then on a second', async () => {
  expect(new Set(await atOnce(20)).size).toBe(1);
  await pair.clear();
  expect(new Set(await atOnce(150)).size).toBe(2);
});

test('each is judged by itself: an edit denies the next request on a connection that others wait on', async () => {
  const before = ask(orders(), { path: '/waits' });
  await eventually('it is asked', () => waiting.length === 1);
  await pair.publish({ policies: [DENY_ALL] });
  expect((await ask(orders(), { path: '/next' })).status).toBe(403);
  waiting[0]?.end();
  expect((await before).status).toBe(200);
  expect(new Set([...(await portsOf('/waits')), ...(await portsOf('/next'))]).size).toBe(1);
});

test('what is denied and what is allowed side by side is told as such', async () => {
  await pair.publish({
    policies: [authorizationPolicy('only-a', { rules: [{ to: [{ operation: { paths: ['/a'] } }] }] })],
  });
  const statuses = await Promise.all(
    Array.from(
      { length: 40 },
      async (_, index) => (await ask(orders(), { path: index % 2 ? '/b' : '/a' })).status,
    ),
  );
  expect(statuses).toEqual(Array.from({ length: 40 }, (_, index) => (index % 2 ? 403 : 200)));
});

function fingerprintOf({ certificateChainPem }: InstanceSnapshot['credentials']): string {
  return new X509Certificate(certificateChainPem).fingerprint256.replaceAll(':', '').toLowerCase();
}

/** Fingerprints of the certificates that callers showed, by port. */
async function shownAt(): Promise<Map<number, string | undefined>> {
  const inbound = (await pair.seen()).filter(({ direction }) => direction === 'inbound');
  return new Map(inbound.map(({ from, tls }) => [from.port ?? 0, tls?.peer?.fingerprint]));
}

test('a stream that is opened after a new certificate came runs on a connection that was made with it', async () => {
  await atOnce(1);
  const before = [...(await shownAt()).values()];
  const credentials = await credentialsOf(WEB);
  const edit = ({ instances: [web] }: { instances: InstanceSnapshot[] }): void => {
    if (web !== undefined) web.credentials = credentials;
  };
  await pair.publish({ policies: [ALLOW_WEB], edit });
  await pair.clear();
  // Streams that are open go on; here more are needed than there are.
  await atOnce(200);
  const after = [...(await shownAt()).values()].filter((fingerprint) => !before.includes(fingerprint));
  expect(after).toEqual([fingerprintOf(credentials)]);
});

test('the general lane makes a connection for each', async () => {
  const general = await startPair(application.address, { lanes: 'general' });
  try {
    await general.publish({ policies: [ALLOW_WEB] });
    const answers = [1, 2, 3].map(() => ask(general.at('web-0', 'orders:80'), { path: '/waits' }));
    await eventually('all are asked', () => waiting.length === 3);
    for (const response of waiting.splice(0)) response.end();
    await Promise.all(answers);
    const events = (await general.seen()).filter(({ direction }) => direction === 'inbound');
    expect(new Set(events.map(({ from }) => from.port)).size).toBe(3);
  } finally {
    await general.close();
  }
});

test('an instance that has another address comes from it, while requests that it sent before still wait', async () => {
  await pair.publish({ policies: [ALLOW_WEB] });
  const before = [ask(orders(), { path: '/waits' }), ask(orders(), { path: '/waits' })];
  await eventually('both are asked', () => waiting.length === 2);
  const edit = ({ instances: [web] }: { instances: InstanceSnapshot[] }): void => {
    if (web !== undefined) web.podIp = '10.244.0.77';
  };
  await pair.publish({ policies: [ALLOW_WEB], edit });
  expect((await ask(orders(), { path: '/moved' })).status).toBe(200);
  for (const response of waiting.splice(0)) response.end();
  await Promise.all(before);
  const [moved] = (await pair.seen()).filter(
    ({ direction, request }) => direction === 'inbound' && request?.path === '/moved',
  );
  expect(moved?.from.ip).toBe('10.244.0.77');
});
