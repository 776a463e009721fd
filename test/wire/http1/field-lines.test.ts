import { describe, expect, it } from 'vitest';
import { BROKEN, INCOMPLETE, plainLength, readFieldLines } from '../../../wire/http1/field-lines.ts';

type Fields = [string, string][];

function read(text: string, most = 10): { end: number; fields: Fields } {
  const fields: Fields = [];
  return { end: readFieldLines(text, 0, fields, most), fields };
}

describe('field lines that break RFC 9112 §5', () => {
  it.each<[string, string]>([
    ['a NUL in a value', 'a: b\0\r\n\r\n'],
    ['a NUL in the place of CR', 'a: b\0\n\r\n'],
    ['a NUL as the last byte that came', 'a: b\0'],
    ['a bare LF', 'a: b\n\r\n'],
    ['a CR without its LF', 'a: b\rx'],
    ['a CR without its LF at the end', '\rx'],
    ['a blank before the colon', 'a : b\r\n\r\n'],
    ['a name that is empty', ': b\r\n\r\n'],
  ])('with %s are broken', (_, text) => {
    expect(read(text).end).toBe(BROKEN);
  });

  it('are broken as well where they are more than may be, and not before', () => {
    expect(read('a: b\r\nc: d\r\n\r\n', 1).end).toBe(BROKEN);
    expect(read('a: b\r\n\r\n', 1).end).toBe(8);
    expect(read('a: b\r\n', 1).end).toBe(INCOMPLETE);
  });
});

describe('field lines', () => {
  it('have their names in small letters and their values without the blanks around them', () => {
    const text = 'HOST: a\r\nx-b:\t c d \t\r\nX-Empty: \t \r\n\r\nrest';
    expect(read(text)).toEqual({
      end: text.length - 4,
      fields: [
        ['host', 'a'],
        ['x-b', 'c d'],
        ['x-empty', ''],
      ],
    });
  });

  it('are incomplete at each byte before their last', () => {
    const text = 'Host: a\r\nx: \r\n\r\n';
    for (let end = 0; end < text.length; end += 1) expect(read(text.slice(0, end)).end).toBe(INCOMPLETE);
  });
});

describe('a Content-Length', () => {
  it.each([
    ['0', 0],
    ['9', 9],
    ['1234567890', 1_234_567_890],
    ['999999999999999', 999_999_999_999_999],
  ])('%s is read by every parser alike', (text, length) => {
    expect(plainLength(text)).toBe(length);
  });

  it.each(['', '01', '00', '+1', '-1', '1 ', '1:', '1/', 'a1', '1000000000000000'])(
    '%j is read by none, or not by all',
    (text) => {
      expect(plainLength(text)).toBeNull();
    },
  );
});
