import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestFacts } from '../../model/request-facts.ts';
import { type CompiledRateLimit, compileRateLimits, decideRateLimit } from '../../policy/rate-limit.ts';
import { own } from '../support/own-kinds.ts';
import { cart, request } from '../support/policies.ts';
import { runs } from '../support/runs.ts';

function limits(rules: string): CompiledRateLimit[] {
  return compileRateLimits(own('RateLimit', `rules: [${rules}]`), cart, 'istio-system');
}

/** Counters that keep what they are handed back, as the proxy will. */
function caller(compiled: readonly CompiledRateLimit[]) {
  const counters = new Map<string, number>();
  return (facts: RequestFacts, nowMs: number) => {
    const answer = decideRateLimit(compiled, facts, counters, nowMs);
    for (const [bucket, fullAt] of answer.counters) counters.set(bucket, fullAt);
    return answer;
  };
}

const FIVE_A_SECOND = '{ key: { by: identity }, requests: 5, window: 1s }';

describe('a rate limit', () => {
  it('refuses the sixth of five a second, with Envoy’s words, the limit and when to come again', () => {
    const ask = caller(limits(FIVE_A_SECOND));
    for (let sent = 0; sent < 5; sent += 1) expect(ask(request(), 1_000).decision).toBeNull();
    const refused = ask(request(), 1_000);
    expect(refused.decision).toMatchObject({
      verdict: 'deny',
      phase: 'rate-limit',
      reason: 'rate-limited',
      status: 429,
      body: 'local_rate_limited',
      details: 'local_rate_limited',
      matched: {
        kind: 'RateLimit',
        name: 'p',
        rule: 0,
        action: 'rate-limit',
        at: { file: 'p.yaml', line: 5 },
      },
    });
    expect(refused.headers).toEqual([
      ['ratelimit-policy', '"shop/p[0]";q=5;w=1'],
      ['ratelimit', '"shop/p[0]";r=0;t=1'],
      ['retry-after', '1'],
    ]);
    expect(refused.counters).toEqual([]);
  });

  it('answers gRPC with HTTP 200', () => {
    const ask = caller(limits('{ key: { by: everybody }, requests: 1, window: 1h }'));
    ask(request({ protocol: 'grpc' }), 0);
    expect(ask(request({ protocol: 'grpc' }), 0).decision).toMatchObject({ status: 200, verdict: 'deny' });
  });

  it('lets one through each time that a fifth of the second has passed', () => {
    const ask = caller(limits(FIVE_A_SECOND));
    for (let sent = 0; sent < 5; sent += 1) ask(request(), 0);
    expect(ask(request(), 199).decision).not.toBeNull();
    expect(ask(request(), 200).decision).toBeNull();
    expect(ask(request(), 399).decision).not.toBeNull();
    expect(ask(request(), 400).decision).toBeNull();
  });

  it('counts callers apart, and all without the key together', () => {
    const ask = caller(limits('{ key: { by: identity }, requests: 1, window: 1m }'));
    expect(ask(request({ principal: 'td/ns/a/sa/a' }), 0).decision).toBeNull();
    expect(ask(request({ principal: 'td/ns/a/sa/b' }), 0).decision).toBeNull();
    expect(ask(request({ principal: null, sourceIp: '10.0.0.1' }), 0).decision).toBeNull();
    expect(ask(request({ principal: null, sourceIp: '10.0.0.2' }), 0).decision).not.toBeNull();
    expect(ask(request({ principal: 'td/ns/a/sa/a' }), 0).decision).not.toBeNull();
  });

  it('takes no caller who is called “nobody” for one without the key', () => {
    const ask = caller(limits('{ key: { by: header, name: x-user }, requests: 1, window: 1m }'));
    expect(ask(request({ headers: [['x-user', 'nobody']] }), 0).decision).toBeNull();
    expect(ask(request(), 0).decision).toBeNull();
  });

  it('keeps no key longer than a bucket’s name may be', () => {
    const ask = caller(limits('{ key: { by: header, name: x-user }, requests: 1, window: 1m }'));
    const first = ask(request({ headers: [['x-user', 'a'.repeat(100_000)]] }), 0);
    expect(first.counters[0]?.[0].length).toBeLessThan(600);
    expect(ask(request({ headers: [['x-user', 'b'.repeat(100_000)]] }), 0).decision).not.toBeNull();
  });

  it('takes a burst, and no more at once than that', () => {
    const ask = caller(limits('{ key: { by: ip }, requests: 60, window: 1m, burst: 3 }'));
    const passed = Array.from({ length: 10 }, () => ask(request(), 5_000).decision).filter(
      (one) => one === null,
    );
    expect(passed).toHaveLength(3);
    expect(ask(request(), 6_000).decision).toBeNull();
    expect(ask(request(), 6_000).decision).not.toBeNull();
  });

  it('looks only at what it matches, and refuses for the slowest of several', () => {
    const ask = caller(
      limits(
        '{ match: { methods: [POST], paths: ["/charge*"] }, key: { by: ip }, requests: 1, window: 10s }, { key: { by: ip }, requests: 1, window: 1s }',
      ),
    );
    const charge = request({ method: 'POST', path: '/charge/1' });
    expect(ask(charge, 0).headers).toHaveLength(2);
    const refused = ask(charge, 0);
    expect(refused.decision?.matched).toMatchObject({ rule: 0 });
    expect(refused.headers.at(-1)).toEqual(['retry-after', '10']);
    expect(ask(request(), 1_000).decision).toBeNull();
    // What one limit refuses, the other isn't charged for.
    expect(ask(charge, 2_000).decision?.matched).toMatchObject({ rule: 0 });
    expect(ask(request(), 2_000).decision).toBeNull();
  });

  it('leaves TCP alone, and says nothing where nothing applies', () => {
    expect(
      decideRateLimit(limits(FIVE_A_SECOND), request({ protocol: 'tcp' }), new Map(), 0).decision,
    ).toBeNull();
    expect(decideRateLimit([], request(), new Map(), 0)).toEqual({
      decision: null,
      headers: [],
      counters: [],
    });
  });

  it('never lets more through than the burst and what flows in, whenever they come', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 100 }),
        (requests, burst, gaps) => {
          const ask = caller(
            limits(`{ key: { by: everybody }, requests: ${requests}, window: 1s, burst: ${burst} }`),
          );
          let now = 0;
          let passed = 0;
          for (const gap of gaps) {
            now += gap;
            if (ask(request(), now).decision === null) passed += 1;
          }
          expect(passed).toBeLessThanOrEqual(burst + (now * requests) / 1_000 + 1e-6);
        },
      ),
      { numRuns: runs(200) },
    );
  });
});
