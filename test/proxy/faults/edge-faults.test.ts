/** Faults of a snapshot, over real sockets: both lanes of HTTP/1.1, HTTP/2, WebSockets and TCP. */
import { once } from 'node:events';
import net from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { FaultKind, InjectedFault } from '../../../model/injected-fault.ts';
import { connectHttp2, type Http2Client } from '../../support/http2-client.ts';
import { startHttp2Application, type Http2Application } from '../../support/http2-application.ts';
import { listenLocally } from '../../support/local-server.ts';
import { eventually } from '../../support/patience.ts';
import {
  ALLOW_WEB,
  ask,
  closeOf,
  sendRaw,
  startPair,
  type Application,
  type Pair,
  type PairOptions,
} from '../../support/sidecar-pair.ts';
import { usePair } from '../../support/use-pair.ts';

const ABORT: FaultKind = { kind: 'abort', status: 418 };
const SLOW: FaultKind = { kind: 'slow-bytes', bytesPerSecond: 100 };
const BODY = 'x'.repeat(30);
/** That many bytes at that pace take at least so long, by the rate's own arithmetic less its last piece. */
const SLOW_MS = 200;
const CONNECT_TIMEOUT_MS = 100;

const onEdge = (...faults: FaultKind[]): InjectedFault[] =>
  faults.map((fault) => ({ source: 'web', destination: { service: 'orders', port: 80 }, fault }));

async function inject(
  pair: Pair,
  faults: readonly InjectedFault[],
  options: PairOptions = {},
): Promise<void> {
  await pair.publish({
    policies: [ALLOW_WEB],
    ...options,
    edit: (snapshot) => {
      snapshot.faults = faults;
    },
  });
}

const outbound = async (pair: Pair) =>
  (await pair.seen()).filter(({ direction }) => direction === 'outbound');

/** An injected fault says so in each event, with Envoy's flag where Envoy has one. */
const told = (flags: string, words: string) => ({
  route: { flags },
  findings: [{ code: 'fault-injected', message: expect.stringContaining(words) }],
});

