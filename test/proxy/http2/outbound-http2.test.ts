import { request as httpRequest } from 'node:http';
import type http2 from 'node:http2';
import { connect } from 'node:http2';
import type net from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask as askHttp2, connectHttp2, type Http2Client } from '../../support/http2-client.ts';
import { startHttp2Application, type Http2Application } from '../../support/http2-application.ts';
import { ALLOW_WEB, ask, DENY_ALL, startPair, WEB, type Pair } from '../../support/sidecar-pair.ts';

let application: Http2Application;
let pair: Pair;
let client: Http2Client;

beforeAll(async () => {
  application = await startHttp2Application();
  pair = await startPair(application.address);
});
afterAll(async () => {
  await pair.close();
  await application.close();
});
beforeEach(async () => {
  await pair.publish({ policies: [ALLOW_WEB], protocol: 'http2' });
  client = await connectHttp2(pair.at('web-0', 'orders:80'));
  await pair.clear();
  application.requests.length = 0;
});
afterEach(() => client.close());

describe('a port that speaks HTTP/2, called over HTTP/2', () => {
  it('denies as Envoy does, and the application sees nothing', async () => {
    await pair.publish({ policies: [DENY_ALL], protocol: 'http2' });
    expect(await client.ask({ ':path': '/charge' })).toMatchObject({
      status: 403,
      body: 'RBAC: access denied',
    });
    expect(application.requests).toEqual([]);
  });

  it('answers an upgrade as Istio’s inbound sidecar makes Envoy answer it, and sends nothing', async () => {
    const answer = await ask(pair.at('web-0', 'orders:80'), {
      headers: { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-key': 'x', host: 'orders' },
    });
    expect(answer).toMatchObject({
      status: 503,
      body: 'upstream connect error or disconnect/reset before headers. reset reason: connection termination',
    });
    expect(application.requests).toEqual([]);
    expect((await pair.seen())[0]).toMatchObject({
      decision: { reason: 'upgrade-towards-http2' },
      route: { attempts: 1, flags: 'UC' },
    });
  });

  it('carries body and trailers both ways', async () => {
    const stream = client.session.request(
      { ':authority': 'orders', ':path': '/echo', ':method': 'POST' },
      { endStream: false, waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': 'abc' }));
    stream.end('ping');
    let trailers: http2.IncomingHttpHeaders = {};
    stream.on('trailers', (fields) => {
      trailers = fields;
    });
    stream.setEncoding('utf8');
    let body = '';
    stream.on('data', (chunk: string) => {
      body += chunk;
    });
    await once(stream, 'close');
    expect(body).toBe('ping');
    expect(trailers).toMatchObject({ 'x-sum': 'abc' });
    const [inbound, outbound] = await pair.seen();
    expect(inbound).toMatchObject({
      direction: 'inbound',
      from: { spiffeId: WEB },
      request: { protocol: 'http2', bodyBytes: 4 },
      response: { bodyBytes: 4 },
      tls: { alpn: 'h2' },
    });
    expect(outbound).toMatchObject({ direction: 'outbound', request: { protocol: 'http2', bodyBytes: 4 } });
  });

  it('carries five megabytes each way', async () => {
    const big = Buffer.alloc(5_000_000, 'greenroom ');
    const answer = await client.ask({ ':path': '/echo', ':method': 'POST' }, big);
    expect(answer.body.length).toBe(big.length);
  });

  it('serves an HTTP/1.1 client too', async () => {
    const answer = await ask(pair.at('web-0', 'orders:80'), { method: 'POST', path: '/echo', body: 'hello' });
    expect(answer).toMatchObject({ status: 200, body: 'hello' });
    expect(application.requests).toEqual(['POST /echo']);
  });

  it('is spoken through a CONNECT too, as gRPC’s clients do with HTTP_PROXY', async () => {
    const { host, port } = pair.at('web-0', 'http-proxy');
    const asked = httpRequest({ host, port, method: 'CONNECT', path: 'orders:80', agent: false });
    asked.end();
    const [, socket] = (await once(asked, 'connect')) as [unknown, net.Socket];
    const session = connect('http://orders', { createConnection: () => socket });
    const answer = await askHttp2(session, { ':path': '/echo', ':method': 'POST' }, 'through');
    expect(answer).toMatchObject({ status: 200, body: 'through' });
    session.destroy();
    await once(socket, 'close');
  });
});
