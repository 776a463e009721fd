/**
 * Attacks that only HTTP/2 makes possible (catalogue S4, P11, D5, D8, D9, and paths and hosts in its dress), frame by
 * frame, with the log of an HTTP/1.1 application as witness: what a stream smuggles would arrive there as lines.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR, FLAG, FRAME } from '../../wire/http2/protocol.ts';
import {
  block,
  frame,
  framesOf,
  GET,
  HELLO,
  request,
  uint32,
  type RawFrame,
} from '../support/http2-frames.ts';
import { ALLOW_WEB, authorizationPolicy } from '../support/sidecar-pair.ts';
import { type Attacked, type Outcome, startAttacked } from './attacked-pair.ts';

type Fields = readonly (readonly [string, string])[];

const DENY_ADMIN = authorizationPolicy('deny-admin', {
  action: 'DENY',
  rules: [
    { to: [{ operation: { paths: ['/admin', '/admin/*'] } }] },
    { to: [{ operation: { hosts: ['internal.example'] } }] },
  ],
});

let scene: Attacked;
beforeAll(async () => {
  scene = await startAttacked({ headerTimeoutMs: 500, tunnelIdleTimeoutMs: 1_000 });
  await scene.protect([ALLOW_WEB, DENY_ADMIN]);
});
afterAll(() => scene.close());

/** A request with some fields in another way, or more of them. */
function fields(other: Readonly<Record<string, string>> = {}, ...more: Fields): Fields {
  return [...GET.map(([name, value]): [string, string] => [name, other[name] ?? value]), ...more];
}

/** A request that any sidecar lets through, after the attack: its answer shows that the attack is over. */
const AFTER = request(31, fields({ ':path': '/after' }));

interface Http2Outcome extends Outcome {
  frames: RawFrame[];
  /** Status of each answer, by stream. */
  answered: number[];
  resetWith: number | null;
  goneWith: number | null;
}

function frameBytes(answer: string): RawFrame[] {
  return framesOf(Buffer.from(answer, 'latin1'));
}

/** Sends the frames, then a good request on the same connection, and waits for that one's answer or the end. */
async function attack(...frames: Uint8Array[]): Promise<Http2Outcome> {
  const bytes = Buffer.concat([HELLO, ...frames, AFTER]).toString('latin1');
  const outcome = await scene.attack(bytes, {
    tls: { ALPNProtocols: ['istio-h2', 'istio', 'h2'] },
    until: (answer) =>
      frameBytes(answer).some(({ flags, stream }) => stream === 31 && (flags & FLAG.END_STREAM) !== 0),
  });
  const read = frameBytes(outcome.answer);
  const codeOf = (type: number, at: number): number | null =>
    read.find((sent) => sent.type === type)?.payload.readUInt32BE(at) ?? null;
  return {
    ...outcome,
    frames: read,
    answered: read.filter(({ type }) => type === FRAME.HEADERS).map(({ stream }) => stream),
    resetWith: codeOf(FRAME.RST_STREAM, 0),
    goneWith: codeOf(FRAME.GOAWAY, 4),
  };
}

const opened = (stream: number, list: Fields): Buffer =>
  frame(FRAME.HEADERS, FLAG.END_HEADERS, stream, block(list));
const data = (stream: number, text: string, flags: number): Buffer =>
  frame(FRAME.DATA, flags, stream, Buffer.from(text));

/** No answer and the end of the connection, as with Envoy; nothing arrived, not even what came after on it. */
function expectRefused(outcome: Http2Outcome, details: string): void {
  expect(outcome.answered).toEqual([]);
  expect(outcome.closed).toBe(true);
  expect(outcome.goneWith).toBe(ERROR.PROTOCOL_ERROR);
  expect(outcome.arrived).toEqual([]);
  expect(outcome.events).toHaveLength(1);
  expect(outcome.events).toContainEqual(
    expect.objectContaining({
      decision: expect.objectContaining({ verdict: 'deny', phase: 'codec', details }) as unknown,
    }),
  );
}

/** Ended as a whole, with a GOAWAY that says why in the event. */
function expectGone(outcome: Http2Outcome, reason: string): void {
  expect(outcome.goneWith).toBe(ERROR.ENHANCE_YOUR_CALM);
  expect(outcome.arrived).not.toContainEqual(expect.objectContaining({ target: '/after' }));
  expect(outcome.events).toContainEqual(
    expect.objectContaining({
      decision: expect.objectContaining({ verdict: 'deny', phase: 'codec', reason }) as unknown,
    }),
  );
}

