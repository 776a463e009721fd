/** SURPRISES 100: origins, and what an answer that comes from the service gets. */
import { describe, expect, it } from 'vitest';
import type { CorsPolicy, TextMatch } from '../../../policy/routes/compiled-routes.ts';
import { judgeCors, withCors } from '../../../policy/routes/cors.ts';

const policy: CorsPolicy = {
  allowOrigins: [],
  allowMethods: '',
  allowHeaders: '',
  exposeHeaders: '',
  maxAge: '',
  allowCredentials: false,
  forwardUnmatched: true,
};
const allowed = (origin: string, ...allowOrigins: TextMatch[]) =>
  judgeCors({ ...policy, allowOrigins }, { method: 'GET', headers: [['origin', origin]] }).allowed;

describe('an origin', () => {
  it('is allowed exactly, by its beginning, by an expression, or as every one', () => {
    const exact: TextMatch = { kind: 'exact', value: 'https://a' };
    expect([allowed('https://a', exact), allowed('https://a.b', exact)]).toEqual(['https://a', null]);
    const prefix: TextMatch = { kind: 'prefix', value: 'https://a' };
    expect([allowed('https://a.b', prefix), allowed('http://a', prefix)]).toEqual(['https://a.b', null]);
    const regex: TextMatch = { kind: 'regex', value: { pattern: 'https://.' } };
    expect([allowed('https://a', regex), allowed('https://ab', regex)]).toEqual(['https://a', null]);
    for (const origin of ['null', 'a,b', 'https://a'])
      expect(allowed(origin, exact, { kind: 'exact', value: '*' })).toBe(origin);
    expect(allowed('https://a', { kind: 'prefix', value: '*' })).toBeNull();
    expect(allowed('', { kind: 'exact', value: '*' })).toBeNull();
  });
});

describe('a preflight', () => {
  it('is told nothing of methods and headers where nothing is said of them', () => {
    const headers: [string, string][] = [
      ['origin', 'https://a'],
      ['access-control-request-method', 'PUT'],
      ['access-control-request-headers', 'x'],
    ];
    const all: TextMatch[] = [{ kind: 'exact', value: '*' }];
    expect(judgeCors({ ...policy, allowOrigins: all }, { method: 'OPTIONS', headers }).preflight).toEqual([
      ['access-control-allow-origin', 'https://a'],
    ]);
  });
});

describe('an answer to an allowed origin', () => {
  it('has that origin and what may be seen, the service’s own words overwritten', () => {
    const own: [string, string][] = [
      ['access-control-allow-origin', 'https://other'],
      ['x', '1'],
      ['access-control-expose-headers', 'y'],
    ];
    expect(withCors(own, policy, 'https://a')).toEqual([
      ['access-control-allow-origin', 'https://a'],
      ['x', '1'],
      ['access-control-expose-headers', 'y'],
    ]);
    expect(withCors(own, { ...policy, allowCredentials: true, exposeHeaders: 'z,w' }, 'https://a')).toEqual([
      ['access-control-allow-origin', 'https://a'],
      ['x', '1'],
      ['access-control-expose-headers', 'z,w'],
      ['access-control-allow-credentials', 'true'],
    ]);
  });
});
