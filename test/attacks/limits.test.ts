/** Floods, large and deep bodies (catalogue D), where Greenroom's own kinds bound them; the application's log is the witness. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileRateLimits } from '../../policy/rate-limit.ts';
import { compileValidations, openapiKey } from '../../policy/request-validation.ts';
import { own } from '../support/own-kinds.ts';
import { ALLOW_WEB, type PairOptions, WEB } from '../support/sidecar-pair.ts';
import { type Attacked, get, inBothLanes, message, startAttacked } from './attacked-pair.ts';
import { expectBlocked } from './outcomes.ts';

const TARGET = { namespace: 'shop', labels: {}, serviceAccount: 'orders' };
const ANY_BODY = {
  paths: { '/x': { post: { requestBody: { content: { 'application/json': { schema: {} } } } } } },
};

function limits({ rate, validation }: { rate?: string; validation?: string }): Pick<PairOptions, 'edit'> {
  const rateLimits =
    rate === undefined ? [] : compileRateLimits(own('RateLimit', rate), TARGET, 'istio-system');
  const validations =
    validation === undefined
      ? []
      : compileValidations(own('RequestValidation', validation), TARGET, 'istio-system');
  return {
    edit: (snapshot) => {
      Object.assign(snapshot.instances[1]?.inbound[0] ?? {}, { rateLimits, validations });
      snapshot.openapi = Object.fromEntries(validations.map((one) => [openapiKey(one), ANY_BODY]));
    },
  };
}

inBothLanes((lanes) => {
  let scene: Attacked;
  beforeAll(async () => {
    scene = await startAttacked({ lanes });
  });
  afterAll(() => scene.close());

  describe('a limit on the rate of an identity', () => {
    beforeAll(() =>
      scene.protect(
        [ALLOW_WEB],
        limits({ rate: 'rules: [{ key: { by: identity }, requests: 3, window: 1h }]' }),
      ),
    );
    it('D1: ends a flood with 429, and what is over the limit arrives nowhere', async () => {
      const flood = await scene.attack(get('/x').repeat(6), { until: 6 });
      expect(flood.statuses).toEqual([200, 200, 200, 429, 429, 429]);
      expect(flood.arrived).toHaveLength(3);
    });
    it('D2: isn’t dodged by another address in X-Forwarded-For, nor by another connection', async () => {
      for (const address of ['1.1.1.1', '2.2.2.2'])
        expectBlocked(await scene.attack(get('/x', `X-Forwarded-For: ${address}`)), 429, 'rate-limit');
      const leaf = await scene.pair.leaf({ spiffeId: WEB, fault: 'none' });
      expectBlocked(await scene.attack(get('/x'), { as: leaf }), 429, 'rate-limit');
    });
  });

  describe('bounds on bodies', () => {
    const post = (lines: readonly string[], body: string): string =>
      message('POST', '/x', ['Host: orders', 'Content-Type: application/json', ...lines], body);

    it('D6: a body past its limit is answered 413, and arrives nowhere', async () => {
      await scene.protect([ALLOW_WEB], limits({ validation: 'limits: { bodyBytes: 10 }' }));
      const body = 'x'.repeat(11);
      expectBlocked(await scene.attack(post(['Content-Length: 11'], body)), 413, 'validation');
      const chunked = post(['Transfer-Encoding: chunked'], `b\r\n${body}\r\n0\r\n\r\n`);
      expectBlocked(await scene.attack(chunked), 413, 'validation');
    });
    it('D10: JSON nested without end is answered 400, and arrives nowhere', async () => {
      await scene.protect([ALLOW_WEB], limits({ validation: 'openapi: { file: ./orders.yaml }' }));
      const body = '['.repeat(100_000);
      expectBlocked(await scene.attack(post([`Content-Length: ${body.length}`], body)), 400, 'validation');
    });
  });
});
