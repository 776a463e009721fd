import { describe, expect, it } from 'vitest';
import { CAPITAL, HOST, NO, TARGET, TOKEN, VALUE, YES } from '../../../wire/http1/bytes.ts';

const DIGITS = '0123456789';
const SMALL = 'abcdefghijklmnopqrstuvwxyz';
const CAPITALS = SMALL.toUpperCase();
const MARKS = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';
const ABOVE_ASCII = Array.from({ length: 128 }, (_, index) => String.fromCharCode(128 + index)).join('');

/** All bytes of a class, as text. */
function bytesOf(table: Readonly<Uint8Array>, kind: number): string {
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte))
    .filter((_, byte) => table[byte] === kind)
    .join('');
}

const sorted = (text: string): string => [...text].toSorted().join('');

describe('each of the 256 bytes', () => {
  it('stands in a token or not as RFC 9110 §5.6.2 says, capitals apart', () => {
    expect(bytesOf(TOKEN, YES)).toBe(sorted(`!#$%&'*+-.^_\`|~${DIGITS}${SMALL}`));
    expect(bytesOf(TOKEN, CAPITAL)).toBe(CAPITALS);
  });

  it('stands in a field’s value if it is no control byte or a tab (RFC 9110 §5.5)', () => {
    expect(bytesOf(VALUE, YES)).toBe(sorted(`\t ${MARKS}${DIGITS}${CAPITALS}${SMALL}${ABOVE_ASCII}`));
  });

  it('stands in a target if it is visible ASCII', () => {
    expect(bytesOf(TARGET, YES)).toBe(sorted(`${MARKS}${DIGITS}${CAPITALS}${SMALL}`));
  });

  it('stands in a plain host if it is a letter, a digit, a hyphen or a dot', () => {
    expect(bytesOf(HOST, YES)).toBe(sorted(`-.${DIGITS}${CAPITALS}${SMALL}`));
    expect(bytesOf(HOST, NO)).toHaveLength(256 - 64);
  });
});
