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
});
