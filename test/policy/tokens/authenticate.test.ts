import { describe, expect, it } from 'vitest';
import { authenticate } from '../../../policy/tokens/authenticate.ts';
import { httpRequest, jwtOf, keySetText, NOW, signer, verification } from '../../support/tokens.ts';

const [a, b] = [signer('ES256', 'a'), signer('EdDSA', 'b')];
const ruleA = { issuer: 'https://a.example', jwks: keySetText(a) };
const ruleB = { issuer: 'b@example.com', jwks: keySetText(b) };
const tokenA = (claims = {}) => a.token({ iss: ruleA.issuer, sub: 'alice', ...claims });
const tokenB = (claims = {}) => b.token({ iss: ruleB.issuer, sub: 'bob', ...claims });
const bearer = (token: string): [string, string] => ['authorization', `Bearer ${token}`];

function run(rules: Record<string, unknown>[], headers: [string, string][], path = '/', method = 'GET') {
  return authenticate(jwtOf(...rules), httpRequest(headers, path, method), verification());
}

describe('tokens of a request', () => {
  it('passes a request without one, without claims', async () => {
    expect(await run([ruleA], [['x', 'y']])).toEqual({
      refusal: null,
      claims: null,
      path: '/',
      headers: [['x', 'y']],
      tried: [],
      preflight: false,
    });
  });

  it('refuses a bad token, and names the rule', async () => {
    const { refusal, claims, tried } = await run([ruleA], [bearer(tokenA({ exp: NOW - 999 }))]);
    expect(refusal).toEqual({ fault: 'token-expired', rule: 0 });
    expect(claims).toBeNull();
    expect(tried).toEqual([
      { rule: 0, place: { kind: 'header', name: 'authorization' }, fault: 'token-expired', tolerated: [] },
    ]);
  });

  it('takes the token out of its header and its parameter, not out of a cookie', async () => {
    const rule = { ...ruleA, fromHeaders: [{ name: 'x-jwt' }], fromParams: ['jwt'], fromCookies: ['jwt'] };
    const cookie = `jwt=${tokenA()}`;
    const headers: [string, string][] = [
      ['x-jwt', tokenA()],
      ['cookie', cookie],
    ];
    const path = `/p?z=1&jwt=${tokenA()}&b=2`;
    expect(await run([rule], headers, path)).toMatchObject({
      refusal: null,
      path: '/p?b=2&z=1',
      headers: [['cookie', cookie]],
    });
    const kept = await run([{ ...rule, forwardOriginalToken: true }], headers, path);
    expect(kept).toMatchObject({ refusal: null, path, headers });
  });

  it('wants every token of a rule to be good', async () => {
    const bad = tokenA({ exp: 1 });
    for (const [header, param] of [
      [tokenA(), bad],
      [bad, tokenA()],
    ] as const) {
      const { refusal } = await run([ruleA], [bearer(header)], `/?access_token=${param}`);
      expect(refusal?.fault).toBe('token-expired');
    }
  });

  it('passes a bad Authorization where the rule names its own places', async () => {
    expect((await run([{ ...ruleA, fromParams: ['jwt'] }], [bearer('garbage')])).refusal).toBeNull();
  });

  it('needs one good token only, of rules with places of their own; the first satisfied rule’s claims count', async () => {
    const rules = [
      { ...ruleA, fromHeaders: [{ name: 'x-a' }] },
      { ...ruleB, fromHeaders: [{ name: 'x-b' }] },
    ];
    const good: [string, string][] = [
      ['x-a', tokenA()],
      ['x-b', tokenB()],
    ];
    // By issuer, not in file order: b@… stands before https://….
    expect((await run(rules, good)).claims).toMatchObject({ sub: 'bob' });
    const oneBad: [string, string][] = [
      ['x-a', tokenA()],
      ['x-b', 'garbage'],
    ];
    expect(await run(rules, oneBad)).toMatchObject({ refusal: null, claims: { sub: 'alice' } });
  });

  it('tells the most telling fault of several rules', async () => {
    const rules = [ruleB, { ...ruleA, audiences: ['api'] }];
    expect((await run(rules, [bearer(tokenA())])).refusal).toEqual({
      fault: 'token-audience-not-allowed',
      rule: 1,
    });
    expect((await run(rules, [bearer(a.token({ iss: 'nobody' }))])).refusal?.fault).toBe(
      'token-unknown-issuer',
    );
    expect((await run(rules, [bearer('x')])).refusal?.fault).toBe('token-bad-format');
  });

  it('lets a second rule of one issuer take what the first refuses', async () => {
    const rules = [{ ...ruleA, audiences: ['x'] }, ruleA];
    expect((await run(rules, [bearer(tokenA())])).refusal).toBeNull();
  });

  it('lets a CORS preflight by, with its token, and removes what only claims may write', async () => {
    const headers: [string, string][] = [
      ['origin', 'https://web.example'],
      ['access-control-request-method', 'GET'],
      bearer('garbage'),
      ['x-sub', 'forged'],
    ];
    const rule = { ...ruleA, outputClaimToHeaders: [{ header: 'X-Sub', claim: 'sub' }] };
    expect(await run([rule], headers, '/', 'OPTIONS')).toMatchObject({
      refusal: null,
      preflight: true,
      headers: headers.slice(0, 3),
    });
    expect((await run([rule], headers, '/', 'GET')).refusal?.fault).toBe('token-bad-format');
    expect((await run([rule], headers.slice(1), '/', 'OPTIONS')).refusal?.fault).toBe('token-bad-format');
  });

  it('writes claims and the payload into headers, over whatever the caller wrote there', async () => {
    const rule = {
      ...ruleA,
      outputPayloadToHeader: 'X-Payload',
      outputClaimToHeaders: [
        { header: 'x-sub', claim: 'sub' },
        { header: 'x-role', claim: 'realm.role' },
        { header: 'x-none', claim: 'none' },
      ],
    };
    const forged: [string, string][] = ['x-sub', 'x-role', 'x-none', 'x-payload'].map((name) => [
      name,
      'forged',
    ]);
    expect((await run([rule], forged)).headers).toEqual([]);
    const token = tokenA({ realm: { role: 'boss' } });
    expect((await run([rule], [...forged, bearer(token)])).headers).toEqual([
      ['x-payload', token.split('.')[1]],
      ['x-sub', 'alice'],
      ['x-role', 'boss'],
    ]);
  });

  it('splits scope, permission and what the rule names', async () => {
    const rule = { ...ruleA, spaceDelimitedClaims: ['teams'] };
    const { claims } = await run([rule], [bearer(tokenA({ scope: 'r w', teams: 'x y', other: 'a b' }))]);
    expect({ ...claims }).toMatchObject({ scope: ['r', 'w'], teams: ['x', 'y'], other: 'a b' });
  });

  it('survives a claim that is called like a part of every object', async () => {
    const token = a.raw(
      JSON.stringify({ alg: 'ES256', kid: 'a' }),
      `{"iss":${JSON.stringify(ruleA.issuer)},"sub":"x","__proto__":{"admin":"true"}}`,
    );
    const { refusal, claims } = await run([ruleA], [bearer(token)]);
    expect(refusal).toBeNull();
    expect(claims?.['admin']).toBeUndefined();
    expect(JSON.parse(JSON.stringify(claims))['__proto__']).toEqual({ admin: 'true' });
  });
});
