/** RateLimit and RequestValidation on the wire, over both versions of HTTP, the application's log as witness. */
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileRateLimits } from '../../../policy/rate-limit.ts';
import { compileValidations, openapiKey } from '../../../policy/request-validation.ts';
import type { PolicyObject } from '../../../policy/index.ts';
import { own } from '../../support/own-kinds.ts';
import {
  ask,
  closeOf,
  DENY_ALL,
  sendRaw,
  startApplication,
  startPair,
  type Application,
  type Pair,
} from '../../support/sidecar-pair.ts';

let application: Application;
let pair: Pair;
const bodies: string[] = [];
beforeAll(async () => {
  application = await startApplication((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.once('end', () => {
      bodies.push(`${body}|${JSON.stringify(request.trailers)}`);
      response.end('ok');
    });
  });
  pair = await startPair(application.address);
});
afterAll(async () => {
  await pair.close();
  await application.close();
});

const TARGET = { namespace: 'shop', labels: {}, serviceAccount: 'orders' };

interface After {
  rateLimit?: string;
  validation?: string;
  documents?: unknown;
  policies?: PolicyObject[];
  mtls?: 'STRICT' | 'DISABLE';
}

/** Publishes what is asked after the policies of orders' port. */
async function publish({
  rateLimit,
  validation,
  documents,
  policies = [],
  mtls = 'DISABLE',
}: After): Promise<void> {
  const rateLimits =
    rateLimit === undefined ? [] : compileRateLimits(own('RateLimit', rateLimit), TARGET, 'istio-system');
  const validations =
    validation === undefined
      ? []
      : compileValidations(own('RequestValidation', validation), TARGET, 'istio-system');
  const key = validations.map(openapiKey)[0] ?? '';
  await pair.publish({
    mtls,
    policies,
    edit: (snapshot) => {
      const port = snapshot.instances[1]?.inbound[0];
      if (port === undefined) throw new Error('no inbound port');
      Object.assign(port, { rateLimits, validations });
      if (documents !== undefined) snapshot.openapi = { [key]: documents };
    },
  });
  await pair.clear();
  application.requests.length = 0;
  bodies.length = 0;
}

const inbound = () => pair.at('orders-0', '8080');
const get = (path = '/') => ask(inbound(), { path, headers: { host: 'orders' } });
const post = (body: string, headers: Record<string, string>, method = 'POST') =>
  ask(inbound(), { method, path: '/orders', headers: { host: 'orders', ...headers }, body });

describe('a rate limit', () => {
  const TWO = 'rules: [{ key: { by: everybody }, requests: 2, window: 1h }]';

  it('answers 429 with the standard headers, and the application sees nothing of it', async () => {
    await publish({ rateLimit: TWO });
    const answers = [await get(), await get(), await get()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[0]?.headers['ratelimit-policy']).toMatch(/q=2;w=3600/);
    expect(answers[1]?.headers['ratelimit']).toMatch(/r=0;t=3600/);
    expect(answers[2]?.headers['retry-after']).toBe('1800');
    expect(answers[2]?.body).toBe('local_rate_limited');
    expect(application.requests).toHaveLength(2);
    expect((await pair.seen()).at(-1)).toMatchObject({
      decision: { phase: 'rate-limit', reason: 'rate-limited' },
      explanation: { sentence: expect.stringContaining('RateLimit') },
    });
  });

  it('counts nothing that a policy refuses', async () => {
    await publish({ rateLimit: TWO, policies: [DENY_ALL] });
    const statuses = [await get(), await get(), await get()].map(({ status }) => status);
    expect(statuses).toEqual([403, 403, 403]);
  });

  it('counts by verified identity', async () => {
    await publish({
      rateLimit: 'rules: [{ key: { by: identity }, requests: 1, window: 1h }]',
      mtls: 'STRICT',
    });
    const as = async (spiffeId: string): Promise<string> => {
      const leaf = await pair.leaf({ spiffeId, fault: 'none' });
      const socket = tls.connect({
        ...inbound(),
        cert: leaf.certificateChainPem,
        key: leaf.privateKey.reveal(),
        rejectUnauthorized: false,
      });
      let got = '';
      socket.on('data', (chunk: Buffer) => {
        got += chunk.toString();
      });
      socket.write('GET / HTTP/1.1\r\nhost: orders\r\nconnection: close\r\n\r\n');
      await closeOf(socket);
      return got.slice(9, 12);
    };
    const [a, b] = ['spiffe://cluster.local/ns/shop/sa/a', 'spiffe://cluster.local/ns/shop/sa/b'] as const;
    expect([await as(a), await as(a), await as(b)]).toEqual(['200', '429', '200']);
  });
});

const DOCUMENT = {
  paths: {
    '/orders': {
      post: {
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { type: 'object', required: ['item'] } } },
        },
      },
    },
  },
};
const OPENAPI = { validation: 'openapi: { file: ./orders.yaml }', documents: DOCUMENT };
const JSON_TYPE = { 'content-type': 'application/json' };

