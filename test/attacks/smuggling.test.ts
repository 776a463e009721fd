/** Requests hidden in requests (catalogue S), on the wire, with the application's log as witness. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALLOW_WEB, authorizationPolicy } from '../support/sidecar-pair.ts';
import { type Attacked, message, inBothLanes, startAttacked } from './attacked-pair.ts';
import { expectBlocked } from './outcomes.ts';

/** What the attacker hides: a request that no policy lets in. */
const HIDDEN = 'GET /admin HTTP/1.1\r\nHost: orders\r\n\r\n';
const ALLOW_X = authorizationPolicy('x-only', {
  rules: [
    {
      from: [{ source: { principals: ['cluster.local/ns/shop/sa/web'] } }],
      to: [{ operation: { paths: ['/x'] } }],
    },
  ],
});
const post = (lines: readonly string[], body: string): string =>
  message('POST', '/x', ['Host: orders', ...lines], body);

inBothLanes((lanes) => {
  let scene: Attacked;
  beforeAll(async () => {
    scene = await startAttacked({ lanes });
    await scene.protect([ALLOW_X]);
  });
  afterAll(() => scene.close());

  describe('a message whose end two parsers see at two places', () => {
    const cases: [string, readonly string[], string, number][] = [
      [
        'Content-Length beside Transfer-Encoding',
        ['Content-Length: 5', 'Transfer-Encoding: chunked'],
        `0\r\n\r\n${HIDDEN}`,
        400,
      ],
      [
        'Transfer-Encoding beside Content-Length',
        ['Transfer-Encoding: chunked', 'Content-Length: 5'],
        `0\r\n\r\n${HIDDEN}`,
        400,
      ],
      [
        'two Content-Lengths that differ',
        ['Content-Length: 0', `Content-Length: ${HIDDEN.length}`],
        HIDDEN,
        400,
      ],
      ['two Content-Lengths that agree', ['Content-Length: 2', 'Content-Length: 2'], 'ab', 400],
      ['a list of Content-Lengths', ['Content-Length: 0, 5'], HIDDEN, 400],
      ['a signed Content-Length', ['Content-Length: +2'], 'ab', 400],
      ['a hexadecimal Content-Length', ['Content-Length: 0x2'], 'ab', 400],
      ['a Content-Length past every number', ['Content-Length: 99999999999999999999'], 'ab', 400],
      ['a blank before the colon', ['Content-Length : 2'], 'ab', 400],
      ['Transfer-Encoding on a folded line', ['Transfer-Encoding:', ' chunked'], `0\r\n\r\n${HIDDEN}`, 400],
    ];
    for (const [name, lines, body, status] of cases)
      it(`S1: refuses ${name}, and reads nothing after it`, async () => {
        const outcome = await scene.attack(post(lines, body), { until: 'closed' });
        expectBlocked(outcome, status, 'codec');
        expect(outcome.closed).toBe(true);
      });
  });

  describe('a coding that one parser knows and another doesn’t', () => {
    for (const coding of [
      'identity',
      'xchunked',
      'chunked, identity',
      'identity, chunked',
      'gzip',
      '"chunked"',
      'chunked;q=1',
    ])
      it(`S2: refuses Transfer-Encoding: ${coding}, and reads nothing after it`, async () => {
        const outcome = await scene.attack(post([`Transfer-Encoding: ${coding}`], `0\r\n\r\n${HIDDEN}`), {
          until: 'closed',
        });
        expect([400, 501]).toContain(outcome.statuses[0]);
        expect(outcome.statuses).toHaveLength(1);
        expect(outcome.arrived).toEqual([]);
        expect(outcome.closed).toBe(true);
      });
  });

  describe('broken chunks', () => {
    for (const [name, body] of [
      ['a size that is no number', `g\r\nab\r\n0\r\n\r\n${HIDDEN}`],
      ['a size past 64 bits', `fffffffffffffffff\r\nab\r\n0\r\n\r\n${HIDDEN}`],
      ['a chunk longer than its size', `1\r\nab\r\n0\r\n\r\n${HIDDEN}`],
      ['a size with a sign', `-1\r\nab\r\n0\r\n\r\n${HIDDEN}`],
      ['a bare LF after the size', `2\nab\r\n0\r\n\r\n${HIDDEN}`],
    ] as const)
      it(`S1: ${name} ends the exchange: the application gets no complete body and no second request`, async () => {
        const outcome = await scene.attack(post(['Transfer-Encoding: chunked'], body), { until: 'closed' });
        expect(outcome.closed).toBe(true);
        expect(outcome.statuses).not.toContain(200);
        expect(outcome.arrived.map(({ target }) => target)).not.toContain('/admin');
      });
  });

  describe('bytes behind a message', () => {
    it('S1: are a request of their own, judged by itself', async () => {
      const outcome = await scene.attack(post(['Content-Length: 2'], `ab${HIDDEN}`), { until: 2 });
      expect(outcome.statuses).toEqual([200, 403]);
      expect(outcome.arrived).toMatchObject([{ target: '/x', body: 'ab' }]);
      expect(outcome.events.map(({ decision }) => decision.verdict)).toEqual(['allow', 'deny']);
    });
    it('S1: behind a body of length zero are a request of their own too', async () => {
      const outcome = await scene.attack(post(['Content-Length: 0'], HIDDEN), { until: 2 });
      expect(outcome.statuses).toEqual([200, 403]);
      expect(outcome.arrived).toMatchObject([{ target: '/x' }]);
    });
    it('S1: behind a GET with a body are a request of their own too', async () => {
      const outcome = await scene.attack(
        message('GET', '/x', ['Host: orders', 'Content-Length: 2'], `ab${HIDDEN}`),
        {
          until: 2,
        },
      );
      expect(outcome.statuses).toEqual([200, 403]);
      expect(outcome.arrived).toMatchObject([{ target: '/x', body: 'ab' }]);
    });
  });

  describe('bytes behind a request to leave HTTP', () => {
    it('S3: CONNECT is refused, and what follows it reaches nobody', async () => {
      await scene.protect([ALLOW_WEB]);
      const outcome = await scene.attack(message('CONNECT', 'orders:80', ['Host: orders'], HIDDEN), {
        until: 'closed',
      });
      expect(outcome.statuses[0]).toBeGreaterThanOrEqual(400);
      expect(outcome.statuses).toHaveLength(1);
      expect(outcome.arrived).toEqual([]);
    });
    it('S3: an upgrade with a body is refused, and what follows it reaches nobody', async () => {
      const lines = ['Host: orders', 'Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 2'];
      const outcome = await scene.attack(message('GET', '/x', lines, `ab${HIDDEN}`), { until: 'closed' });
      expectBlocked(outcome, 403, 'codec');
    });
    it('S3: bytes behind an upgrade wait for the application’s 101', async () => {
      const lines = ['Host: orders', 'Connection: Upgrade', 'Upgrade: websocket'];
      const outcome = await scene.attack(message('GET', '/x', lines, HIDDEN), { until: 'closed' });
      expect(outcome.arrived.map(({ method }) => method)).toEqual(['UPGRADE']);
    });
  });
});