describe.each(['both', 'general'] as const)('over HTTP/1.1, lanes: %s', (lanes) => {
  let application: Application;
  let pair: Pair;
  const peer = () => pair.at('web-0', 'orders:80');

  usePair((both) => ({ application, pair } = both), {
    handler: (request, response) => {
      request.resume();
      response.end(BODY);
    },
    limits: { lanes, connectTimeoutMs: CONNECT_TIMEOUT_MS },
  });

  it.each<[string, InjectedFault]>([
    ['another caller', { source: 'inventory', destination: { service: 'orders' }, fault: ABORT }],
    ['another service', { source: 'web', destination: { service: 'payments' }, fault: ABORT }],
    ['another port', { source: 'web', destination: { service: 'orders', port: 81 }, fault: ABORT }],
  ])('a fault of %s changes nothing, and no event tells of one', async (_whose, fault) => {
    await inject(pair, [fault]);
    expect((await ask(peer())).status).toBe(200);
    expect((await outbound(pair))[0]).toMatchObject({ findings: [], route: { flags: '' } });
  });

  it('an abort answers in the service’s place: FI', async () => {
    await inject(pair, onEdge(ABORT));
    expect(await ask(peer())).toMatchObject({ status: 418, body: 'fault filter abort' });
    expect(application.requests).toEqual([]);
    expect(await pair.seen()).toMatchObject([
      {
        decision: {
          verdict: 'deny',
          phase: 'route',
          reason: 'fault-abort',
          details: 'fault_filter_abort',
        },
        ...told('FI', 'from web to orders:80: an abort with status 418'),
      },
    ]);
  });

  it('a delay comes before the service: DI', async () => {
    await inject(pair, onEdge({ kind: 'delay', ms: 120 }));
    expect(await ask(peer())).toMatchObject({ status: 200, body: BODY });
    const [event] = await outbound(pair);
    expect(event).toMatchObject({ decision: { verdict: 'allow' }, ...told('DI', 'a delay of 120 ms') });
    expect(event?.durationMs).toBeGreaterThanOrEqual(119);
  });

  it('a delay and an abort of one edge happen one after the other', async () => {
    await inject(pair, onEdge(ABORT, { kind: 'delay', ms: 60 }));
    expect((await ask(peer())).status).toBe(418);
    expect((await outbound(pair))[0]).toMatchObject({ route: { flags: 'DI,FI' } });
  });

  it('a client that leaves during a delay is an event, and the service hears nothing', async () => {
    await inject(pair, onEdge({ kind: 'delay', ms: 150 }));
    const socket = net.connect(peer());
    socket.write('GET /impatient HTTP/1.1\r\nHost: orders\r\n\r\n');
    await once(socket, 'ready');
    const closed = closeOf(socket);
    socket.destroy();
    await closed;
    await expect
      .poll(async () => (await outbound(pair))[0])
      .toMatchObject({
        decision: { details: 'downstream_remote_disconnect' },
        ...told('DI,DC', 'a delay'),
      });
    expect(application.requests).toEqual([]);
  });

  it('a reset is a terminated connection, without a byte at the service', async () => {
    await inject(pair, onEdge({ kind: 'reset' }));
    const answer = await ask(peer(), { method: 'POST', body: 'order' });
    expect(answer).toMatchObject({
      status: 503,
      body: 'upstream connect error or disconnect/reset before headers. reset reason: connection termination',
    });
    expect(application.requests).toEqual([]);
    expect(await pair.seen()).toMatchObject([
      { decision: { verdict: 'deny', phase: 'upstream' }, ...told('UC', 'a reset connection') },
    ]);
  });

  it('a black hole ends in connection timeouts, tried three times', async () => {
    await inject(pair, onEdge({ kind: 'black-hole' }));
    expect(await ask(peer())).toMatchObject({
      status: 503,
      body: 'upstream connect error or disconnect/reset before headers. retried and the latest reset reason: connection timeout',
    });
    expect(application.requests).toEqual([]);
    expect(await pair.seen()).toMatchObject([
      {
        decision: { details: 'upstream_reset_before_response_started{connection_timeout}' },
        ...told('URX,UF', 'a black hole'),
      },
    ]);
  });

  it('slow bytes bring the whole body, late', async () => {
    await inject(pair, onEdge(SLOW));
    expect(await ask(peer())).toMatchObject({ status: 200, body: BODY });
    const [event] = await outbound(pair);
    expect(event).toMatchObject({ response: { bodyBytes: 30 }, ...told('', '100 bytes a second') });
    expect(event?.durationMs).toBeGreaterThanOrEqual(SLOW_MS);
  });

  it('a snapshot without the fault takes it away from the next request of an open connection', async () => {
    await inject(pair, onEdge(ABORT));
    const socket = net.connect(peer());
    const next = async (): Promise<string> => {
      socket.write('GET / HTTP/1.1\r\nHost: orders\r\n\r\n');
      return String(((await once(socket, 'data')) as [Buffer])[0]);
    };
    expect(await next()).toMatch(/^HTTP\/1.1 418 /);
    await inject(pair, []);
    expect(await next()).toMatch(/^HTTP\/1.1 200 /);
    socket.destroy();
    await pair.publish({ policies: [ALLOW_WEB] });
    expect((await outbound(pair)).at(-1)?.findings).toEqual([]);
  });
});

