import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJws, parseToken } from '../../../policy/tokens/compact-token.ts';
import { signer } from '../../support/tokens.ts';
import { runs } from '../../support/runs.ts';

const issuer = signer();
const good = issuer.token({ iss: 'https://a.example', sub: 'alice' });
const [header, payload, signature] = good.split('.') as [string, string, string];
const base64 = (text: string) => Buffer.from(text).toString('base64url');

describe('a compact token', () => {
  it.each([
    ['', 'token-bad-format'],
    ['garbage', 'token-bad-format'],
    [`${header}.${payload}`, 'token-bad-format'],
    [`${header}.${payload}.`, 'token-bad-format'],
    [`.${good}`, 'token-bad-format'],
    [`${good}.x`, 'token-bad-format'],
    ['.'.repeat(1_000_000), 'token-bad-format'],
    [`${header}.${payload}.${'A'.repeat(1_048_576)}`, 'token-bad-format'],
    [`*.${payload}.${signature}`, 'token-header-bad-base64'],
    [`Token ${good}`, 'token-header-bad-json'],
    [`${base64('{"alg":"ES256","alg":"none"}')}.${payload}.${signature}`, 'token-header-bad-json'],
    [`${base64('{}')}.${payload}.${signature}`, 'token-header-bad-alg'],
    [`${base64('{"alg":["ES256"]}')}.${payload}.${signature}`, 'token-header-bad-alg'],
    [`${base64('{"alg":"none"}')}.${payload}.${signature}`, 'token-header-unknown-alg'],
    [`${base64('{"alg":"ES256","kid":7}')}.${payload}.${signature}`, 'token-header-bad-kid'],
    [`${header}.a.${signature}`, 'token-payload-bad-base64'],
    [`${header}.${base64('[]')}.${signature}`, 'token-payload-bad-json'],
    [
      `${header}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.${signature}`,
      'token-payload-bad-json',
    ],
    [`${good}=`, 'token-signature-bad-base64'],
    [`${header}.${payload}.*`, 'token-signature-bad-base64'],
  ])('%#: is refused', (token, fault) => {
    expect(parseToken(token)).toBe(fault);
  });

  it.each([
    [{ iss: 5 }, 'token-iss-not-string'],
    [{ iss: null }, 'token-iss-not-string'],
    [{ sub: 5 }, 'token-sub-not-string'],
    [{ exp: 'never' }, 'token-exp-not-integer'],
    [{ exp: -1 }, 'token-exp-out-of-range'],
    [{ nbf: 2 ** 64 }, 'token-nbf-out-of-range'],
    [{ iat: [] }, 'token-iat-not-integer'],
    [{ jti: 1 }, 'token-jti-not-string'],
    [{ aud: 5 }, 'token-aud-not-strings'],
    [{ aud: ['a', 5] }, 'token-aud-not-strings'],
    [{ aud: { a: 1 } }, 'token-aud-not-strings'],
  ])('with claims %j is refused', (claims, fault) => {
    expect(parseToken(issuer.token(claims))).toBe(fault);
  });

  it('with dots around it is none', () => {
    for (const token of [`.${good}`, `${good}.`, `${header}..${payload}.${signature}`])
      expect(parseToken(token)).toBe('token-bad-format');
  });

  it('is read with its claims', () => {
    const claims = { iss: 'i', aud: ['a'], exp: 5.9, __proto: 1 };
    expect(parseToken(issuer.token(claims, { crit: ['x'], x: 1 }))).toMatchObject({
      issuer: 'i',
      audiences: ['a'],
      expires: 5,
      notBefore: 0,
      kid: 'k',
      alg: 'ES256',
      tolerated: ['crit-ignored'],
    });
  });

  it('never throws, whatever stands in its place', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(good.length), (text, at) => {
        parseToken(good.slice(0, at) + text + good.slice(at));
        parseToken(text);
      }),
      { numRuns: runs(500) },
    );
  });

  it('is read with what Envoy tolerates and a strict reader does not', () => {
    const spare = (text: string) =>
      `${text.slice(0, -1)}${String.fromCharCode(text.charCodeAt(text.length - 1) + 1)}`;
    const crit = issuer.token({}, { crit: ['x', 7], x: 1 });
    expect(parseToken(crit)).toMatchObject({ crit: ['x'], tolerated: ['crit-ignored'], strictFault: null });
    expect(parseToken(issuer.token({}, { crit: [] }))).toMatchObject({ crit: [], tolerated: [] });
    expect(parseToken(issuer.token({}, { crit: 'x' }))).toMatchObject({ crit: [], tolerated: [] });
    const loose = `${header}.${payload}.${spare(signature)}`;
    expect(parseToken(loose)).toMatchObject({ tolerated: ['spare-bits'], strictFault: null });
  });

  it.each([
    'ES256',
    'ES384',
    'ES512',
    'HS256',
    'HS384',
    'HS512',
    'RS256',
    'RS384',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'EdDSA',
  ])('may be signed by %s', (alg) => {
    expect(parseToken(`${base64(JSON.stringify({ alg }))}.${payload}.${signature}`)).toMatchObject({
      alg,
      kid: '',
    });
  });

  it('has nothing of a claim that is not there, and whole seconds of times', () => {
    expect(parseToken(issuer.token({}))).toMatchObject({
      issuer: '',
      audiences: [],
      notBefore: 0,
      expires: 0,
    });
    expect(parseToken(issuer.token({ nbf: 7.9, aud: 'a', exp: 0, iat: 1, sub: '', jti: '' }))).toMatchObject({
      notBefore: 7,
      audiences: ['a'],
    });
  });

  it('is a signature over anything, where nobody looks into it', () => {
    const over = (text: string) => parseJws(`${header}.${text}.${signature}`);
    expect(over(base64('no JSON'))).toMatchObject({
      alg: 'ES256',
      payloadBytes: Uint8Array.from(Buffer.from('no JSON')),
    });
    expect(over('*')).toBe('token-payload-bad-base64');
    expect(parseJws('a.b')).toBe('token-bad-format');
    expect(parseJws(`${header}.${payload}.*`)).toBe('token-signature-bad-base64');
  });
});
