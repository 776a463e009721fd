import { once } from 'node:events';
import type http from 'node:http';
import net from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_HTTP2_LIMITS } from '../../../wire/http2/http2-limits.ts';
import { FLAG, FRAME } from '../../../wire/http2/protocol.ts';
import { connectHttp2, type Http2Client } from '../../support/http2-client.ts';
import { block, frame, framesOf, GET, HELLO, request } from '../../support/http2-frames.ts';
import { eventually } from '../../support/patience.ts';
import {
  ALLOW_WEB,
  DENY_ALL,
  ORDERS,
  sendRaw,
  startApplication,
  startPair,
  WEB,
  type Application,
  type Pair,
} from '../../support/sidecar-pair.ts';
import { keySetText, requestAuthentication, signer } from '../../support/tokens.ts';

let application: Application;
let pair: Pair;
let client: Http2Client | null = null;
const others: Application[] = [];

beforeAll(async () => {
  application = await startApplication();
  pair = await startPair(application.address);
});
afterAll(async () => {
  await client?.close();
  await pair.close();
  await application.close();
  for (const other of others) await other.close();
});
beforeEach(async () => {
  await client?.close();
  client = null;
  await pair.clear();
  application.requests.length = 0;
});

/** Over mutual TLS, as `web`. */
async function asWeb(): Promise<Http2Client> {
  client = await connectHttp2(pair.at('orders-0', '8080'), await pair.leaf({ spiffeId: WEB, fault: 'none' }));
  return client;
}

describe('a request over HTTP/2 at an inbound listener', () => {
  it('is denied with Envoy’s answer, and the application sees nothing', async () => {
    await pair.publish({ policies: [DENY_ALL] });
    const answer = await (await asWeb()).ask({ ':path': '/charge' });
    expect(answer).toMatchObject({ status: 403, body: 'RBAC: access denied' });
    expect(application.requests).toEqual([]);
    const [event] = await pair.seen();
    expect(event).toMatchObject({
      kind: 'http',
      direction: 'inbound',
      from: { spiffeId: WEB },
      to: { spiffeId: ORDERS },
      decision: { verdict: 'deny', phase: 'allow', status: 403 },
      request: { protocol: 'http2', method: 'GET', path: '/charge', host: 'orders' },
      response: { status: 403, by: 'sidecar' },
    });
  });

  it('that has no route gets an empty answer without a length, as Envoy gives it', async () => {
    await pair.publish({ policies: [ALLOW_WEB] });
    const answer = await (await asWeb()).ask({ ':method': 'OPTIONS', ':path': '*' });
    expect(answer).toMatchObject({ status: 404, body: '' });
    expect(answer.headers).not.toHaveProperty('content-length');
  });

  it('reaches an HTTP/1.1 application when it is allowed', async () => {
    await pair.publish({ policies: [ALLOW_WEB] });
    const answer = await (await asWeb()).ask({ ':path': '/charge', ':method': 'POST' }, 'twelve euros');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({
      method: 'POST',
      url: '/charge',
      headers: { host: 'orders', 'transfer-encoding': 'chunked', 'x-forwarded-proto': 'https' },
    });
    const [event] = await pair.seen();
    expect(event).toMatchObject({
      decision: { verdict: 'allow' },
      request: { protocol: 'http2', bodyBytes: 12 },
      response: { status: 200, by: 'upstream' },
    });
  });

  it('that waits for a 100 gets the application’s', async () => {
    await pair.publish({ policies: [ALLOW_WEB] });
    const { session } = await asWeb();
    const stream = session.request(
      { ':authority': 'orders', ':path': '/', ':method': 'POST', expect: '100-continue' },
      { endStream: false },
    );
    await once(stream, 'continue');
    stream.end('now');
    stream.setEncoding('utf8');
    let body = '';
    for await (const chunk of stream) body += String(chunk);
    expect(JSON.parse(body)).toMatchObject({ method: 'POST' });
    expect(body).toContain('100-continue');
  });

  it('under way when its instance leaves ends well, and its client is told to send no more', async () => {
    let finish: (() => void) | null = null;
    await serve((_message, response) => {
      response.writeHead(200).flushHeaders();
      finish = () => response.end('late');
    });
    const { session, ask } = await asWeb();
    const late = ask({ ':path': '/late' });
    await eventually('the request arrives', () => finish !== null);
    const told = once(session, 'goaway');
    await pair.publish({
      policies: [ALLOW_WEB],
      edit: (snapshot) => {
        snapshot.instances = snapshot.instances.filter(({ id }) => id !== 'orders-0');
      },
    });
    expect((await told)[0]).toBe(0);
    (finish as (() => void) | null)?.();
    expect(await late).toMatchObject({ status: 200, body: 'late' });
  });
});