describe('over HTTP/2', () => {
  let application: Http2Application;
  let pair: Pair;
  let client: Http2Client;

  beforeAll(async () => {
    application = await startHttp2Application();
    pair = await startPair(application.address, { connectTimeoutMs: CONNECT_TIMEOUT_MS });
  });
  afterAll(async () => {
    await pair.close();
    await application.close();
  });
  afterEach(() => client.close());

  const open = async (...faults: FaultKind[]): Promise<void> => {
    await inject(pair, onEdge(...faults), { protocol: 'http2' });
    client = await connectHttp2(pair.at('web-0', 'orders:80'));
    await pair.clear();
    application.requests.length = 0;
  };

  it.each<[string, FaultKind, number, string, string]>([
    ['an abort', ABORT, 418, 'fault filter abort', 'FI'],
    ['a reset', { kind: 'reset' }, 503, 'connection termination', 'UC'],
    ['a black hole', { kind: 'black-hole' }, 503, 'connection timeout', 'URX,UF'],
  ])('%s keeps the request from the service', async (_name, fault, status, body, flags) => {
    await open(fault);
    const answer = await client.ask({ ':path': '/x' });
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(body);
    expect(application.requests).toEqual([]);
    expect(await pair.seen()).toMatchObject([told(flags, 'injected a fault')]);
  });

  it('a delay and slow bytes let the whole body through', async () => {
    await open({ kind: 'delay', ms: 50 }, SLOW);
    expect(await client.ask({ ':path': '/echo', ':method': 'POST' }, BODY)).toMatchObject({
      status: 200,
      body: BODY,
    });
    const [event] = await outbound(pair);
    expect(event).toMatchObject({ route: { flags: 'DI' } });
    expect(event?.findings).toHaveLength(2);
    expect(event?.durationMs).toBeGreaterThanOrEqual(SLOW_MS);
  });
});

describe('a WebSocket', () => {
  let server: WebSocketServer;
  let pair: Pair;

  beforeAll(async () => {
    server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
    const { port } = server.address() as net.AddressInfo;
    pair = await startPair({ host: '127.0.0.1', port }, { connectTimeoutMs: CONNECT_TIMEOUT_MS });
  });
  afterAll(async () => {
    await pair.close();
    server.close();
    await once(server, 'close');
  });
  beforeEach(() => pair.clear());

  const connect = (): WebSocket => {
    const { host, port } = pair.at('web-0', 'orders:80');
    return new WebSocket(`ws://${host}:${port}/echo`);
  };

  it.each<[FaultKind, string]>([
    [{ kind: 'reset' }, 'UC'],
    [{ kind: 'black-hole' }, 'URX,UF'],
  ])('isn’t opened over %o', async (fault, flags) => {
    await inject(pair, onEdge(fault));
    const [error] = (await once(connect(), 'error')) as [Error];
    expect(error.message).toContain('503');
    expect(await pair.seen()).toMatchObject([told(flags, 'injected a fault')]);
  });

  it('speaks slowly, once it is open', async () => {
    await inject(pair, onEdge(SLOW));
    const socket = connect();
    await once(socket, 'open');
    const sentAt = performance.now();
    socket.send(BODY);
    const [message] = (await once(socket, 'message')) as [Buffer];
    expect(message.toString()).toBe(BODY);
    expect(performance.now() - sentAt).toBeGreaterThanOrEqual(SLOW_MS);
    socket.close(1000);
    await once(socket, 'close');
    expect((await outbound(pair))[0]).toMatchObject({ findings: [{ code: 'fault-injected' }] });
  });
});

