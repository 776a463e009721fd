import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifyToken } from '../../../policy/tokens/verify-token.ts';
import { jwtOf, keySetText, NOW, signer, verification } from '../../support/tokens.ts';

const issuer = signer('ES256', 'a');
const stranger = signer('ES256', 'a');
const iss = 'https://a.example';

async function outcome(token: string, rule: Record<string, unknown> = {}, jwks = keySetText(issuer)) {
  const compiled = jwtOf({ issuer: iss, jwks, ...rule }).rules[0];
  if (!compiled) throw new Error('no rule');
  const result = await verifyToken(token, compiled, verification());
  return typeof result === 'string' ? result : result.tolerated;
}

describe('a token by a rule', () => {
  it.each([
    ['another issuer', { iss: 'https://evil.example' }, 'token-unknown-issuer'],
    ['no issuer', {}, 'token-unknown-issuer'],
    ['an issuer with a slash more', { iss: `${iss}/` }, 'token-unknown-issuer'],
    ['an expired one', { iss, exp: NOW - 61 }, 'token-expired'],
    ['one of the future', { iss, nbf: NOW + 61 }, 'token-not-yet-valid'],
  ])('refuses %s', async (_, claims, fault) => {
    expect(await outcome(issuer.token(claims))).toBe(fault);
  });

  it.each([
    ['a minute late', { iss, exp: NOW - 60 }],
    ['a minute early', { iss, nbf: NOW + 60 }],
    ['exp 0', { iss, exp: 0 }],
    ['no exp, no sub', { iss }],
    ['issued in the future', { iss, iat: NOW + 9_999 }],
  ])('takes %s', async (_, claims) => {
    expect(await outcome(issuer.token(claims))).toEqual([]);
  });

  it('compares audiences without scheme and slash, with their case', async () => {
    const rule = { audiences: ['api.example', 'https://web.example/'] };
    for (const aud of ['https://api.example/', 'http://api.example', ['x', 'web.example']])
      expect(await outcome(issuer.token({ iss, aud }), rule)).toEqual([]);
    for (const aud of ['API.example', 'api.example//', [], undefined, 'https://'])
      expect(await outcome(issuer.token({ iss, aud }), rule)).toBe('token-audience-not-allowed');
  });

  it('refuses other signatures, and looks for the key by kid and alg', async () => {
    const good = issuer.token({ iss });
    expect(await outcome(stranger.token({ iss }))).toBe('token-signature-invalid');
    expect(await outcome(issuer.token({ iss }, { kid: 'nobody' }))).toBe('token-no-matching-key');
    expect(await outcome(issuer.token({ iss }, { kid: undefined }))).toEqual([]);
    expect(await outcome(good, {}, keySetText(signer('RS256', 'a')))).toBe('token-no-matching-key');
    expect(await outcome(good, {}, keySetText(stranger, issuer))).toEqual([]);
    const { kid: _kid, alg: _alg, ...bare } = issuer.jwk;
    expect(await outcome(good, {}, JSON.stringify({ keys: [bare] }))).toEqual([]);
  });

  it('never takes a public key for a shared secret', async () => {
    const input = issuer.token({ iss }, { alg: 'HS256' }).split('.').slice(0, 2).join('.');
    const { kid: _kid, alg: _alg, ...bare } = issuer.jwk;
    for (const secret of [String(bare['x']), JSON.stringify(bare)]) {
      const forged = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
      expect(await outcome(forged)).toBe('token-no-matching-key');
      expect(await outcome(forged, {}, JSON.stringify({ keys: [bare] }))).toBe('token-signature-invalid');
    }
  });

  it('refuses an algorithm of another kind or curve than a key without one has', async () => {
    const { kid: _kid, alg: _alg, ...bare } = issuer.jwk;
    const jwks = JSON.stringify({ keys: [bare] });
    for (const alg of ['ES384', 'RS256', 'EdDSA'])
      expect(await outcome(issuer.token({ iss }, { alg }), {}, jwks)).toBe('token-signature-invalid');
  });

  it('tells what Envoy takes and the standard refuses', async () => {
    const token = issuer.token({ iss });
    expect(await outcome(issuer.token({ iss }, { crit: ['x'], x: 1 }))).toEqual(['crit-ignored']);
    expect(await outcome(issuer.token({ iss }, { crit: ['exp', '__proto__', 'crit'] }))).toEqual([
      'crit-ignored',
    ]);
    expect(await outcome(`${token}A`)).toEqual(['signature-length']);
    expect(await outcome(`${token}AA`)).toBe('token-signature-invalid');
    expect(await outcome(`${token}x`)).toEqual(['spare-bits', 'signature-length']);
    const enc = JSON.stringify({ keys: [{ ...issuer.jwk, use: 'enc' }] });
    expect(await outcome(token, {}, enc)).toEqual(['key-for-encryption']);
  });

  it('refuses a padded part', async () => {
    expect(await outcome(`${issuer.token({ iss })}==`)).toBe('token-signature-bad-base64');
  });

  it('refuses a crit that is no list of names', async () => {
    for (const crit of ['x', [], [1], [''], null, ['b64']])
      expect(await outcome(issuer.token({ iss }, { crit }))).toBe('token-signature-invalid');
  });

  it('refuses JSON that only a forgiving parser reads', async () => {
    const [header] = issuer.token({ iss }).split('.');
    const head = Buffer.from(header ?? '', 'base64url').toString();
    for (const payload of [`{"iss":"${iss}",}`, `{'iss':'${iss}'}`, `{"iss":"${iss}","x":"a\tb"}`])
      expect(await outcome(issuer.raw(head, payload))).toBe('token-payload-bad-json');
    expect(await outcome(issuer.raw(`${head.slice(0, -1)},}`, `{"iss":"${iss}"}`))).toBe(
      'token-header-bad-json',
    );
  });

  it('refuses what stands behind a token, as base64 or as part of its signature', async () => {
    const token = issuer.token({ iss });
    expect(await outcome(`${token} x`)).toBe('token-signature-bad-base64');
    expect(await outcome(`${token} xx`)).toBe('token-signature-invalid');
    expect(await outcome(`${token} xxx`)).toBe('token-signature-bad-base64');
    expect(await outcome(`${token} .x`)).toBe('token-bad-format');
  });

  it('refuses blanks within only after what Envoy refuses', async () => {
    const [header, ...rest] = issuer.token({ iss }).split('.');
    expect(await outcome([`${header} `, ...rest].join('.'))).toBe('token-signature-invalid');
    expect(await outcome(`${issuer.token({ iss: 'https://evil.example' })}==`)).toBe('token-unknown-issuer');
  });

  it('refuses every token where the keys can not be had', async () => {
    const token = issuer.token({ iss });
    expect(await outcome(token, { jwks: undefined, jwksUri: 'https://gone.example' })).toBe(
      'token-signature-invalid',
    );
    expect(await outcome(token, { jwks: '' })).toBe('token-signature-invalid');
  });

  it('gives an Ed25519 signature of another length a fault of its own', async () => {
    const ed = signer('EdDSA');
    expect(await outcome(ed.token({ iss }), {}, keySetText(ed))).toEqual([]);
    expect(await outcome(`${ed.token({ iss })}AA`, {}, keySetText(ed))).toBe('token-signature-wrong-length');
  });
});