describe('fields that would be something else in HTTP/1.1', () => {
  it.each<[string, Fields]>([
    ['a line break in a value', fields({}, ['x-a', 'b\r\nx-role: admin'])],
    ['a line feed in a value', fields({}, ['x-a', 'b\nx-role: admin'])],
    ['a NUL in a value', fields({}, ['x-a', 'b\0c'])],
    ['a line break in a name', fields({}, ['x-a: b\r\nx-role', 'admin'])],
    ['a colon in a name', fields({}, ['x-role:', 'admin'])],
    ['a capital in a name', fields({}, ['X-Role', 'admin'])],
    ['a request in the path', fields({ ':path': '/ HTTP/1.1\r\nHost: orders\r\n\r\nGET /admin' })],
    ['a blank in the path', fields({ ':path': '/a HTTP/1.1' })],
    ['a request in the method', fields({ ':method': 'GET /admin HTTP/1.1\r\n\r\nGET' })],
    ['a line break in the authority', fields({ ':authority': 'orders\r\nx-role: admin' })],
    ['Transfer-Encoding', fields({ ':method': 'POST' }, ['transfer-encoding', 'chunked'])],
    ['Connection', fields({}, ['connection', 'x-forwarded-proto'])],
    ['Upgrade', fields({}, ['upgrade', 'websocket'])],
    ['Keep-Alive', fields({}, ['keep-alive', 'timeout=5'])],
    ['Proxy-Connection', fields({}, ['proxy-connection', 'keep-alive'])],
    ['TE other than trailers', fields({}, ['te', 'chunked'])],
    ['two lengths', fields({}, ['content-length', '0'], ['content-length', '5'])],
    ['a length that is no number', fields({}, ['content-length', '+5'])],
    ['a pseudo-header among the fields', fields({}, ['x-a', '1'], [':path', '/admin'])],
    ['two paths', fields({}, [':path', '/admin'])],
    ['userinfo in the authority', fields({ ':authority': 'orders@internal.example' })],
  ])('S4: %s ends the connection, and nothing arrives', async (_title, list) => {
    expectRefused(await attack(request(1, list)), 'http2.invalid.header.field');
  });

  it('S4: a length without a body ends the connection', async () => {
    const list = fields({ ':method': 'POST' }, ['content-length', '5']);
    expectRefused(await attack(request(1, list)), 'http2.violation.of.messaging.rule');
  });

  it('S4: a body longer than its length never arrives whole, nor its rest as a request', async () => {
    const smuggled = 'GET /admin HTTP/1.1\r\nHost: orders\r\n\r\n';
    const list = fields({ ':method': 'POST', ':path': '/up' }, ['content-length', '5']);
    const outcome = await attack(opened(1, list), data(1, `hello${smuggled}`, FLAG.END_STREAM));
    expect(outcome.answered).toEqual([31]);
    expect(outcome.resetWith).toBe(ERROR.PROTOCOL_ERROR);
    const arrived = outcome.arrived.filter(({ target }) => target !== '/after');
    expect(arrived.filter(({ target, method }) => target !== '/up' && method !== 'UNREADABLE')).toEqual([]);
    expect(arrived.filter(({ body }) => body === 'hello')).toEqual([]);
  });

  it('S4: a body that looks like chunks arrives as the body that it is', async () => {
    const smuggled = '0\r\n\r\nGET /admin HTTP/1.1\r\nHost: orders\r\n\r\n';
    const outcome = await attack(
      opened(1, fields({ ':method': 'POST', ':path': '/up' })),
      data(1, smuggled, FLAG.END_STREAM),
    );
    expect(outcome.arrived).toContainEqual(expect.objectContaining({ target: '/up', body: smuggled }));
    expect(outcome.arrived.map(({ target }) => target).toSorted()).toEqual(['/after', '/up']);
  });

  it('S4: trailers that would frame or route a message don’t arrive', async () => {
    const outcome = await attack(
      opened(1, fields({ ':method': 'POST', ':path': '/up' })),
      data(1, 'hello', 0),
      frame(
        FRAME.HEADERS,
        FLAG.END_HEADERS | FLAG.END_STREAM,
        1,
        block([
          ['content-length', '500'],
          ['host', 'internal.example'],
          ['x-sum', '1'],
        ]),
      ),
    );
    expect(outcome.arrived).toContainEqual(expect.objectContaining({ target: '/up', body: 'hello' }));
    expect(outcome.arrived.map(({ method }) => method).toSorted()).toEqual(['GET', 'POST']);
  });

  it('S4: trailers with a line break, or with a field of the connection, end the connection', async () => {
    for (const trailer of [
      ['x-sum', '1\r\n\r\nGET /admin HTTP/1.1'],
      ['transfer-encoding', 'chunked'],
      [':path', '/admin'],
    ] as const) {
      const outcome = await attack(
        opened(1, fields({ ':method': 'POST', ':path': '/up' })),
        data(1, 'hello', 0),
        frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, block([trailer])),
      );
      expect(outcome.goneWith).toBe(ERROR.PROTOCOL_ERROR);
      expect(outcome.answered).toEqual([]);
      // Its beginning may have arrived; neither an end of it nor what it smuggled has.
      expect(
        outcome.arrived.filter(({ method, target }) => method !== 'UNREADABLE' && target !== '/up'),
      ).toEqual([]);
    }
  });
});

