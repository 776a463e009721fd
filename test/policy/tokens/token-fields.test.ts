import { describe, expect, it } from 'vitest';
import { claimOfKey } from '../../../policy/tokens/token-fields.ts';
import { compiled, authorization, request } from '../../support/policies.ts';
import { matchesRule } from '../../../policy/match.ts';
import type { TokenClaims } from '../../../model/request-facts.ts';

function matches(rule: string, claims: TokenClaims | null): boolean {
  const compiledRule = compiled(authorization(`rules: [${rule}]`)).allow.rules[0];
  if (!compiledRule) throw new Error('no rule');
  return matchesRule(compiledRule, { ...request(), claims });
}

const principal = (value: string, claims: TokenClaims | null) =>
  matches(`{ from: [{ source: { requestPrincipals: [${JSON.stringify(value)}] } }] }`, claims);

describe('requestPrincipals', () => {
  const iss = 'https://a.example/x';
  it.each([
    [`${iss}/alice`, 'alice', true],
    [`${iss}/alice`, 'bob', false],
    [`${iss}/*`, 'x/alice', true],
    [`${iss}/x/alice`, 'x/alice', false],
    [`${iss}/al*`, 'alice', true],
    ['*', 'alice', true],
    ['*', '', false],
    ['*alice', 'malice', true],
    ['*/alice', 'alice', true],
    ['*.example/x/alice', 'alice', true],
    ['https://*', 'alice', false],
    ['https*', 'alice', true],
    [iss, '', false],
  ])('%j, subject %j: %s', (value, sub, expected) => {
    expect(principal(value, { iss, sub })).toBe(expected);
  });

  it('matches nobody without both claims, and the not-form then holds', () => {
    expect(principal('*', null)).toBe(false);
    expect(principal('*', { iss })).toBe(false);
    expect(principal('*', { iss, sub: ['alice'] })).toBe(false);
    expect(matches('{ from: [{ source: { notRequestPrincipals: ["*"] } }] }', null)).toBe(true);
  });

  it('tells an issuer with a slash from a subject with one', () => {
    expect(principal('a/b/c', { iss: 'a', sub: 'b/c' })).toBe(false);
    expect(principal('a/b/c', { iss: 'a/b', sub: 'c' })).toBe(true);
  });
});

describe('request.auth keys', () => {
  const when = (key: string, value: string, claims: TokenClaims) =>
    matches(`{ when: [{ key: ${JSON.stringify(key)}, values: [${JSON.stringify(value)}] }] }`, claims);

  it.each([
    ['request.auth.claims[a]', ['a']],
    ['request.auth.claims[a][b]', ['a', 'b']],
    ['request.auth.claims[https://x.example/role]', ['https://x.example/role']],
    ['request.auth.claims[a[b]]', ['a[b]']],
    ['request.auth.audiences', ['aud']],
    ['request.auth.presenter', ['azp']],
    ['request.auth.claims', null],
    ['request.headers[a]', null],
  ])('%s is the claim %j', (key, claim) => {
    expect(claimOfKey(key)).toEqual(claim);
  });

  it('compares strings, lists and nested claims', () => {
    expect(when('request.auth.claims[level]', '*', { level: 3 })).toBe(false);
    expect(when('request.auth.claims[groups]', 'dev', { groups: ['ops', 'dev'] })).toBe(true);
    expect(when('request.auth.claims[groups]', '*', { groups: [] })).toBe(false);
    expect(when('request.auth.claims[a][b]', 'c*', { a: { b: ['cd'] } })).toBe(true);
    expect(when('request.auth.audiences', 'api', { aud: ['web', 'api'] })).toBe(true);
    expect(when('request.auth.presenter', 'app', { azp: 'app' })).toBe(true);
    expect(when('request.auth.principal', 'i/s', { iss: 'i', sub: 's' })).toBe(true);
  });

  it('drops the whole ALLOW at a TCP port', () => {
    const yaml = authorization('rules: [{ from: [{ source: { requestPrincipals: ["*"] } }] }]');
    expect(compiled(yaml, 'tcp').allow.rules[0]?.dropped).toContain('exists on HTTP only');
  });
});
