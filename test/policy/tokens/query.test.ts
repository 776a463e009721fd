import { describe, expect, it } from 'vitest';
import { parseQuery, withoutParam } from '../../../policy/tokens/query.ts';

describe('a query', () => {
  it.each([
    ['/a?x=1&access_token=T&y=2', '/a?x=1&y=2'],
    ['/a?access_token=T', '/a'],
    ['/a?access_token=T&access_token=U', '/a'],
    ['/a?%61ccess_token=T&x', '/a?x='],
    ['/a?y=2&access_token=T&x=%31', '/a?x=1&y=2'],
    ['/a', '/a'],
  ])('of %j without its token is %j', (path, left) => {
    expect(withoutParam(path, 'access_token')).toBe(left);
  });

  it('keeps broken escapes, the first of several values, and names without value', () => {
    expect([...parseQuery('/?a=%zz&a=2&b&&c=d=e&')]).toEqual([
      ['a', ['%zz', '2']],
      ['b', ['']],
      ['', ['']],
      ['c', ['d=e']],
    ]);
  });
});
