/**
 * The window of a connection is given back whatever becomes of its streams: more than it holds goes over one connection
 * of each hop, in streams that end early.
 */
import { once } from 'node:events';
import type http2 from 'node:http2';
import { afterEach, describe, expect, it } from 'vitest';
import { DEFAULT_HTTP2_LIMITS } from '../../../wire/http2/http2-limits.ts';
import { ERROR } from '../../../wire/http2/protocol.ts';
import { startHttp2Application, type Http2Application } from '../../support/http2-application.ts';
import { connectHttp2, type Http2Client } from '../../support/http2-client.ts';
import { eventually } from '../../support/patience.ts';
import { ALLOW_WEB, startApplication, startPair, type Pair } from '../../support/sidecar-pair.ts';

/** Less than a stream's window, so that all of it comes before anybody reads. */
const BODY = Buffer.alloc(200 * 1024, 'x');
const AT_ONCE = 8;
/** Well above what the window of a connection holds, also where an application has taken its first 64 KB of each. */
const ROUNDS = Math.ceil((2.5 * DEFAULT_HTTP2_LIMITS.connectionWindow) / BODY.length / AT_ONCE);

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

type Handler = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void;

async function pairOf(address: { host: string; port: number }): Promise<{ pair: Pair; client: Http2Client }> {
  const pair = await startPair(address);
  closing.push(() => pair.close());
  await pair.publish({ policies: [ALLOW_WEB], protocol: 'http2' });
  const client = await connectHttp2(pair.at('web-0', 'orders:80'));
  closing.push(() => client.close());
  return { pair, client };
}

async function start(handler: Handler): Promise<{ application: Http2Application; client: Http2Client }> {
  const application = await startHttp2Application(handler);
  closing.push(() => application.close());
  return { application, client: (await pairOf(application.address)).client };
}

/** So many exchanges that their bodies are more than a connection's window. */
async function many(exchange: () => Promise<unknown>): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1)
    await Promise.all(Array.from({ length: AT_ONCE }, () => exchange()));
}

const answered = async (client: Http2Client, headers: http2.OutgoingHttpHeaders, body?: Buffer) =>
  expect(await client.ask(headers, body)).toMatchObject({ status: 200 });

describe('the window of a connection comes back', () => {
  it('from whole answers, whose last bytes go when the upstream is over', async () => {
    const { application, client } = await start((stream) => {
      stream.respond({ ':status': 200 });
      stream.end(BODY);
    });
    await many(async () => expect((await client.ask()).body).toHaveLength(BODY.length));
    expect(application.sessions.size).toBe(1);
  });

  it('from whole answers with trailers', async () => {
    const { application, client } = await start((stream) => {
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-end': 'yes' }));
      stream.end(BODY);
    });
    await many(async () => expect((await client.ask()).trailers['x-end']).toBe('yes'));
    expect(application.sessions.size).toBe(1);
  });

  it('from requests that the application answers without reading them, over HTTP/2', async () => {
    const { application, client } = await start((stream) => {
      stream.respond({ ':status': 200 });
      stream.end();
    });
    await many(() => answered(client, { ':method': 'POST' }, BODY));
    expect(application.sessions.size).toBe(1);
  });

  it('from whole requests that wait for an application which answers without reading them', async () => {
    const waiting = new Map<string, http2.ServerHttp2Stream>();
    const { application, client } = await start((stream, headers) => {
      waiting.set(String(headers[':path']), stream);
    });
    let requests = 0;
    await many(async () => {
      requests += 1;
      const path = `/${requests}`;
      const stream = client.session.request({ ':authority': 'orders', ':path': path, ':method': 'POST' });
      stream.end(BODY);
      await once(stream, 'finish');
      // What is acknowledged came after all of the body.
      await new Promise((resolve) => client.session.ping(resolve));
      const arrived = await eventually('the request arrives', () => waiting.get(path));
      arrived.respond({ ':status': 200 }, { endStream: true });
      await once(stream, 'response');
      stream.resume();
      await once(stream, 'close');
    });
    expect(application.sessions.size).toBe(1);
  });

  it('from requests that the application answers without reading them, over HTTP/1.1', async () => {
    const application = await startApplication((_request, response) => void response.end('early'));
    closing.push(() => application.close());
    const pair = await startPair(application.address);
    closing.push(() => pair.close());
    await pair.publish({ policies: [ALLOW_WEB] });
    const client = await connectHttp2(pair.at('web-0', 'orders:80'));
    closing.push(() => client.close());
    await many(() => answered(client, { ':method': 'POST' }, BODY));
  });

  it('from streams that the application resets, before and in its answer', async () => {
    const { application, client } = await start((stream, headers) => {
      if (headers[':path'] === '/at-once') stream.close(ERROR.INTERNAL_ERROR);
      else {
        stream.respond({ ':status': 200 });
        stream.write(BODY, () => stream.close(ERROR.INTERNAL_ERROR));
      }
    });
    await many(async () => {
      await client.ask({ ':method': 'POST', ':path': '/at-once' }, BODY);
      await client.ask({ ':method': 'POST' }, BODY).catch(() => undefined);
    });
    expect(application.sessions.size).toBe(1);
    expect((await client.ask({ ':path': '/at-once' })).status).toBe(503);
  });

  it('from streams that the client cancels', async () => {
    const { application, client } = await start((stream, headers) => {
      stream.respond({ ':status': 200 });
      stream.end(headers[':path'] === '/last' ? 'last' : BODY);
    });
    await many(async () => {
      const stream = client.session.request(
        { ':authority': 'orders', ':path': '/', ':method': 'POST' },
        { endStream: false },
      );
      stream.on('error', () => undefined);
      stream.write(BODY);
      await once(stream, 'response');
      stream.close(ERROR.CANCEL);
      await once(stream, 'close');
    });
    expect((await client.ask({ ':path': '/last' })).body).toBe('last');
    expect(application.sessions.size).toBe(1);
  });
});
