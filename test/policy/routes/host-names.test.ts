import { describe, expect, it } from 'vitest';
import {
  completeHost,
  isWildcard,
  isWithin,
  mostSpecific,
  overlap,
} from '../../../policy/routes/host-names.ts';
import { domainsOf } from '../../../policy/routes/service-domains.ts';
import { namesService } from '../../../policy/routes/sidecar-scope.ts';
import { REVIEWS, service } from '../../support/routing.ts';

describe('a host', () => {
  it('without a dot is completed by its object’s namespace', () => {
    expect(completeHost('reviews', 'shop')).toBe(REVIEWS);
    for (const whole of ['', '*', 'reviews.shop', 'a.example', '*.example'])
      expect(completeHost(whole, 'shop')).toBe(whole);
  });

  it('is a wildcard by its first character', () => {
    expect(['*', '*.a', '*a', 'a', 'a*', ''].map(isWildcard)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it.each([
    ['a.b', 'a.b', true],
    ['a.b', 'b', false],
    ['a.b', '*.b', true],
    ['a.b', '*', true],
    ['b', '*.b', false],
    ['a.b', '*.c', false],
    ['*.a.b', '*.b', true],
    ['*.b', '*.b', true],
    ['*.b', '*.a.b', false],
    ['*.b', '*', true],
    ['*', '*.b', false],
    ['*.b', 'a.b', false],
    ['*.ab', '*.cb', false],
    ['*b', '*.b', false],
  ])('%s is within %s: %s', (host, pattern, wanted) => {
    expect(isWithin(host, pattern)).toBe(wanted);
  });

  it('overlaps what has it, or what it has', () => {
    expect([
      overlap('*.b', 'a.b'),
      overlap('a.b', '*.b'),
      overlap('a.b', 'a.c'),
      overlap('*.a.b', '*.b'),
    ]).toEqual([true, true, false, true]);
    expect([
      namesService('a.b', 'a.b'),
      namesService('a.b', 'a.c'),
      namesService('*.b', 'a.b'),
      namesService('a.b', '*.b'),
    ]).toEqual([true, false, true, true]);
  });

  it('is named best by itself, else by the longest wildcard', () => {
    expect(mostSpecific('a.b', ['*', '*.b', 'a.b'])).toBe('a.b');
    expect(mostSpecific('a.b', ['*', '*.b', '*b', 'c.b'])).toBe('*.b');
    expect(mostSpecific('a.b', ['*.b', '*'])).toBe('*.b');
    expect(mostSpecific('a.b', ['*.c', 'b'])).toBeNull();
    expect(mostSpecific('a.b', [])).toBeNull();
  });
});

describe('the names of a service', () => {
  const names = (host: string, client: string, addresses = ['10.0.0.1']) =>
    domainsOf(service(host, { addresses }), client).map(({ name, short }) => `${name}${short ? '?' : ''}`);

  it('are all forms of its host, the bare one within its namespace, and its addresses', () => {
    expect(names(REVIEWS, 'shop')).toEqual([
      REVIEWS,
      `${REVIEWS}.?`,
      'reviews?',
      'reviews.shop.svc?',
      'reviews.shop?',
      '10.0.0.1',
    ]);
    expect(names(REVIEWS, 'billing')).toEqual([
      REVIEWS,
      `${REVIEWS}.?`,
      'reviews.shop.svc?',
      'reviews.shop?',
      '10.0.0.1',
    ]);
  });

  it('outside of the cluster are its host and its addresses', () => {
    expect(names('a.example', 'shop', ['10.0.0.2', '10.0.0.3'])).toEqual([
      'a.example',
      'a.example.?',
      '10.0.0.2',
      '10.0.0.3',
    ]);
    expect(names('a.shop', 'shop', [])).toEqual(['a.shop', 'a.shop.?']);
  });

  it('that are addresses themselves have no trailing dot', () => {
    expect(names('10.0.0.9', 'shop', [])).toEqual(['10.0.0.9']);
    expect(names('::1', 'shop', [])).toEqual(['::1']);
    expect(names('10.0.0.9a', 'shop', [])).toEqual(['10.0.0.9a', '10.0.0.9a.?']);
    expect(names('a10.0.0.9', 'shop', [])).toEqual(['a10.0.0.9', 'a10.0.0.9.?']);
  });
});
