/**
 * The same messages through a pair with the fast lane and one without it: the upstreams read the same, the clients
 * get the same, and the events say the same.
 */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import {
  startRawUpstream,
  type RawAnswer,
  type RawUpstream,
  type ReadMessage,
} from '../support/raw-upstream.ts';
import { authorizationPolicy, sendRaw, startPair, type Pair } from '../support/sidecar-pair.ts';

const POLICY = authorizationPolicy('web-but-admin', {
  rules: [
    {
      from: [{ source: { principals: ['cluster.local/ns/shop/sa/web'] } }],
      to: [{ operation: { notPaths: ['/admin*'] } }],
    },
  ],
});

interface Side {
  upstream: RawUpstream;
  pair: Pair;
}

let fast: Side;
let general: Side;

async function start(lanes: 'both' | 'general'): Promise<Side> {
  const upstream = await startRawUpstream(() => ({
    bytes: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
  }));
  const pair = await startPair(upstream.address, { lanes });
  await pair.publish({ policies: [POLICY] });
  return { upstream, pair };
}

beforeAll(async () => {
  fast = await start('both');
  general = await start('general');
});
afterAll(async () => {
  for (const { pair, upstream } of [fast, general]) {
    await pair.close();
    await upstream.close();
  }
});

/** What may differ: when and over which ports, and what the fast lane alone measures. */
function comparable(event: TrafficEvent): unknown {
  const { at: _at, durationMs: _duration, timing: _timing, from, tls, request, response, ...rest } = event;
  const sorted = (headers: readonly (readonly [string, string])[]): string[] =>
    headers
      .map(([name, value]) => plain(`${name}: ${value}`))
      // Envoy's codec writes it behind the filters; the general lane leaves it to Node.
      .filter((line) => line !== 'content-length: 0' && !line.startsWith('date:'))
      .toSorted();
  return {
    ...rest,
    from: { ...from, port: null },
    tls: tls && { ...tls, peer: tls.peer?.uriSans ?? null },
    // How much of a body was on its way when the denial came is nobody's promise.
    request: request && {
      ...request,
      headers: sorted(request.headers),
      bodyBytes: response?.status === 403 ? null : request.bodyBytes,
    },
    response: response && { ...response, headers: sorted(response.headers) },
  };
}

/** Without what two pairs have of their own: the certificate, and how long the upstream took. */
function plain(text: string): string {
  return text
    .replace(/Hash=[0-9a-f]{64}/g, 'Hash=*')
    .replace(/(x-envoy-upstream-service-time): \d+/g, '$1: *');
}

function comparableMessage(message: ReadMessage | string): unknown {
  if (typeof message === 'string') return message;
  const { startLine, lines, body } = message;
  return { startLine, body, lines: lines.map((line) => plain(lowerName(line))).toSorted() };
}

function lowerName(line: string): string {
  const colon = line.indexOf(':');
  return line.slice(0, colon).toLowerCase() + line.slice(colon);
}

/** Answers with their fields in one order and one case, chunks joined, dates out. */
function comparableAnswers(text: string): string[] {
  return text.split(/(?=HTTP\/1\.1 \d{3} )/).map((answer) => {
    const headEnd = answer.indexOf('\r\n\r\n');
    const [status = '', ...lines] = answer.slice(0, headEnd).split('\r\n');
    const fields = lines
      .map((line) => plain(lowerName(line)))
      .filter((line) => !line.startsWith('date:') && !/^keep-alive:|^connection: keep-alive/.test(line));
    const content = answer.slice(headEnd + 4);
    const chunked = fields.some((line) => /^transfer-encoding: chunked$/i.test(line));
    return JSON.stringify([status, fields.toSorted(), chunked ? unchunked(content) : content]);
  });
}

function unchunked(text: string): string {
  let out = '';
  for (let at = 0; ; ) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return `${out} (cut)`;
    const length = Number.parseInt(text.slice(at, lineEnd), 16);
    if (length === 0) return `${out}|${text.slice(lineEnd)}`;
    out += text.slice(lineEnd + 2, lineEnd + 2 + length);
    at = lineEnd + 2 + length + 2;
  }
}

interface Seen {
  client: string[];
  upstream: unknown[];
  events: unknown[];
}

