import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64Url, encodeBase64, encodeBase64Url } from '../../../policy/tokens/base64.ts';

describe('base64', () => {
  it.each(['a', 'ab+d', 'ab/d', 'a=bc', 'YQ=', 'YQ===', 'YWI==', 'YWJj=', 'é', 'a*b', 'YQ.'])(
    'takes %j for none',
    (text) => {
      expect(decodeBase64Url(text)).toBeNull();
    },
  );

  it.each([
    ['YQ==', 'padded'],
    [' Y Q', 'padded'],
    ['YQ\n', 'padded'],
    ['YR', 'spareBits'],
  ] as const)('tells that %j is %s', (text, oddity) => {
    expect(decodeBase64Url(text)).toMatchObject({ bytes: Uint8Array.of(97), [oddity]: true });
  });

  it('does what Node does, there and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        expect(encodeBase64Url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
        expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
        expect(decodeBase64Url(encodeBase64Url(bytes))).toEqual({ bytes, padded: false, spareBits: false });
      }),
    );
  });
});
