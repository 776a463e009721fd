/**
 * Mutated HTTP/2 against a sidecar whose application speaks HTTP/1.1: whatever a stream is made to carry, nothing may
 * arrive that was not recorded as it arrived, nothing that the application's own parser can't read, and the sidecar
 * serves the next client as if nothing had been.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FLAG, FRAME } from '../../wire/http2/protocol.ts';
import { block, frame, framesOf, HELLO, request } from '../support/http2-frames.ts';
import { ALLOW_WEB, authorizationPolicy } from '../support/sidecar-pair.ts';
import { get, startAttacked, type Attacked } from './attacked-pair.ts';

const DENY_ADMIN = authorizationPolicy('deny-admin', {
  action: 'DENY',
  rules: [{ to: [{ operation: { paths: ['/admin', '/admin/*'] } }] }],
});
const RUNS = 300;
const SEED = Number(process.env['GREENROOM_SEED'] ?? Date.now() % 1_000_000);

let scene: Attacked;
beforeAll(async () => {
  // What the changes leave unfinished is closed soon.
  scene = await startAttacked({
    headerTimeoutMs: 1_000,
    tunnelIdleTimeoutMs: 1_000,
    keepAliveTimeoutMs: 1_000,
  });
  await scene.protect([ALLOW_WEB, DENY_ADMIN]);
});
afterAll(() => scene.close());

const NASTY = [
  '/admin',
  '/x/../admin',
  '/a b',
  '/a\r\nx: y',
  'GET /admin HTTP/1.1\r\nHost: orders\r\n\r\n',
  '0\r\n\r\nGET /admin HTTP/1.1\r\nHost: orders\r\n\r\n',
  'chunked',
  '5',
  '\0',
  '',
  'trailers',
];
const text = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary-ascii', maxLength: 12 }));
const name = fc.oneof(
  fc.constantFrom(
    'x-a',
    'content-length',
    'transfer-encoding',
    'connection',
    'te',
    'host',
    ':path',
    ':method',
    'cookie',
    'expect',
  ),
  text,
);
const nastyField = fc.tuple(name, text);
/** What passes stands beside what doesn't: one malformed message ends a connection, whatever else it carried. */
const field = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constantFrom('x-a', 'x-b', 'cookie'), fc.constantFrom('1', 'chunked', '5', '')),
  },
  { weight: 1, arbitrary: nastyField },
);

/** A request whose pseudo-headers and fields may be anything, with a body in pieces and perhaps trailers. */
const message = fc
  .record({
    method: fc.constantFrom('GET', 'GET', 'POST', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'get', 'CONNECT'),
    path: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('/', '/up', '/a?b=c', '/admin', '/x/../admin') },
      { weight: 1, arbitrary: text },
    ),
    fields: fc.array(field, { maxLength: 2 }),
    body: fc.option(fc.array(text, { maxLength: 3 })),
    trailers: fc.option(fc.array(field, { minLength: 1, maxLength: 2 })),
  })
  .map(({ method, path, fields, body, trailers }) => (stream: number): Buffer => {
    const head = block([
      [':method', method],
      [':scheme', 'http'],
      [':authority', 'orders'],
      [':path', path],
      ...fields,
    ]);
    const ends = body === null && trailers === null ? FLAG.END_STREAM : 0;
    const pieces = body ?? [];
    return Buffer.concat([
      frame(FRAME.HEADERS, FLAG.END_HEADERS | ends, stream, head),
      ...pieces.map((piece, index) =>
        frame(
          FRAME.DATA,
          trailers === null && index === pieces.length - 1 ? FLAG.END_STREAM : 0,
          stream,
          Buffer.from(piece, 'latin1'),
        ),
      ),
      ...(trailers === null
        ? []
        : [frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, stream, block(trailers))]),
    ]);
  });

const connection = fc.record({
  messages: fc.array(message, { minLength: 1, maxLength: 3 }),
  changes: fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.tuple(fc.nat(500), fc.nat(255)), { maxLength: 2 }) },
  ),
});

describe('a sidecar under mutated HTTP/2', () => {
  it(`lets nothing arrive that it didn’t record (GREENROOM_SEED=${SEED})`, async () => {
    let arrivals = 0;
    for (const { messages, changes } of fc.sample(connection, { numRuns: RUNS, seed: SEED })) {
      const bytes = Buffer.concat([HELLO, ...messages.map((write, index) => write(index * 2 + 1))]);
      for (const [at, value] of changes)
        if (HELLO.length + at < bytes.length) bytes[HELLO.length + at] = value;
      const outcome = await scene.attack(Buffer.concat([bytes, request(99)]).toString('latin1'), {
        tls: { ALPNProtocols: ['h2'] },
        until: (answer) =>
          framesOf(Buffer.from(answer, 'latin1')).some(
            ({ stream, flags, type }) =>
              stream === 99 && type !== FRAME.WINDOW_UPDATE && (flags & FLAG.END_STREAM) !== 0,
          ),
      });
      const recorded = outcome.events.map(({ request: seen }) => `${seen?.method} ${seen?.path}`);
      for (const { method, target } of outcome.arrived) {
        // Cut off in its body, or of a method that the application doesn't know: nothing was misread.
        if (method === 'UNREADABLE')
          expect(target).toMatch(/^(HPE_INVALID_EOF_STATE|HPE_INVALID_METHOD|ECONNRESET|EPIPE)$/);
        else {
          // Each record stands for one message.
          expect(recorded).toContain(`${method} ${target}`);
          recorded.splice(recorded.indexOf(`${method} ${target}`), 1);
        }
        expect(target).not.toMatch(/^\/admin/);
        arrivals += 1;
      }
    }
    expect(arrivals).toBeGreaterThan(0);
    expect((await scene.attack(get('/after'))).statuses).toEqual([200]);
  }, 120_000);
});
