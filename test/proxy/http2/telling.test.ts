/**
 * What the pair tells of HTTP/2 by numbers is what it would tell as an object: the same request with and without a
 * field that only an object may carry.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TrafficEvent } from '../../../model/traffic-event.ts';
import { startHttp2Application, type Http2Application } from '../../support/http2-application.ts';
import { connectHttp2, type Http2Client } from '../../support/http2-client.ts';
import { ALLOW_WEB, startPair, type Pair } from '../../support/sidecar-pair.ts';

let application: Http2Application;
let pair: Pair;
let client: Http2Client;

beforeAll(async () => {
  application = await startHttp2Application((stream) => {
    stream.resume();
    stream.respond({ ':status': 200, 'x-b': 'c' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end('done');
  });
  pair = await startPair(application.address);
});
afterAll(async () => {
  await client?.close();
  await pair.close();
  await application.close();
});
beforeEach(async () => {
  await client?.close();
  await pair.publish({ policies: [ALLOW_WEB], protocol: 'http2' });
  client = await connectHttp2(pair.at('web-0', 'orders:80'));
  await pair.clear();
});

/** Both sidecars' events of one request, without what differs from request to request. */
async function told(headers: Record<string, string>, body?: string): Promise<unknown[]> {
  await pair.clear();
  await client.ask({ 'x-request-id': 'one', ...headers }, body);
  return (await pair.seen()).map(comparable);
}

function comparable({ at: _at, durationMs: _d, timing: _t, ...rest }: TrafficEvent): unknown {
  const { request, response } = rest;
  const plain = ([name, value]: readonly [string, string]): [string, string] => [
    name,
    name === 'x-envoy-upstream-service-time' || name === 'date' ? '*' : value,
  ];
  const fields = request?.headers.filter(([name]) => name !== 'authorization');
  // An HTTP/2 object says the scheme besides, which the fields say, too.
  const { scheme: _scheme, ...asked } = (request ?? {}) as Record<string, unknown>;
  return {
    ...rest,
    request: { ...asked, headers: fields?.map(plain) },
    response: response && { ...response, headers: response.headers.map(plain) },
  };
}

const measured = async (): Promise<boolean[]> =>
  (await pair.seen()).map(({ timing }) => timing !== undefined);

describe('an exchange over HTTP/2 that is told by numbers', () => {
  it.each<[string, Record<string, string>, string?]>([
    ['a GET', { ':path': '/charge?a=b' }],
    ['a POST with a body', { ':path': '/charge', ':method': 'POST' }, 'twelve euros'],
    ['a gRPC call', { ':path': '/shop.A/B', ':method': 'POST', 'content-type': 'application/grpc' }, 'x'],
    ['bytes above ASCII', { 'x-a': 'M\u00fc' }],
  ])('says the same as an object would: %s', async (_, headers, body) => {
    const byNumbers = await told(headers, body);
    expect(await measured()).toEqual([true, true]);
    const asObjects = await told({ ...headers, authorization: 'Bearer s3cret' }, body);
    expect(await measured()).toEqual([false, false]);
    expect(byNumbers).toEqual(asObjects);
    expect(JSON.stringify(await pair.seen())).not.toContain('s3cret');
  });

  it('names the snapshot that it was judged by', async () => {
    const [first] = (await told({})) as { snapshotVersion: number }[];
    await pair.publish({ policies: [ALLOW_WEB], protocol: 'http2' });
    const [second] = (await told({})) as { snapshotVersion: number }[];
    expect((second?.snapshotVersion ?? 0) - (first?.snapshotVersion ?? 0)).toBe(1);
  });

  it('is none where it was denied: that says why', async () => {
    await pair.publish({ policies: [], protocol: 'http2' });
    await client.ask({});
    await pair.clear();
    await pair.publish({
      policies: [{ ...ALLOW_WEB, spec: {} }],
      protocol: 'http2',
    });
    expect(await client.ask({})).toMatchObject({ status: 403 });
    const inbound = (await pair.seen()).find(({ direction }) => direction === 'inbound');
    expect(inbound).toMatchObject({
      decision: { verdict: 'deny' },
      response: { status: 403, by: 'sidecar' },
    });
    expect(inbound?.explanation).not.toBeNull();
  });
});