async function play(side: Side, pieces: readonly string[], answer?: RawUpstream['answer']): Promise<Seen> {
  const { pair, upstream } = side;
  await pair.clear();
  upstream.read.length = 0;
  upstream.answer = answer ?? (() => ({ bytes: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok' }));
  const got = await sendRaw(
    pair.at('web-0', 'orders:80'),
    ...pieces.map((piece) => Buffer.from(piece, 'latin1')),
  );
  const events = await pair.seen();
  return {
    client: comparableAnswers(got),
    upstream: upstream.read.map(comparableMessage),
    events: events
      .map((event) => JSON.stringify(comparable(event)).replace(/"snapshotVersion":\d+/, ''))
      .toSorted(),
  };
}

async function both(pieces: readonly string[], answer?: RawUpstream['answer']): Promise<Seen> {
  const [one, other] = await Promise.all([play(fast, pieces, answer), play(general, pieces, answer)]);
  expect(one).toEqual(other);
  return one;
}

/** A request whose id is known. */
function request(start: string, fields: readonly string[] = [], body = ''): string {
  return `${start} HTTP/1.1\r\nHost: orders\r\nx-request-id: 1\r\n${fields.map((line) => `${line}\r\n`).join('')}\r\n${body}`;
}
const CLOSE = 'Connection: close';

describe('a message through both lanes', () => {
  it.each<[string, string[]]>([
    ['denied, then allowed', [request('GET /admin') + request('GET /a', [CLOSE])]],
    ['denied with its body', [request('POST /admin', ['content-length: 3', CLOSE], 'abc')]],
    ['denied before its body’s end', [request('POST /admin', ['content-length: 10'], 'abc')]],
    ['HEAD denied', [request('HEAD /admin', [CLOSE])]],
    ['a path to normalize', [request('GET /a/../b//c%41', [CLOSE])]],
    ['a path with a fragment', [request('GET /a#b', [CLOSE])]],
    ['a path that can’t be normalized', [request('GET /a%00', [CLOSE])]],
    ['a dodge of the policy', [request('GET /x/../admin', [CLOSE])]],
    ['a token in the query', [request('GET /a?access_token=topsecret', [CLOSE])]],
    ['credentials', [request('GET /a', ['Authorization: Bearer x', 'Cookie: a=b', CLOSE])]],
    [
      'fields sent twice',
      [request('GET /a', ['X-A: 1', 'x-b: 2', 'x-a: 3', 'X-Forwarded-For: 1.1.1.1, 2.2.2.2', CLOSE])],
    ],
    ['two cookies', [request('GET /a', ['Cookie: a=b', 'cookie: c=d', CLOSE])]],
    [
      'a forged XFCC and controls',
      [
        request('GET /a', [
          'x-forwarded-client-cert: URI=spiffe://x',
          'x-envoy-retry-on: 5xx',
          'x-envoy-internal: true',
          CLOSE,
        ]),
      ],
    ],
    ['blanks around a value, an empty value', [request('GET /a', ['x-a:  \t b c \t', 'x-b:', CLOSE])]],
    ['bytes above ASCII in a value', [request('GET /a', ['x-a: \xe9\xff', CLOSE])]],
    ['a body in pieces', [request('POST /a', ['content-length: 6', CLOSE], 'ab'), 'cd', 'ef']],
    ['a POST without a body', [request('POST /a', [CLOSE])]],
    ['a GET with a body', [request('GET /a', ['content-length: 2', CLOSE], 'ab')]],
    ['a length of 0', [request('PUT /a', ['content-length: 0', CLOSE])]],
    ['a length that isn’t plain', [request('POST /a', ['content-length: 02', CLOSE], 'ab')]],
    ['a wrong length', [request('POST /a', ['content-length: +2', CLOSE], 'ab')]],
    ['two lengths', [request('POST /a', ['content-length: 2', 'content-length: 2', CLOSE], 'ab')]],
    [
      'length and coding',
      [request('POST /a', ['content-length: 2', 'transfer-encoding: chunked', CLOSE], '0\r\n\r\n')],
    ],
    ['chunks', [request('POST /a', ['transfer-encoding: chunked', CLOSE], '2\r\nab\r\n0\r\n\r\n')]],
    ['an absolute target', [request('GET http://orders/a', [CLOSE])]],
    ['an absolute target with userinfo', [request('GET http://x@orders/a', [CLOSE])]],
    ['no Host', ['GET / HTTP/1.1\r\nx-request-id: 1\r\nconnection: close\r\n\r\n']],
    ['two Hosts', [request('GET /a', ['Host: other', CLOSE])]],
    ['an unknown Host', ['GET / HTTP/1.1\r\nhost: nobody\r\nx-request-id: 1\r\nconnection: close\r\n\r\n']],
    ['an unknown method', [request('FOO /a', [CLOSE])]],
    ['TRACE', [request('TRACE /a', [CLOSE])]],
    ['HTTP/1.0', ['GET / HTTP/1.0\r\nhost: orders\r\nx-request-id: 1\r\n\r\n']],
    ['a bare LF', ['GET / HTTP/1.1\nhost: orders\nx-request-id: 1\n\n']],
    ['a blank before the colon', [request('GET /a', ['x-a : b', CLOSE])]],
    ['a folded line', [request('GET /a', ['x-a: b\r\n c', CLOSE])]],
    ['a NUL in a value', [request('GET /a', ['x-a: a\0b', CLOSE])]],
    ['a bare CR in a value', [request('GET /a', ['x-a: a\rb', CLOSE])]],
    ['Connection naming a field', [request('GET /a', ['x-a: b', 'Connection: x-a, close'])]],
    ['Connection naming Host', [request('GET /a', ['Connection: host'])]],
    ['TE and Keep-Alive', [request('GET /a', ['TE: trailers', 'Keep-Alive: timeout=5', CLOSE])]],
    [
      'Keep-Alive and Proxy-Connection alone',
      [request('GET /a', ['Keep-Alive: timeout=5', 'Proxy-Connection: keep-alive', CLOSE])],
    ],
    [
      'plain ones and a rare one, pipelined',
      [request('GET /1') + request('GET /2') + request('TRACE /3') + request('GET /4', [CLOSE])],
    ],
    ['a plain one and a broken one, pipelined', [`${request('GET /1')}GET / HTTP/1.1\r\nx y: z\r\n\r\n`]],
    ['a head byte by byte', [...request('GET /slow', [CLOSE])]],
    [
      'a head in two pieces',
      [request('GET /slow', [CLOSE]).slice(0, 20), request('GET /slow', [CLOSE]).slice(20)],
    ],
    [
      '101 fields',
      [request('GET /a', [...Array.from({ length: 101 }, (_, index) => `x-${index}: a`), CLOSE])],
    ],
    ['a head above the limit', [request('GET /a', [`x-a: ${'a'.repeat(70_000)}`, CLOSE])]],
  ])('%s', async (_, pieces) => {
    const { client } = await both(pieces);
    expect(client.join('')).not.toBe('');
  });

  it.each<[string, string, RawAnswer]>([
    ['no content', 'GET', { bytes: 'HTTP/1.1 204 No Content\r\nx-a: b\r\n\r\n' }],
    [
      'not modified, with a length',
      'GET',
      { bytes: 'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n' },
    ],
    ['HEAD, with a length', 'HEAD', { bytes: 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n' }],
    ['HEAD, in chunks', 'HEAD', { bytes: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n' }],
    [
      'chunks, an extension, trailers',
      'GET',
      {
        bytes:
          'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-t\r\n\r\n3;a=b\r\nabc\r\n1\r\nd\r\n0\r\nX-T: 1\r\n\r\n',
      },
    ],
    ['up to the close', 'GET', { bytes: 'HTTP/1.1 200 OK\r\nx-a: b\r\n\r\nabc', close: true }],
    ['HTTP/1.0', 'GET', { bytes: 'HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\nabc', close: true }],
    [
      'server, date, hop-by-hop fields',
      'GET',
      {
        bytes:
          'HTTP/1.1 200 Fine\r\nServer: x\r\nDate: yesterday\r\nConnection: keep-alive\r\nKeep-Alive: timeout=7\r\ncontent-length: 0\r\nX-B: c\r\nx-b: d\r\n\r\n',
      },
    ],
    ['no reason, an unknown status', 'GET', { bytes: 'HTTP/1.1 299\r\ncontent-length: 1\r\n\r\na' }],
    [
      'a cookie',
      'GET',
      { bytes: 'HTTP/1.1 200 OK\r\nset-cookie: a=b\r\nset-cookie: c=d\r\ncontent-length: 1\r\n\r\na' },
    ],
    [
      'an interim answer',
      'GET',
      { bytes: 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na' },
    ],
    [
      'a continue that nobody asked for',
      'GET',
      { bytes: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na' },
    ],
    [
      'an upgrade that nobody asked for',
      'GET',
      { bytes: 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n' },
    ],
    ['no HTTP', 'GET', { bytes: 'SSH-2.0-x\r\n\r\n', close: true }],
    ['nothing', 'POST', { bytes: '', close: true }],
    ['half a head', 'POST', { bytes: 'HTTP/1.1 200 OK\r\nx-a', close: true }],
    ['two lengths', 'GET', { bytes: 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\na' }],
    [
      'length and chunks',
      'GET',
      {
        bytes:
          'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
      },
    ],
    ['a folded field', 'GET', { bytes: 'HTTP/1.1 200 OK\r\nx-a: b\r\n c\r\ncontent-length: 1\r\n\r\na' }],
    ['less than its length', 'GET', { bytes: 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab', close: true }],
    [
      'an answer of 200 kB',
      'GET',
      { bytes: `HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n${'a'.repeat(200_000)}` },
    ],
    [
      'chunks of 200 kB',
      'GET',
      {
        bytes: `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n30d40\r\n${'a'.repeat(200_000)}\r\n0\r\n\r\n`,
      },
    ],
  ])('answered with %s', async (_, method, answer) => {
    const { client } = await both([request(`${method} /a`, [CLOSE])], () => answer);
    expect(client.join('')).not.toBe('');
  });

  it('that is plain is carried by the fast lane, in both directions', async () => {
    await play(fast, [request('GET /a', [CLOSE])]);
    expect((await fast.pair.seen()).map(({ direction, timing }) => [direction, typeof timing])).toEqual([
      ['inbound', 'object'],
      ['outbound', 'object'],
    ]);
    await play(general, [request('GET /a', [CLOSE])]);
    expect((await general.pair.seen()).map(({ timing }) => typeof timing)).toEqual([
      'undefined',
      'undefined',
    ]);
  });
});

/** mulberry32. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const METHODS = ['GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PURGE', 'get'];
const TARGETS = [
  '/',
  '/a',
  '/admin',
  '/a/./b',
  '/a%2fb',
  '/a%zz',
  '/a?x=1&y=%20',
  '/a;b',
  '/a\\b',
  '/ä',
  '//a',
  '/a|b',
  '*',
];
const FIELDS = [
  'X-A: 1',
  'x-a: 2',
  'Accept: */*',
  'Cookie: a=b',
  'x_y: z',
  'X-Forwarded-Proto: https',
  'x-forwarded-for: 9.9.9.9',
  'x-empty:',
  'Connection: keep-alive',
  'Keep-Alive: x',
  'TE: trailers',
  'Expect: 100-continue',
  'x-long: ' + 'l'.repeat(5_000),
  'bad name: x',
  'x-tab: a\tb',
  'x-ctl: a\x01b',
  'Upgrade: h2c',
  'Trailer: x',
];
const ANSWERS: RawAnswer[] = [
  { bytes: 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc' },
  { bytes: 'HTTP/1.1 404 Not Found\r\nX-A: B\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n' },
  { bytes: 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx', close: true },
  { bytes: 'HTTP/1.1 204 No Content\r\n\r\n' },
  { bytes: 'HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n' },
];

/** To HEAD, whatever its fields say. */
function withoutBody({ bytes, ...rest }: RawAnswer): RawAnswer {
  const text = bytes.toString();
  return { ...rest, bytes: text.slice(0, text.indexOf('\r\n\r\n') + 4) };
}

describe('generated messages through both lanes', () => {
  const seed = randomInt(1 << 30);
  const rounds = Number(process.env['GREENROOM_LANE_ROUNDS'] ?? 60);

  it(`agree (seed ${seed})`, async () => {
    const below = random(seed);
    const pick = <T>(of: readonly T[]): T => of[below(of.length)] as T;
    for (let round = 0; round < rounds; round += 1) {
      const count = 1 + below(3);
      let text = '';
      for (let index = 0; index < count; index += 1) {
        const fields = Array.from({ length: below(4) }, () => pick(FIELDS));
        const body = below(3) === 0 ? 'b'.repeat(below(20)) : '';
        if (body !== '') fields.push(`Content-Length: ${body.length}`);
        if (index === count - 1) fields.push(CLOSE);
        text += request(`${pick(METHODS)} ${pick(TARGETS)}`, fields, body);
      }
      const cut = below(text.length);
      const pieces = below(2) === 0 ? [text] : [text.slice(0, cut), text.slice(cut)];
      const picked = pick(ANSWERS);
      const answer = ({ startLine }: ReadMessage): RawAnswer =>
        startLine.startsWith('HEAD ') ? withoutBody(picked) : picked;
      // The message is part of what is compared: a difference names it.
      const [one, other] = [await play(fast, pieces, answer), await play(general, pieces, answer)];
      expect({ pieces, ...one }).toEqual({ pieces, ...other });
    }
  });
});
