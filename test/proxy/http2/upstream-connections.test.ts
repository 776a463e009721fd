import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ERROR, FLAG, FRAME } from '../../../wire/http2/protocol.ts';
import { startHttp2Application, type Http2Application } from '../../support/http2-application.ts';
import { connectHttp2, type Http2Client } from '../../support/http2-client.ts';
import { block, frame, framesOf } from '../../support/http2-frames.ts';
import { listenLocally } from '../../support/local-server.ts';
import { eventually } from '../../support/patience.ts';
import { ALLOW_WEB, startPair, type Pair } from '../../support/sidecar-pair.ts';

let application: Http2Application;
let pair: Pair;
let handler: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void;
const clients: Http2Client[] = [];

const ok = (stream: http2.ServerHttp2Stream): void => {
  stream.respond({ ':status': 200 });
  stream.end('ok');
};

beforeAll(async () => {
  application = await startHttp2Application((stream, headers) => handler(stream, headers));
  pair = await startPair(application.address);
});
afterAll(async () => {
  await pair.close();
  await application.close();
});
beforeEach(async () => {
  handler = ok;
  await pair.publish({ policies: [ALLOW_WEB], protocol: 'http2' });
  await pair.clear();
  application.requests.length = 0;
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

async function connect(): Promise<Http2Client> {
  const client = await connectHttp2(pair.at('web-0', 'orders:80'));
  clients.push(client);
  return client;
}

describe('connections to an upstream that speaks HTTP/2', () => {
  it('carry the requests of many clients, one connection a hop', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => connect()));
    const answers = await Promise.all(
      all.flatMap((client) => Array.from({ length: 10 }, () => client.ask())),
    );
    expect(answers.every(({ status, body }) => status === 200 && body === 'ok')).toBe(true);
    expect(application.sessions.size).toBe(1);
  });

  it('are replaced when the application drains them, and what is under way ends well', async () => {
    let finish: (() => void) | null = null;
    handler = (stream) => {
      stream.respond({ ':status': 200 });
      finish = () => stream.end('late');
    };
    const client = await connect();
    const late = client.ask({ ':path': '/late' });
    await eventually('the request arrives', () => finish !== null);
    const [draining] = application.sessions;
    draining?.close();
    handler = ok;
    await eventually(
      'a new connection serves',
      async () => (await client.ask()).body === 'ok' && application.sessions.size === 2,
    );
    (finish as (() => void) | null)?.();
    expect((await late).body).toBe('late');
  });

  it('are given up by a request that the application refused unseen, which goes again', async () => {
    let refused = 0;
    handler = (stream) => {
      if (refused === 1) ok(stream);
      else {
        refused += 1;
        stream.close(ERROR.REFUSED_STREAM);
      }
    };
    expect(await (await connect()).ask()).toMatchObject({ status: 200, body: 'ok' });
    expect(application.requests).toHaveLength(2);
  });

  it('that are being made when the application moves serve who waits for them, and end with it', async () => {
    const client = await connect();
    const waiting = client.ask({ ':path': '/first' });
    await pair.publish({
      policies: [ALLOW_WEB],
      protocol: 'http2',
      edit: ({ instances }) => {
        for (const { inbound } of instances)
          for (const port of inbound) port.upstream = { ...port.upstream, host: 'localhost' };
      },
    });
    expect((await waiting).status).toBe(200);
    expect((await client.ask({ ':path': '/second' })).status).toBe(200);
    await eventually('one connection is left', () => application.sessions.size === 1);
  });

  it('tell each rehearsed caller’s own tag, however many call at once', async () => {
    const ask = async (tag: string): Promise<void> => {
      const socket = net.connect(pair.at('web-0', 'orders:80'));
      await once(socket, 'connect');
      await pair.plane.declareSource({
        localAddress: '127.0.0.1',
        localPort: socket.localPort ?? 0,
        ip: '10.244.9.9',
        tag,
      });
      const session = http2.connect('http://orders', { createConnection: () => socket });
      const stream = session.request({ ':authority': 'orders', ':path': `/${tag}` });
      await once(stream, 'response');
      stream.resume();
      await once(stream, 'close');
      session.destroy();
      await once(socket, 'close');
    };
    const tags = Array.from({ length: 8 }, (_, index) => `run/${index}`);
    await Promise.all(tags.map(ask));
    const told = (await pair.seen()).map(({ tag, request }) => [tag, request?.path]);
    expect(told).toHaveLength(16);
    for (const [tag, path] of told) expect(path).toBe(`/${tag}`);
  });

  it('keep nobody waiting for a client that doesn’t read', async () => {
    handler = (stream, headers) => {
      stream.respond({ ':status': 200 });
      stream.end(headers[':path'] === '/big' ? Buffer.alloc(400 * 1024) : 'ok');
    };
    const slow = await connect();
    for (let turn = 0; turn < 16; turn += 1) {
      const stream = slow.session.request({ ':authority': 'orders', ':path': '/big' });
      await once(stream, 'response');
    }
    expect((await (await connect()).ask()).body).toBe('ok');
  });
});