describe('an HTTP/2 client of a port that speaks HTTP/1.1', () => {
  it('is carried in HTTP/1.1 from its own sidecar on', async () => {
    await pair.publish({ policies: [ALLOW_WEB] });
    client = await connectHttp2(pair.at('web-0', 'orders:80'));
    const answer = await client.ask({ ':path': '/charge', ':method': 'POST' }, 'twelve euros');
    expect(JSON.parse(answer.body)).toMatchObject({ method: 'POST', url: '/charge' });
    expect(answer.headers).toMatchObject({ server: 'envoy' });
    const events = await pair.seen();
    expect(
      events.map(({ direction, request: seen }) => [direction, seen?.protocol, seen?.bodyBytes]),
    ).toEqual([
      ['inbound', 'http1', 12],
      ['outbound', 'http2', 12],
    ]);
  });

  it('learns that its host is unknown as Envoy tells it', async () => {
    await pair.publish({ policies: [ALLOW_WEB] });
    client = await connectHttp2(pair.at('web-0', 'orders:80'));
    expect(await client.ask({ ':authority': 'nobody' })).toMatchObject({ status: 502, body: '' });
    expect(application.requests).toEqual([]);
    expect((await pair.seen())[0]).toMatchObject({ direction: 'outbound', decision: { phase: 'egress' } });
  });
});