describe('over TCP', () => {
  let server: net.Server;
  let received: string;
  let pair: Pair;
  const peer = () => pair.at('web-0', 'orders:80');

  beforeAll(async () => {
    server = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        received += chunk.toString();
        socket.end(BODY);
      });
    });
    const port = await listenLocally(server);
    pair = await startPair({ host: '127.0.0.1', port }, { connectTimeoutMs: CONNECT_TIMEOUT_MS });
  });
  afterAll(async () => {
    await pair.close();
    server.close();
    await once(server, 'close');
  });
  beforeEach(async () => {
    await pair.clear();
    received = '';
  });

  const injectTcp = (...faults: FaultKind[]) => inject(pair, onEdge(...faults), { protocol: 'tcp' });

  it.each<[string, FaultKind, string, string]>([
    ['an abort closes it', ABORT, 'route', 'FI'],
    ['a black hole is waited for, and closes it', { kind: 'black-hole' }, 'upstream', 'UF,URX'],
  ])('%s, without a byte at the service', async (_name, fault, phase, flags) => {
    await injectTcp(fault);
    expect(await sendRaw(peer(), 'HELLO')).toBe('');
    expect(received).toBe('');
    expect(await pair.seen()).toMatchObject([
      { kind: 'tcp', decision: { verdict: 'deny', phase }, ...told(flags, 'injected a fault') },
    ]);
  });

  it('a reset is a reset at the client', async () => {
    await injectTcp({ kind: 'reset' });
    const socket = net.connect(peer());
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
    expect(received).toBe('');
    expect(await pair.seen()).toMatchObject([told('UC', 'a reset connection')]);
  });

  it('a delay and slow bytes bring everything, late', async () => {
    await injectTcp({ kind: 'delay', ms: 50 }, SLOW);
    expect(await sendRaw(peer(), 'HELLO')).toBe(BODY);
    expect(received).toBe('HELLO');
    const [event] = await outbound(pair);
    expect(event).toMatchObject({ decision: { verdict: 'allow' }, route: { flags: 'DI' } });
    expect(event?.durationMs).toBeGreaterThanOrEqual(SLOW_MS);
  });
});

describe('a black hole that a rehearsed caller meets, who declares itself after its connect', () => {
  let pair: Pair;

  usePair((both) => ({ pair } = both), { limits: { connectTimeoutMs: 700 } });

  it('is told with its tag', async () => {
    await inject(pair, onEdge({ kind: 'black-hole' }), { protocol: 'tcp' });
    const socket = net.connect(pair.at('web-0', 'orders:80'));
    const closed = closeOf(socket);
    await once(socket, 'connect');
    const { localAddress = '', localPort = 0 } = socket;
    await pair.plane.declareSource({ localAddress, localPort, ip: '10.244.0.1', tag: 'run/a/1' });
    await closed;
    expect(await pair.seen()).toMatchObject([
      { owner: 'web-0', decision: { verdict: 'deny', phase: 'upstream' }, tag: 'run/a/1' },
    ]);
  });
});

describe('a black hole', () => {
  let pair: Pair;
  beforeEach(async () => {
    // Nobody is there, and nobody is asked. A connection is waited for as long as Istio says: ten seconds.
    pair = await startPair({ host: '127.0.0.1', port: 1 });
  });
  afterEach(() => pair.close());

  /** The answer to what comes before it tells that the sidecar has the upgrade, too. */
  const upgrade = async (): Promise<net.Socket> => {
    await inject(pair, onEdge({ kind: 'black-hole' }));
    const socket = await connected();
    socket.write(
      'GET / HTTP/1.1\r\nHost: nobody\r\n\r\n' +
        'GET / HTTP/1.1\r\nHost: orders\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    await once(socket, 'data');
    return socket;
  };
  const bytes = async (): Promise<net.Socket> => {
    await inject(pair, onEdge({ kind: 'black-hole' }), { protocol: 'tcp' });
    const socket = await connected();
    // Closed in a later turn than the one in which the connection was accepted: plaintext at a port of mutual TLS.
    await sendRaw(pair.at('orders-0', '8080'), 'HELLO');
    return socket;
  };
  const connected = async (): Promise<net.Socket> => {
    const socket = net.connect(pair.at('web-0', 'orders:80'));
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };

  it.each([
    ['bytes', bytes],
    ['a WebSocket', upgrade],
  ] as const)('for %s is over when its client goes', async (_name, connect) => {
    const socket = await connect();
    socket.resetAndDestroy();
    const gone = async (): Promise<boolean> =>
      (await outbound(pair)).some(({ decision }) => decision.details === 'downstream_remote_disconnect');
    await eventually('its event', gone, 5_000);
  });

  it('does not hold up the end of the session', async () => {
    const closed = closeOf(await bytes());
    await pair.close();
    await closed;
  });
});