describe('an upstream that answers with what is no answer', () => {
  it.each<[string, Buffer]>([
    [
      'a line break in a field',
      block([
        [':status', '200'],
        ['x-a', 'b\r\nset-cookie: c'],
      ]),
    ],
    [
      'a field of the connection',
      block([
        [':status', '200'],
        ['transfer-encoding', 'chunked'],
      ]),
    ],
    ['no status', block([['x-a', 'b']])],
    ['a status that is none', block([[':status', '2000']])],
    [
      'a second status',
      block([
        [':status', '200'],
        [':status', '200'],
      ]),
    ],
  ])('is answered for with 502: %s', async (_title, answer) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.write(frame(FRAME.SETTINGS, 0, 0));
      let got = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        got = Buffer.concat([got, chunk]);
        if (framesOf(got.subarray(24)).some(({ type }) => type === FRAME.HEADERS))
          socket.write(frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, answer));
      });
    });
    const port = await listenLocally(server);
    await pair.publish({
      policies: [ALLOW_WEB],
      protocol: 'http2',
      edit: ({ instances }) => {
        for (const { inbound } of instances)
          for (const each of inbound) each.upstream = { host: '127.0.0.1', port };
      },
    });
    const answered = await (await connect()).ask();
    expect(answered.status).toBe(502);
    expect(answered.headers).not.toHaveProperty('set-cookie');
    await pair.publish({ policies: [ALLOW_WEB], protocol: 'http2' });
    server.close();
    await once(server, 'close');
  });
});

describe('a stream that the application resets before it answers', () => {
  it.each([
    ['PROTOCOL_ERROR', ERROR.PROTOCOL_ERROR, 502, 'protocol error'],
    ['INTERNAL_ERROR', ERROR.INTERNAL_ERROR, 503, 'remote reset'],
    ['CANCEL', ERROR.CANCEL, 503, 'remote reset'],
  ])('is answered for as Envoy does: %s', async (_title, code, status, reason) => {
    handler = (stream) => stream.close(code);
    const answer = await (await connect()).ask({ ':method': 'POST' }, 'body');
    expect(answer).toMatchObject({
      status,
      body: `upstream connect error or disconnect/reset before headers. reset reason: ${reason}`,
    });
  });

  it('costs no other exchange of its connection anything', async () => {
    let finish: (() => void) | null = null;
    handler = (stream, headers) => {
      if (headers[':path'] === '/reset') stream.close(ERROR.CANCEL);
      else finish = () => ok(stream);
    };
    const client = await connect();
    const other = client.ask({ ':path': '/other' });
    await eventually('the other request is there', () => finish);
    expect((await client.ask({ ':path': '/reset' })).status).toBe(503);
    (finish as (() => void) | null)?.();
    expect(await other).toMatchObject({ status: 200, body: 'ok' });
  });
});