describe('a request validation', () => {
  it.each([
    ['a body that isn’t what it must be', OPENAPI, '{"a":1}', JSON_TYPE, 400, 'request-invalid'],
    ['a body that is no JSON', OPENAPI, 'x', JSON_TYPE, 400, 'request-invalid'],
    ['a body nested beyond reason', OPENAPI, '['.repeat(100_000), JSON_TYPE, 400, 'request-invalid'],
    [
      'a document that isn’t there',
      { validation: OPENAPI.validation },
      '{}',
      JSON_TYPE,
      503,
      'schemas-unavailable',
    ],
    [
      'another content type',
      { validation: 'contentTypes: [application/json]' },
      'x',
      { 'content-type': 'text/plain' },
      415,
      'content-type',
    ],
    ['a body over its limit', { validation: 'limits: { bodyBytes: 3 }' }, 'four', {}, 413, 'body-too-large'],
    [
      'a chunked body over its limit',
      { validation: 'limits: { bodyBytes: 3 }' },
      'four',
      { 'transfer-encoding': 'chunked' },
      413,
      'body-too-large',
    ],
    [
      'a body over the limit that nobody wrote',
      OPENAPI,
      ' '.repeat(1024 * 1024 + 1),
      JSON_TYPE,
      413,
      'body-too-large',
    ],
  ])('refuses %s; nothing arrives', async (_what, after, body, headers, status, reason) => {
    await publish(after);
    expect((await post(body, headers as Record<string, string>)).status).toBe(status);
    expect((await pair.seen()).at(-1)?.decision).toMatchObject({ phase: 'validation', reason });
    expect(application.requests).toEqual([]);
  });

  it('tells which methods there are', async () => {
    await publish(OPENAPI);
    const answer = await post('', {}, 'PUT');
    expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
  });

  it('lets a good body through as it came, and asks for it where the client waits', async () => {
    await publish(OPENAPI);
    const head =
      'POST /orders HTTP/1.1\r\nhost: orders\r\nconnection: close\r\ncontent-type: application/json\r\n';
    const chunked = `${head}transfer-encoding: chunked\r\nexpect: 100-continue\r\n\r\n9\r\n{"item":1\r\n1\r\n}\r\n0\r\nx-end: yes\r\n\r\n`;
    const answer = await sendRaw(inbound(), chunked);
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
    expect(bodies).toEqual(['{"item":1}|{}']);
  });

  it('forgets a client that goes away within its body', async () => {
    await publish(OPENAPI);
    const socket = net.connect(inbound());
    socket.write(
      'POST /orders HTTP/1.1\r\nhost: orders\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
    );
    await once(socket, 'connect');
    socket.end();
    await closeOf(socket);
    expect(application.requests).toEqual([]);
  });
});

describe('the same over HTTP/2', () => {
  async function call(
    body: string,
    headers: Record<string, string> = JSON_TYPE,
  ): Promise<{ status: number; headers: http2.IncomingHttpHeaders }> {
    const { host, port } = inbound();
    const session = http2.connect(`http://${host}:${port}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/orders',
      ':authority': 'orders',
      ...headers,
    });
    stream.end(body);
    const [answer] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders & { ':status': number }];
    stream.resume();
    session.close();
    await once(session, 'close');
    return { status: answer[':status'], headers: answer };
  }

  it('limits', async () => {
    await publish({ rateLimit: 'rules: [{ key: { by: header, name: x-key }, requests: 1, window: 1h }]' });
    expect((await call('x', { 'x-key': 'h2' })).status).toBe(200);
    const second = await call('x', { 'x-key': 'h2' });
    expect([second.status, second.headers['retry-after']]).toEqual([429, '3600']);
    expect(application.requests).toHaveLength(1);
  });

  it('gives the 100 that a client waits for, since nobody else is asked before the body is here', async () => {
    await publish(OPENAPI);
    const { host, port } = inbound();
    const session = http2.connect(`http://${host}:${port}`);
    const asked = { ':method': 'POST', ':path': '/orders', ':authority': 'orders', expect: '100-continue' };
    const stream = session.request({ ...asked, ...JSON_TYPE });
    await once(stream, 'continue');
    expect(application.requests).toEqual([]);
    stream.end('{"item":"x"}');
    const [answer] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders & { ':status': number }];
    expect(answer[':status']).toBe(200);
    stream.resume();
    session.close();
    await once(session, 'close');
  });

  it('refuses bodies, and lets a long good one through whole', async () => {
    await publish(OPENAPI);
    expect((await call('{}')).status).toBe(400);
    expect((await call('"'.padEnd(2 * 1024 * 1024, 'x'))).status).toBe(413);
    expect(application.requests).toEqual([]);
    const long = JSON.stringify({ item: 'x'.repeat(500_000) });
    expect((await call(long)).status).toBe(200);
    expect(bodies).toEqual([`${long}|{}`]);
  });
});