describe('which protocol a connection speaks', () => {
  it('is told by the preface on a plaintext port, also when it comes in pieces', async () => {
    await pair.publish({ policies: [], mtls: 'DISABLE' });
    const socket = net.connect(pair.at('orders-0', '8080'));
    const bytes = Buffer.concat([HELLO, request(1)]);
    socket.setNoDelay(true);
    for (const piece of [bytes.subarray(0, 5), bytes.subarray(5, 20), bytes.subarray(20)]) {
      socket.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    let answer = Buffer.alloc(0);
    for await (const chunk of socket) {
      answer = Buffer.concat([answer, chunk as Buffer]);
      if (framesOf(answer).some(({ type }) => type === FRAME.DATA)) break;
    }
    expect(application.requests).toEqual(['GET /']);
    expect(framesOf(answer)[0]?.type).toBe(FRAME.SETTINGS);
  });

  it('is HTTP/1.1 where the handshake said so, whatever the first bytes say', async () => {
    await pair.publish({ policies: [ALLOW_WEB] });
    client = await connectHttp2(
      pair.at('orders-0', '8080'),
      await pair.leaf({ spiffeId: WEB, fault: 'none' }),
      ['istio-http/1.1', 'istio', 'http/1.1'],
    );
    await expect(client.ask({ ':path': '/charge' })).rejects.toThrow();
    expect(application.requests).toEqual([]);
    expect((await pair.seen())[0]).toMatchObject({
      decision: { verdict: 'deny', phase: 'codec', status: 400 },
    });
  });

  it('is HTTP/1.1 for a request that only begins like the preface', async () => {
    await pair.publish({ policies: [], mtls: 'DISABLE' });
    const answer = await sendRaw(
      pair.at('orders-0', '8080'),
      'PRI /x HTTP/1.1\r\nHost: orders\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 /);
  });
});

describe('an HTTP/1.1 application behind HTTP/2', () => {
  it('answers HEAD, 204 and 304 without a body', async () => {
    await serve((message, response) => {
      response.sendDate = false;
      if (message.url === '/204') response.writeHead(204).end();
      else if (message.url === '/304') response.writeHead(304, { etag: '"x"' }).end();
      else response.writeHead(200, { 'content-length': 5 }).end('hello');
    });
    const { ask } = await asWeb();
    expect(await ask({ ':method': 'HEAD', ':path': '/' })).toMatchObject({
      status: 200,
      body: '',
      headers: { 'content-length': '5' },
    });
    expect(await ask({ ':path': '/204' })).toMatchObject({ status: 204, body: '' });
    expect(await ask({ ':path': '/304' })).toMatchObject({ status: 304, body: '', headers: { etag: '"x"' } });
    expect(await ask({ ':path': '/200' })).toMatchObject({ status: 200, body: 'hello' });
  });

  it('gets no trailers and sends none, as behind Envoy, and keeps what belongs to its own connection', async () => {
    await serve((message, response) => {
      message.resume();
      message.once('end', () => {
        const told = JSON.stringify([message.trailers, message.headers.trailer ?? null]);
        response.writeHead(200, { 'keep-alive': 'timeout=5', 'x-got': told });
        response.write('hello');
        response.addTrailers({ 'x-sum': 'abc' });
        response.end();
      });
    });
    const { session } = await asWeb();
    const stream = session.request(
      { ':authority': 'orders', ':path': '/', ':method': 'POST' },
      { endStream: false, waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-in': 'told' }));
    stream.end('ping');
    const heard: unknown[] = [];
    stream.on('trailers', (fields) => heard.push(fields));
    const [headers] = (await once(stream, 'response')) as [Record<string, string>];
    stream.resume();
    await once(stream, 'close');
    expect(headers).toMatchObject({ 'x-got': '[{},null]', server: 'istio-envoy' });
    expect(headers).not.toHaveProperty('keep-alive');
    expect(headers).not.toHaveProperty('transfer-encoding');
    expect(heard).toEqual([]);
  });

  it('is cancelled when the client resets its stream', async () => {
    const closed = new Promise<void>((resolve) => {
      void serve((message, response) => {
        response.once('close', () => resolve());
        message.resume();
        response.writeHead(200).flushHeaders();
      });
    });
    const { session } = await asWeb();
    const stream = session.request({ ':authority': 'orders', ':path': '/endless' });
    await once(stream, 'response');
    stream.close(8);
    await closed;
    await eventually('the event', async () => (await pair.seen()).length === 1);
    expect(pair.events[0]?.decision.details).toBe('downstream_remote_disconnect');
  });

  it('that breaks off its answer resets the stream', async () => {
    await serve((_message, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy());
    });
    await expect((await asWeb()).ask({ ':path': '/half' })).rejects.toThrow();
    expect((await pair.seen())[0]?.decision.details).toContain('upstream_reset_after_response_started');
  });

  it('that isn’t there is answered with 503', async () => {
    await pair.publish({
      policies: [ALLOW_WEB],
      edit: ({ instances }) => {
        for (const { inbound } of instances)
          for (const port of inbound) port.upstream = { host: '127.0.0.1', port: 1 };
      },
    });
    const answer = await (await asWeb()).ask({ ':path': '/charge' });
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('upstream connect error');
  });

  it('waits with its answer for a client that doesn’t read', async () => {
    let written = 0;
    await serve((_message, response) => {
      const chunk = Buffer.alloc(64 * 1024);
      const more = (): void => {
        while (written < 64 * 1024 * 1024) {
          written += chunk.length;
          if (!response.write(chunk)) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    const { session } = await asWeb();
    const stream = session.request({ ':authority': 'orders', ':path': '/big' });
    await once(stream, 'response');
    let last = -1;
    await eventually('the application stops writing', () => {
      const still = last === written;
      last = written;
      return still;
    });
    expect(written).toBeLessThan(16 * 1024 * 1024);
    stream.close(8);
  });
});

it('bodies of refused requests are given back to the window of the connection, which goes on', async () => {
  const jwks = keySetText(signer());
  await pair.publish({
    mtls: 'DISABLE',
    policies: [requestAuthentication([{ issuer: 'https://a.example', jwks }])],
  });
  const socket = net.connect(pair.at('orders-0', '8080'));
  let bytes = Buffer.alloc(0);
  let answered = 0;
  let window = 65_535;
  const credited = (): boolean => window >= body.length;
  socket.on('data', (chunk: Buffer) => {
    const all = Buffer.concat([bytes, chunk]);
    const frames = framesOf(all);
    bytes = all.subarray(frames.reduce((length, { payload }) => length + 9 + payload.length, 0));
    for (const { type, stream, payload } of frames) {
      if (type === FRAME.WINDOW_UPDATE && stream === 0) window += payload.readUInt32BE();
      if (type === FRAME.HEADERS) answered += 1;
    }
  });
  const body = Buffer.alloc(16 * 1024);
  let sent = 0;
  /** Head and body at once: a body that comes while a signature is verified belongs to nobody yet. */
  const post = (fields: readonly (readonly [string, string])[]): void => {
    const stream = 2 * sent + 1;
    const head = block([[':method', 'POST'], ...GET.slice(1), ...fields]);
    socket.write(
      Buffer.concat([
        frame(FRAME.HEADERS, FLAG.END_HEADERS, stream, head),
        frame(FRAME.DATA, FLAG.END_STREAM, stream, body),
      ]),
    );
    sent += 1;
    window -= body.length;
  };
  socket.write(HELLO);
  const forged = signer().token({ iss: 'https://a.example', sub: 'alice' });
  while (sent * body.length <= DEFAULT_HTTP2_LIMITS.connectionWindow) {
    await eventually('room for a body', credited);
    for (let batch = 0; batch < 64 && credited(); batch += 1) post([['authorization', `Bearer ${forged}`]]);
    await eventually('their answers', () => answered === sent);
  }
  expect(application.requests).toEqual([]);
  await eventually('room for one more', credited);
  post([]);
  await eventually('its answer', () => answered === sent);
  expect(application.requests).toEqual(['POST /']);
  socket.destroy();
});

/** Another application behind the listener, for one test. */
async function serve(handler: http.RequestListener): Promise<void> {
  const server = await startApplication(handler);
  others.push(server);
  await pair.publish({
    policies: [ALLOW_WEB],
    edit: ({ instances }) => {
      for (const { inbound } of instances) for (const port of inbound) port.upstream = server.address;
    },
  });
}
