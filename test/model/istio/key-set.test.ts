/** Inline key sets: what Istio's webhook takes, usable or not. */
import { describe, expect, it } from 'vitest';
import { holdsPrivateKey, keySetError } from '../../../model/istio/key-set.ts';

const ec = { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' };
const set = (...keys: unknown[]): string => JSON.stringify({ keys });

describe('jwks', () => {
  it.each([
    ['nonsense', 'jwks is not JSON'],
    ['null', 'jwks is not a JSON Web Key Set'],
    ['[]', 'jwks is not a JSON Web Key Set'],
    ['{}', 'jwks is neither a key set nor a key'],
    ['{"keys":{}}', 'the keys of a JSON Web Key Set are a list'],
    [set(1), 'key 0 of jwks has no known type (kty)'],
    [set(ec, { kty: 'toString' }), 'key 1 of jwks has no known type (kty)'],
    [set({ kty: 'RSA' }), 'a key of type RSA lacks e'],
    [set({ ...ec, y: undefined }), 'a key of type EC lacks y'],
    [set({ ...ec, x: 'A' }), 'x of a key is not base64'],
    [set({ ...ec, x: 'A+_A' }), 'x of a key is not base64'],
    [set({ ...ec, kid: 1 }), 'kid of a key is not a string'],
  ])('%s is refused: %s', (text, expected) => {
    expect(keySetError(text)).toBe(expected);
  });

  it.each([
    '{"keys":[]}',
    '{"keys":null}',
    set(ec),
    JSON.stringify(ec),
    set({ kty: 'RSA', e: 'AQAB', n: 'AA==' }),
    set({ kty: 'oct', k: '' }, { kty: 'OKP', crv: 'Ed25519', x: 'A\nAA', use: null }),
    set({ ...ec, alg: 'ES512', use: 'enc', unknown: {} }),
  ])('%s is taken', (text) => {
    expect(keySetError(text)).toBeNull();
  });

  it('with a private or symmetric key gives a secret away', () => {
    expect(
      [set({ ...ec, d: 'AA' }), set({ kty: 'oct', k: 'AA' }), set(ec), 'x'].map(holdsPrivateKey),
    ).toEqual([true, true, false, false]);
  });
});
