import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectHttp2, type Http2Client } from '../../support/http2-client.ts';
import {
  ALLOW_WEB,
  DENY_ALL,
  ORDERS,
  startApplication,
  startPair,
  WEB,
  type Application,
  type Pair,
} from '../../support/sidecar-pair.ts';

let application: Application;
let pair: Pair;
let client: Http2Client | null = null;

beforeAll(async () => {
  application = await startApplication();
  pair = await startPair(application.address);
});
afterAll(async () => {
  await pair.close();
  await application.close();
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
});
