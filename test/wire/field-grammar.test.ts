import { describe, expect, it } from 'vitest';
import {
  isFieldName,
  isFieldValue,
  isPathValue,
  isScheme,
  isToken,
  isUriAuthority,
  trimBlanks,
} from '../../wire/field-grammar.ts';

const BYTES = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));

function accepted(check: (text: string) => boolean): string {
  return BYTES.filter(check).join('');
}

describe('the grammar of fields, byte by byte', () => {
  it('takes no character beyond a byte', () => {
    for (const check of [isFieldName, isToken, isScheme, isUriAuthority])
      expect(check('a\u0141')).toBe(false);
  });

  it('lets tokens and names have marks, and names no capitals', () => {
    const marks = "!#$%&'*+-.0123456789";
    expect(accepted(isFieldName)).toBe(`${marks}^_\`abcdefghijklmnopqrstuvwxyz|~`);
    expect(accepted(isToken)).toBe(`${marks}ABCDEFGHIJKLMNOPQRSTUVWXYZ^_\`abcdefghijklmnopqrstuvwxyz|~`);
    expect([isFieldName(''), isToken('')]).toEqual([false, false]);
  });

  it('begins a scheme with a letter', () => {
    expect(['http', 'H+1.-'].every(isScheme)).toBe(true);
    expect(['', '1http', 'http:', 'é'].some(isScheme)).toBe(false);
  });

  it('has no userinfo, path or query in an authority', () => {
    expect(accepted(isUriAuthority)).toBe(
      "!$%&'()*+,-.0123456789:;=ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz~",
    );
  });

  it('refuses control bytes in values, and blanks as well in paths', () => {
    expect(accepted(isFieldValue)).toBe(
      BYTES.filter((_, code) => code === 9 || (code > 31 && code !== 127)).join(''),
    );
    expect(accepted(isPathValue)).toBe(BYTES.filter((_, code) => code > 32 && code !== 127).join(''));
  });
});

describe('trimBlanks', () => {
  it.each([
    ['', ''],
    [' \t ', ''],
    ['\t a b \t', 'a b'],
    ['\xa0a\xa0', '\xa0a\xa0'],
  ])('of %j is %j', (text, trimmed) => {
    expect(trimBlanks(text)).toBe(trimmed);
  });
});
