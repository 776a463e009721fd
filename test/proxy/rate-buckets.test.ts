import { describe, expect, it } from 'vitest';
import { compileRateLimits } from '../../policy/rate-limit.ts';
import { RateBuckets } from '../../proxy/rate-buckets.ts';
import { own } from '../support/own-kinds.ts';
import { cart, request } from '../support/policies.ts';

const limits = compileRateLimits(
  own('RateLimit', 'rules: [{ key: { by: header, name: x-key }, requests: 1, window: 1h }]'),
  cart,
  'istio-system',
);
const as = (key: string) => request({ headers: [['x-key', key]] });
const verdict = (buckets: RateBuckets, instance: string, key: string, nowMs = 0) =>
  buckets.spend(instance, limits, as(key), nowMs).decision === null ? 'within' : 'over';

describe('the counters of rate limits', () => {
  it('are an instance’s own, and gone with it', () => {
    const buckets = new RateBuckets();
    expect([verdict(buckets, 'a', 'x'), verdict(buckets, 'a', 'x'), verdict(buckets, 'b', 'x')]).toEqual([
      'within',
      'over',
      'within',
    ]);
    buckets.retire((instance) => instance !== 'a');
    expect([verdict(buckets, 'a', 'x'), verdict(buckets, 'b', 'x')]).toEqual(['within', 'over']);
  });

  it('share one bucket among all keys that come when there are too many', () => {
    const buckets = new RateBuckets();
    for (let key = 0; key < 50_000; key += 1) verdict(buckets, 'a', `k${key}`);
    expect([verdict(buckets, 'a', 'new'), verdict(buckets, 'a', 'newer')]).toEqual(['within', 'over']);
    expect(verdict(buckets, 'a', 'k1')).toBe('over');
  });

  it('make room when buckets are full again', () => {
    const buckets = new RateBuckets();
    for (let key = 0; key < 50_000; key += 1) verdict(buckets, 'a', `k${key}`);
    const later = 3_600_001;
    expect([verdict(buckets, 'a', 'new', later), verdict(buckets, 'a', 'newer', later)]).toEqual([
      'within',
      'within',
    ]);
  });
});
