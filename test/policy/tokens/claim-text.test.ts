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
});