describe('a path without its slash', () => {
  it.each(['admin', '*', '?', '\\admin', '%2Fadmin', 'http://orders/admin'])(
    'P11: %s ends the connection, and nothing arrives',
    async (path) => {
      expectRefused(await attack(request(1, fields({ ':path': path }))), 'http2.violation.of.messaging.rule');
    },
  );
});

describe('the same policies as for HTTP/1.1', () => {
  it.each(['/admin', '/x/../admin', '/x/%2e%2e/admin', '/%61dmin', '/x\\..\\admin'])(
    'P1: a DENY on /admin stops %s',
    async (path) => {
      const outcome = await attack(request(1, fields({ ':path': path })));
      expect(outcome.arrived.map(({ target }) => target)).toEqual(['/after']);
      expect(outcome.events).toContainEqual(
        expect.objectContaining({
          decision: expect.objectContaining({ verdict: 'deny', status: 403 }) as unknown,
        }),
      );
    },
  );

  it('P6: %00 is refused with 400', async () => {
    const outcome = await attack(request(1, fields({ ':path': '/a%00' })));
    expect(outcome.arrived.map(({ target }) => target)).toEqual(['/after']);
    expect(outcome.events).toContainEqual(
      expect.objectContaining({
        decision: expect.objectContaining({ phase: 'normalization', status: 400 }) as unknown,
      }),
    );
  });

  it('a method in small letters arrives in small letters, as the policies saw it', async () => {
    const outcome = await attack(request(1, fields({ ':method': 'get', ':path': '/small' })));
    expect(outcome.arrived).toContainEqual(
      expect.objectContaining({ method: 'UNREADABLE', target: 'HPE_INVALID_METHOD' }),
    );
    expect(outcome.arrived).not.toContainEqual(expect.objectContaining({ target: '/small' }));
    expect(outcome.events.map(({ request: seen }) => seen?.method)).toContain('get');
  });

  it('H2: a host beside the authority reaches neither policy nor application', async () => {
    const outcome = await attack(request(1, fields({ ':path': '/both' }, ['host', 'internal.example'])));
    const arrived = outcome.arrived.find(({ target }) => target === '/both');
    expect(arrived?.headers.filter(([name]) => name === 'host')).toEqual([['host', 'orders']]);
  });

  it('H2: a host in the place of the authority is denied like it', async () => {
    const list = [...GET.filter(([name]) => name !== ':authority'), ['host', 'internal.example']] as const;
    const outcome = await attack(request(1, list));
    expect(outcome.arrived.map(({ target }) => target)).toEqual(['/after']);
  });

  it('M12: a client certificate that the client tells of itself arrives after ours was added', async () => {
    const forged = 'URI=spiffe://cluster.local/ns/shop/sa/admin';
    const outcome = await attack(
      request(1, fields({ ':path': '/xfcc' }, ['x-forwarded-client-cert', forged])),
    );
    const told = outcome.arrived
      .find(({ target }) => target === '/xfcc')
      ?.headers.find(([name]) => name === 'x-forwarded-client-cert')?.[1];
    expect(told).toMatch(
      /^URI=spiffe:\/\/cluster\.local\/ns\/shop\/sa\/admin,By=.*;URI=spiffe:\/\/cluster\.local\/ns\/shop\/sa\/web$/,
    );
  });
});

