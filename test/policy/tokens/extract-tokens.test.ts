import { describe, expect, it } from 'vitest';
import { extractTokens } from '../../../policy/tokens/extract-tokens.ts';
import { httpRequest, jwtOf } from '../../support/tokens.ts';

function found(rule: Record<string, unknown>, headers: [string, string][], path = '/'): string[] {
  const locations = jwtOf({ issuer: 'x', ...rule }).rules[0]?.locations;
  if (!locations) throw new Error('no rule');
  return extractTokens(locations, httpRequest(headers, path)).map(
    ({ token, place }) => `${place.kind} ${place.name}: ${token}`,
  );
}

const authorization = (value: string) => found({}, [['authorization', value]]);

describe('where tokens are found', () => {
  it.each(['Basic T', 'bearer T', 'Bearer\tT', 'T', 'Bearer', ''])(
    'no token in an Authorization of %j',
    (value) => {
      expect(authorization(value)).toEqual([]);
    },
  );

  it.each([
    ['Bearer T', 'T'],
    ['Bearer  T', 'T'],
    ['Basic x, Bearer T', 'T'],
    ['Bearer T more', 'T more'],
    ['Bearer ! T', 'T'],
    ['Bearer "T"', 'T"'],
    ['Bearer ***', 'Bearer ***'],
  ])('%j holds %j', (value, token) => {
    expect(authorization(value)).toEqual([`header authorization: ${token}`]);
  });

  it('joins two Authorization fields to one, which is then no token', () => {
    const fields: [string, string][] = [
      ['authorization', 'Bearer A'],
      ['authorization', 'Bearer B'],
    ];
    expect(found({}, fields)).toEqual(['header authorization: A,Bearer B']);
  });

  it('looks at the usual places, and nowhere else where a rule names its own', () => {
    const headers: [string, string][] = [
      ['authorization', 'Bearer A'],
      ['x-jwt', 'B'],
      ['cookie', 'a=b; session="C"; session=D; jwt'],
    ];
    const path = '/?access_token=E&jwt=F%2e&jwt=G';
    expect(found({}, headers, path)).toEqual(['header authorization: A', 'param access_token: E']);
    expect(found({ fromHeaders: [{ name: 'X-Jwt' }] }, headers, path)).toEqual(['header x-jwt: B']);
    expect(found({ fromParams: ['jwt', 'none'] }, headers, path)).toEqual(['param jwt: F.']);
    expect(found({ fromCookies: ['session', 'jwt'] }, headers, path)).toEqual(['cookie session: C']);
  });

  it('takes each field of another name for itself, prefix anywhere and with its case', () => {
    const rule = { fromHeaders: [{ name: 'X-Jwt', prefix: 'Token ' }] };
    const fields = ['Token A', 'token B', 'x Token C'].map((value): [string, string] => ['x-jwt', value]);
    expect(found(rule, fields)).toEqual(['header x-jwt: A', 'header x-jwt: C']);
  });

  it('takes header, parameter and cookie each in order of bytes, and each name once', () => {
    const rule = {
      fromHeaders: [{ name: 'x-b' }, { name: 'x-a' }, { name: 'x-b' }],
      fromParams: ['q', 'p', 'q'],
      fromCookies: ['d', 'c'],
    };
    const headers: [string, string][] = [
      ['x-b', '2'],
      ['x-a', '1'],
      ['cookie', 'd=6; c=5'],
    ];
    expect(found(rule, headers, '/?q=4&p=3')).toEqual([
      'header x-a: 1',
      'header x-b: 2',
      'param p: 3',
      'param q: 4',
      'cookie c: 5',
      'cookie d: 6',
    ]);
  });

  it.each(['0', '9', 'a', 'z', 'A', 'Z', '-', '.', '_'])('a token begins with %s', (first) => {
    expect(authorization(`Bearer ${first}x`)).toEqual([`header authorization: ${first}x`]);
  });

  it.each(['/', ':', '@', '[', '`', '{', '!', '+', '\u00fa'])('no token begins with %s', (first) => {
    expect(authorization(`Bearer ${first}x`)).toEqual(['header authorization: x']);
  });

  it.each([
    ['c="T"', ['cookie c: T']],
    ['c=""', ['cookie c: ']],
    ['c="', ['cookie c: "']],
    ['c="T', ['cookie c: "T']],
    ['c=T"', ['cookie c: T"']],
    ['c=', ['cookie c: ']],
    ['  c=T', ['cookie c: T']],
    ['c =T', []],
    ['c', []],
    ['=c', []],
    ['C=T', []],
    ['b=c=d; c=e=f', ['cookie c: e=f']],
  ])('a cookie line %j holds %j', (line, tokens) => {
    expect(
      found({ fromCookies: ['c'] }, [
        ['x-cookie', 'c=other'],
        ['cookie', line],
      ]),
    ).toEqual(tokens);
  });
});
