/** Observed on Envoy 1.40: what a preflight is told where everything is allowed. */
import { describe, expect, it } from 'vitest';
import type { CorsPolicy } from '../../../policy/routes/compiled-routes.ts';
import { judgeCors } from '../../../policy/routes/cors.ts';

const policy: CorsPolicy = {
  allowOrigins: [{ kind: 'exact', value: '*' }],
  allowMethods: '*',
  allowHeaders: '*',
  exposeHeaders: '',
  maxAge: '',
  allowCredentials: false,
  forwardUnmatched: true,
};

function told(more: Partial<CorsPolicy>, headers: [string, string][], method = 'OPTIONS') {
  return judgeCors({ ...policy, ...more }, { method, headers }).preflight;
}
const asks: [string, string][] = [
  ['origin', 'https://a.example'],
  ['access-control-request-method', 'FOO'],
];

describe('a preflight', () => {
  it('is none without an origin, without a method that is asked for, or with another method', () => {
    expect(told({}, asks.slice(1))).toBeNull();
    expect(told({}, asks.slice(0, 1))).toBeNull();
    expect(told({}, asks, 'GET')).toBeNull();
  });
  it('of an origin that isn’t allowed goes on, or is told all but its origin', () => {
    const nobody = { allowOrigins: [] };
    expect(told(nobody, asks)).toBeNull();
    const own = { allowCredentials: true, allowHeaders: '', maxAge: '10' };
    const answered = { ...nobody, ...own, forwardUnmatched: false };
    expect(told(answered, asks)).toEqual([
      ['access-control-allow-credentials', 'true'],
      ['access-control-allow-methods', 'FOO'],
      ['access-control-max-age', '10'],
    ]);
  });
  it('is told by name what it asked for, where * is allowed', () => {
    expect(told({}, [...asks, ['access-control-request-headers', 'x-a']])).toEqual([
      ['access-control-allow-origin', 'https://a.example'],
      ['access-control-allow-methods', 'FOO'],
      ['access-control-allow-headers', 'x-a'],
    ]);
  });
  it('is told what is allowed, whatever it asked for', () => {
    expect(told({ allowMethods: 'GET,PUT', allowHeaders: '', allowCredentials: true }, asks)).toEqual([
      ['access-control-allow-origin', 'https://a.example'],
      ['access-control-allow-credentials', 'true'],
      ['access-control-allow-methods', 'GET,PUT'],
    ]);
  });
});
