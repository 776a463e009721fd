import { describe, expect, it } from 'vitest';
import { parseKeySet } from '../../../policy/tokens/key-set.ts';
import { signer } from '../../support/tokens.ts';

const es256 = signer('ES256').jwk;
const rs256 = signer('RS256').jwk;
const ed25519 = signer('EdDSA').jwk;
const usable = (...keys: unknown[]) => parseKeySet(JSON.stringify({ keys }));

describe('a key set', () => {
  it.each([
    ['no JSON', 'nonsense'],
    ['no keys', '{}'],
    ['an empty list', '{"keys":[]}'],
    ['keys that are none', '{"keys":[1,null,[],{}]}'],
    ['keys twice', '{"keys":[],"keys":[{"kty":"oct","k":"AA"}]}'],
  ])('is none: %s', (_, text) => {
    expect(parseKeySet(text)).toBeNull();
  });

  it.each([
    [{ ...es256, alg: 'ES384' }],
    [{ ...es256, alg: 'HS256' }],
    [{ ...es256, crv: 'secp256k1' }],
    [{ ...es256, x: '*' }],
    [{ ...rs256, alg: 'ES256' }],
    [{ ...rs256, e: 'Ag' }],
    [{ ...rs256, n: 5 }],
    [{ ...ed25519, alg: 'ES256' }],
    [{ ...ed25519, crv: 'X25519' }],
    [{ ...ed25519, x: 'AAAA' }],
    [{ kty: 'oct', k: '' }],
    [{ kty: 'oct', k: 'AAAA', alg: 'ES256' }],
    [{ ...es256, kty: 'ec' }],
  ])('leaves out a key that Envoy can not use: %#', (key) => {
    expect(usable(key)).toBeNull();
    expect(usable(key, ed25519)).toMatchObject([{ kty: 'OKP' }]);
  });

  it('keeps what a signature needs, and no private part', () => {
    const keys = usable({ ...es256, d: 'secret', use: 'enc' }, { kty: 'EC', x: es256['x'], y: es256['y'] });
    expect(keys).toMatchObject([
      { kty: 'EC', crv: 'P-256', kid: 'k', alg: 'ES256', forEncryption: true },
      { kty: 'EC', crv: 'P-256', kid: '', alg: '', forEncryption: false },
    ]);
    expect(JSON.stringify(keys)).not.toContain('secret');
  });

  it('tells keys that are marked for something else', () => {
    const marks = usable(
      { ...es256, key_ops: ['encrypt'] },
      { ...es256, key_ops: ['verify'] },
      { ...es256, use: 'sig' },
    );
    expect(marks?.map(({ forEncryption }) => forEncryption)).toEqual([true, false, false]);
  });

  it.each([
    ['RSA without an exponent', { ...rs256, e: undefined }],
    ['RSA without a modulus', { ...rs256, n: '' }],
    ['RSA with an algorithm that only ends like one', { ...rs256, alg: 'xPS' }],
    ['EC without x', { ...es256, x: undefined }],
    ['EC without y', { ...es256, y: undefined }],
    ['EC with another curve than its algorithm’s', { ...es256, crv: 'P-384' }],
    ['EC with a curve that is no text', { ...es256, crv: 7 }],
    ['EC with no curve that is known', { ...es256, alg: undefined, crv: 'P-192' }],
    ['OKP without x', { ...ed25519, x: undefined }],
    ['OKP with what is no base64', { ...ed25519, x: '*' }],
    ['a secret that is none', { kty: 'oct', k: '*' }],
    ['a secret without any', { kty: 'oct' }],
    ['a secret for something else', { kty: 'oct', k: 'AAAA', alg: 'HS1' }],
    ['no kind', { ...es256, kty: undefined }],
  ])('leaves out %s', (_, key) => {
    expect(usable(key)).toBeNull();
  });

  it('keeps every kind that signs, for one algorithm or for any', () => {
    const { n, e } = rs256;
    const { x, y } = es256;
    const common = { kid: '', forEncryption: false };
    const written = [
      { kty: 'RSA', n, e, alg: 'PS512' },
      { kty: 'RSA', n, e: 'Aw' },
      { kty: 'EC', x, y, alg: 'ES384' },
      { kty: 'EC', x, y, crv: 'P-521', alg: 'ES512' },
      { kty: 'EC', x, y, crv: 'P-384' },
      { kty: 'OKP', crv: 'Ed25519', x: ed25519['x'] },
      { kty: 'oct', k: 'AAAA' },
      ...['HS256', 'HS384', 'HS512'].map((alg) => ({ kty: 'oct', k: 'AAAA', alg })),
    ];
    expect(usable(...written)).toEqual([
      { ...common, kty: 'RSA', n, e, alg: 'PS512' },
      { ...common, kty: 'RSA', n, e: 'Aw', alg: '' },
      { ...common, kty: 'EC', x, y, crv: 'P-384', alg: 'ES384' },
      { ...common, kty: 'EC', x, y, crv: 'P-521', alg: 'ES512' },
      { ...common, kty: 'EC', x, y, crv: 'P-384', alg: '' },
      { ...common, kty: 'OKP', crv: 'Ed25519', x: ed25519['x'], alg: '' },
      { ...common, kty: 'oct', k: 'AAAA', alg: '' },
      ...['HS256', 'HS384', 'HS512'].map((alg) => ({ ...common, kty: 'oct', k: 'AAAA', alg })),
    ]);
  });
});
