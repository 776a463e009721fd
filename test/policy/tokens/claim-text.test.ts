import { describe, expect, it } from 'vitest';
import { claimAt, claimHeaderValue, claimValues, splitAtSpaces } from '../../../policy/tokens/claim-text.ts';
import { request } from '../../support/policies.ts';

describe('claims as text', () => {
  it.each([
    [3, '3'],
    [3.5, '3.500000'],
    [-1, '-1.000000'],
    [1e15, '1000000000000000'],
    [1e25, '10000000000000000905969664.000000'],
    [true, 'true'],
    [false, 'false'],
    ['', ''],
    [null, ''],
    [undefined, ''],
    ['é', 'Ã©'],
    [[1, 'dev', 1e15, 0.00001, '<'], Buffer.from('[1,"dev",1e+15,1e-05,"\\u003c"]').toString('base64')],
    [
      ['\u007f\u009f\u00ad\u200b\u2028\ufeff\u{1d173}\u{e0001}é\u200a'],
      Buffer.from(
        String.raw`["\u007f\u009f\u00ad\u200b\u2028\ufeff\ud834\udd73\udb40\udc01é` + '\u200a"]',
      ).toString('base64'),
    ],
    [{ a: [] }, Buffer.from('{"a":[]}').toString('base64')],
  ])('%j goes into a header as %j', (value, text) => {
    expect(claimHeaderValue(value)).toBe(text);
  });

  it('goes through objects only', () => {
    const claims = { realm: { roles: ['boss'] }, 'a.b': 1 };
    expect(claimAt(claims, ['realm', 'roles'])).toEqual(['boss']);
    expect(claimAt(claims, ['realm', 'roles', '0'])).toBeUndefined();
    expect(claimAt(claims, ['__proto__', 'toString'])).toBeUndefined();
  });

  it('compares strings, alone or in a list', () => {
    const claims = { level: 3, groups: ['dev', 1, ['x']], role: 'dev', none: [], object: { a: 'b' } };
    const values = (name: string) => claimValues([name], { ...request(), claims });
    expect(values('level')).toEqual([]);
    expect(values('groups')).toEqual(['dev']);
    expect(values('role')).toEqual(['dev']);
    expect(values('none')).toEqual([]);
    expect(values('object')).toEqual([]);
    expect(claimValues(['role'], request())).toEqual([]);
  });

  it('splits strings at spaces, no list and nothing empty', () => {
    const claims = { scope: 'read  write', permission: ['a b'], teams: 'x y', empty: '' };
    expect({ ...splitAtSpaces(claims, ['scope', 'permission', 'empty', 'gone']) }).toEqual({
      scope: ['read', 'write'],
      permission: ['a b'],
      teams: 'x y',
      empty: '',
    });
  });

  const written = (value: Parameters<typeof claimHeaderValue>[0]) =>
    Buffer.from(claimHeaderValue([value ?? null]) ?? '', 'base64')
      .toString()
      .slice(1, -1);

  it.each([
    ['<', 0x3c, 0x3c],
    ['>', 0x3e, 0x3e],
    ['C1', 0x7f, 0x9f],
    ['soft hyphen', 0xad, 0xad],
    ['Arabic signs', 0x600, 0x603],
    ['end of ayah', 0x6dd, 0x6dd],
    ['Syriac mark', 0x70f, 0x70f],
    ['Khmer vowels', 0x17b4, 0x17b5],
    ['zero widths', 0x200b, 0x200f],
    ['separators', 0x2028, 0x202e],
    ['invisible operators', 0x2060, 0x2064],
    ['old format characters', 0x206a, 0x206f],
    ['byte order mark', 0xfeff, 0xfeff],
    ['annotations', 0xfff9, 0xfffb],
    ['musical signs', 0x1d173, 0x1d17a],
    ['language tag', 0xe0001, 0xe0001],
    ['tags', 0xe0020, 0xe007f],
  ])('are escaped from the first to the last of %s, and no further', (_, first, last) => {
    for (const code of [first, last])
      expect(written(String.fromCodePoint(code)), code.toString(16)).toMatch(/^"(\\u[0-9a-f]{4})+"$/);
    for (const code of [first - 1, last + 1]) {
      const neighbour = String.fromCodePoint(code);
      expect(written(neighbour), code.toString(16)).toBe(JSON.stringify(neighbour));
    }
  });

  it.each([
    [0, '0'],
    [10, '10'],
    [-1.5, '-1.5'],
    [0.1, '0.1'],
    [0.1 + 0.2, '0.30000000000000004'],
    [1 / 3, '0.33333333333333331'],
    [100.5, '100.5'],
    [1.05, '1.05'],
    [0.0001, '0.0001'],
    [0.00012345, '0.00012345'],
    [0.00001, '1e-05'],
    [123456789012345, '123456789012345'],
    [1e15, '1e+15'],
    [1.5e300, '1.5e+300'],
    [1.25e-300, '1.25e-300'],
    [9007199254740992, '9007199254740992'],
  ])('a number in a list, %d, is written as C does: %s', (value, text) => {
    expect(written(value)).toBe(text);
  });

  it.each([
    [2 ** 64, '18446744073709551616.000000'],
    [2 ** 63, '9223372036854775808'],
    [0, '0'],
    [1e21, '1000000000000000000000.000000'],
    [-1e21, '-1000000000000000000000.000000'],
    [0.5, '0.500000'],
  ])('a number by itself, %d, is %s', (value, text) => {
    expect(claimHeaderValue(value)).toBe(text);
  });

  it('are JSON without blanks, members of objects too', () => {
    expect(written({ a: [1, true, null], b: { c: 'd' } })).toBe('{"a":[1,true,null],"b":{"c":"d"}}');
  });
});