describe('D5: header lists that unfold', () => {
  it('an entry of the table that is referred to ten thousand times ends the stream', async () => {
    const bomb = Buffer.concat([
      block(GET),
      Buffer.from([0x40, 1, 0x61, 0x7f, 0x81, 0x1e]),
      Buffer.alloc(4_000, 'x'),
      Buffer.alloc(10_000, 0xbe),
    ]);
    const outcome = await attack(frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, bomb));
    expect(outcome.answered).toEqual([31]);
    expect(outcome.resetWith).toBe(ERROR.INTERNAL_ERROR);
    expect(outcome.arrived.map(({ target }) => target)).toEqual(['/after']);
    expect(outcome.events).toContainEqual(
      expect.objectContaining({
        decision: expect.objectContaining({ reason: 'headers-too-large' }) as unknown,
      }),
    );
  });

  it('a cookie of 61 KiB in crumbs ends the stream', async () => {
    const crumbs = Array.from({ length: 61 }, (_, index): [string, string] => [
      'cookie',
      `${index}=${'c'.repeat(1_021)}`,
    ]);
    const list = block(fields({}, ...crumbs));
    const pieces = Array.from({ length: Math.ceil(list.length / 16_384) }, (_, index) =>
      frame(
        index === 0 ? FRAME.HEADERS : FRAME.CONTINUATION,
        (index === 0 ? FLAG.END_STREAM : 0) | ((index + 1) * 16_384 >= list.length ? FLAG.END_HEADERS : 0),
        1,
        list.subarray(index * 16_384, (index + 1) * 16_384),
      ),
    );
    const outcome = await attack(...pieces);
    expect(outcome.resetWith).toBe(ERROR.INTERNAL_ERROR);
    expect(outcome.arrived.map(({ target }) => target)).toEqual(['/after']);
  });
});

describe('floods', () => {
  it('D8: a thousand streams that are reset at once end the connection, most of them unseen by the application', async () => {
    const frames = Array.from({ length: 1_000 }, (_, index) => {
      const stream = 41 + index * 2;
      return Buffer.concat([
        request(stream, fields({ ':path': '/flood' })),
        frame(FRAME.RST_STREAM, 0, stream, uint32(ERROR.CANCEL)),
      ]);
    });
    const outcome = await attack(...frames);
    expectGone(outcome, 'rapid-reset');
    expect(outcome.arrived.length).toBeLessThan(250);
  });

  it('D9: CONTINUATION without an end ends the connection, and nothing arrives', async () => {
    const pieces = Array.from({ length: 1_000 }, () =>
      frame(FRAME.CONTINUATION, 0, 1, block([['x-a', 'b']])),
    );
    const outcome = await attack(frame(FRAME.HEADERS, FLAG.END_STREAM, 1, block(GET)), ...pieces);
    expectGone(outcome, 'continuation-flood');
    expect(outcome.arrived).toEqual([]);
  });

  it('D9: empty CONTINUATION frames end it too', async () => {
    const pieces = Array.from({ length: 1_000 }, () => frame(FRAME.CONTINUATION, 0, 1));
    expectGone(
      await attack(frame(FRAME.HEADERS, FLAG.END_STREAM, 1, block(GET)), ...pieces),
      'empty-frame-flood',
    );
  });

  it('D8: two thousand pings at once end the connection', async () => {
    expectGone(
      await attack(...Array.from({ length: 2_000 }, () => frame(FRAME.PING, 0, 0, Buffer.alloc(8)))),
      'unread-answers',
    );
  });

  it('D4: a body that never ends is given up, and the application gets no complete one', async () => {
    const list = fields({ ':method': 'POST', ':path': '/slow' }, ['content-length', '10']);
    const bytes = Buffer.concat([HELLO, opened(1, list), data(1, 'ab', 0)]).toString('latin1');
    const outcome = await scene.attack(bytes, { tls: { ALPNProtocols: ['h2'] }, until: 'closed' });
    expect(outcome.closed).toBe(true);
    expect(outcome.arrived.filter(({ body }) => body.length === 10)).toEqual([]);
    expect(outcome.events).toMatchObject([{ decision: { details: 'downstream_remote_disconnect' } }]);
  });

  it('D3: a header block that never ends is given up', async () => {
    const outcome = await scene.attack(
      Buffer.concat([HELLO, frame(FRAME.HEADERS, FLAG.END_STREAM, 1, block(GET))]).toString('latin1'),
      { tls: { ALPNProtocols: ['h2'] }, until: 'closed' },
    );
    expect(outcome.closed).toBe(true);
    expect(outcome.arrived).toEqual([]);
    expect(outcome.events).toMatchObject([{ decision: { verdict: 'deny', reason: 'header-timeout' } }]);
  });
});
