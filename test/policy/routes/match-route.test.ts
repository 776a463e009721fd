/** SURPRISES 71-75 and what lies beside them. */
import { describe, expect, it } from 'vitest';
import { matchesText, queryParameter, schemeOf, takesRequest } from '../../../policy/routes/match-route.ts';
import type { HttpMatchSpec } from '../../../model/istio/virtual-service.ts';
import type { RoutedRequest } from '../../../policy/routes/route-decision.ts';
import { asked, route } from '../../support/routing.ts';

const takes = (match: Partial<Record<keyof HttpMatchSpec, unknown>>, request: Partial<RoutedRequest>) =>
  takesRequest(route({ match: [match] }), asked(request));
const uri = (match: object, path: string, ignoreUriCase = false) =>
  takes({ uri: match, ignoreUriCase }, { path });

describe('a path', () => {
  it.each([
    [{ exact: '/a' }, '/a'],
    [{ exact: '/a' }, '/a?b=1'],
    [{ prefix: '/api' }, '/apix'],
    [{ prefix: '/api' }, '/api'],
    [{ regex: '/v[0-9]' }, '/v1?x'],
  ])('%j takes %s', (match, path) => {
    expect(uri(match, path)).toBe(true);
  });

  it.each([
    [{ exact: '/a' }, '/a/'],
    [{ exact: '/a' }, '/A'],
    [{ exact: '/a?b' }, '/a?b'],
    [{ prefix: '/api' }, '/ap'],
    [{ prefix: '/api' }, '/API'],
    [{ prefix: '/api' }, '/x/api'],
    [{ regex: '/v[0-9]' }, '/v1/x'],
    [{ regex: '/v1\\?x' }, '/v1?x'],
  ])('%j does not take %s', (match, path) => {
    expect(uri(match, path)).toBe(false);
  });

  it('may have any case where it is exact or a prefix, and never where it is an expression', () => {
    expect(uri({ exact: '/Api' }, '/aPI', true)).toBe(true);
    expect(uri({ prefix: '/Api' }, '/aPI/x', true)).toBe(true);
    expect(uri({ exact: '/Api' }, '/aPIx', true)).toBe(false);
    expect(uri({ regex: '/api' }, '/API', true)).toBe(false);
    expect(uri({ regex: '/api' }, '/api', true)).toBe(true);
  });

  it('is taken by segments where the Gateway API asks for it', () => {
    const match = { ...route({}).match, path: { kind: 'segments' as const, value: '/api' } };
    const by = (path: string) => takesRequest({ ...route({}), match }, asked({ path }));
    expect([by('/api'), by('/api/'), by('/api/x'), by('/api?x')]).toEqual([true, true, true, true]);
    expect([by('/apix'), by('/ap'), by('/x/api')]).toEqual([false, false, false]);
  });
});

describe('a header', () => {
  const headers = (match: object, ...values: string[]) =>
    takes(
      { headers: { 'X-User': match } },
      { headers: [['other', 'a'], ...values.map((one): [string, string] => ['x-user', one])] },
    );
  const without = (match: object, ...values: string[]) =>
    takes(
      { withoutHeaders: { 'X-User': match } },
      { headers: [['other', 'a'], ...values.map((one): [string, string] => ['x-user', one])] },
    );

  it('is taken where any of its values is', () => {
    expect(headers({ exact: 'a' }, 'b', 'a')).toBe(true);
    expect(headers({ exact: 'a,b' }, 'a', 'b')).toBe(false);
    expect(headers({ prefix: 'al' }, 'alice')).toBe(true);
    expect(headers({ prefix: 'al' }, 'bal')).toBe(false);
    expect(headers({ regex: 'al.*' }, 'alice')).toBe(true);
    expect(headers({ regex: 'li' }, 'alice')).toBe(false);
    expect(headers({ exact: 'A' }, 'a')).toBe(false);
  });

  it('is there where nothing more is asked, and empty only where it is', () => {
    for (const present of [{}, { regex: '*' }]) {
      expect(headers(present, '')).toBe(true);
      expect(headers(present)).toBe(false);
      expect(without(present, '')).toBe(false);
      expect(without(present)).toBe(true);
    }
    expect(headers({ exact: '' }, '')).toBe(true);
    expect(headers({ exact: '' })).toBe(false);
    expect(headers({ exact: '' }, 'a')).toBe(false);
  });

  it('that must not be: absent, or no value of it', () => {
    expect(without({ exact: 'a' })).toBe(true);
    expect(without({ exact: 'a' }, 'b')).toBe(true);
    expect(without({ exact: 'a' }, 'b', 'a')).toBe(false);
    expect(without({ exact: '' })).toBe(false);
    expect(without({ exact: '' }, 'a')).toBe(true);
    expect(without({ regex: '.*' })).toBe(false);
    expect(without({ regex: '.+' })).toBe(true);
  });

  it('all of several must be taken', () => {
    const both = { headers: { a: { exact: '1' }, b: { exact: '2' } } };
    expect(
      takes(both, {
        headers: [
          ['a', '1'],
          ['b', '2'],
        ],
      }),
    ).toBe(true);
    expect(takes(both, { headers: [['a', '1']] })).toBe(false);
  });
});

describe('what isn’t a header', () => {
  it('method, authority and scheme are taken as they are', () => {
    expect(takes({ method: { exact: 'GET' } }, { method: 'GET' })).toBe(true);
    expect(takes({ method: { exact: 'GET' } }, { method: 'get' })).toBe(false);
    expect(takes({ authority: { exact: 'reviews' } }, { host: 'reviews' })).toBe(true);
    for (const host of ['reviews:80', 'REVIEWS', 'ratings'])
      expect(takes({ authority: { exact: 'reviews' } }, { host })).toBe(false);
    expect(takes({ scheme: { exact: 'https' } }, { headers: [['x-forwarded-proto', 'https']] })).toBe(true);
    expect(takes({ scheme: { exact: 'https' } }, {})).toBe(false);
    expect(takes({ scheme: { exact: 'http' } }, {})).toBe(true);
  });

  it('the same by the names of pseudo-headers, and host', () => {
    const by = (name: string, exact: string) =>
      takes(
        { headers: { [name]: { exact } } },
        { method: 'PUT', host: 'a:80', path: '/p?q', headers: [['host', 'not']] },
      );
    expect([by(':method', 'PUT'), by(':authority', 'a:80'), by('host', 'a:80'), by(':path', '/p?q')]).toEqual(
      [true, true, true, true],
    );
    expect([by(':method', ''), by('host', 'not'), by(':path', '/p'), by(':scheme', 'https')]).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(by(':scheme', 'http')).toBe(true);
  });
});

describe('the scheme', () => {
  it.each([
    ['https', 'https'],
    ['HTTPS', 'https'],
    ['http', 'http'],
    ['ftp', 'http'],
    ['', 'http'],
  ])('is, by an X-Forwarded-Proto of %j, %s', (told, scheme) => {
    expect(
      schemeOf({
        headers: [
          ['a', 'https'],
          ['x-forwarded-proto', told],
        ],
      }),
    ).toBe(scheme);
  });

  it('is http without one', () => {
    expect(schemeOf({ headers: [['a', 'https']] })).toBe('http');
  });
});

describe('a parameter', () => {
  it.each([
    ['/a?q=1', 'q', '1'],
    ['/a?q=2&q=1', 'q', '2'],
    ['/a?x=0&q=%31', 'q', '%31'],
    ['/a?q', 'q', ''],
    ['/a?x&q&y', 'q', ''],
    ['/a?q=', 'q', ''],
    ['/a?q=1=2', 'q', '1=2'],
    ['/a?q=1?r=2', 'q', '1?r=2'],
    ['/a?q=1;r=2', 'q', '1;r=2'],
    ['/a?', '', ''],
    ['/a', 'q', null],
    ['/a?r=1', 'q', null],
    ['/a?q1=1', 'q', null],
    ['/a?r=1;q=2', 'q', null],
    ['/q=1', 'q', null],
    ['/aq=1', '/aq', null],
  ])('in %s, %s is %j', (path, name, value) => {
    expect(queryParameter(path, name)).toBe(value);
  });

  it('must be there and look so; all of several', () => {
    const q = (match: object, path: string) => takes({ queryParams: { q: match } }, { path });
    expect(q({}, '/a?q')).toBe(true);
    expect(q({}, '/a?r')).toBe(false);
    expect(q({ exact: '1' }, '/a?q=1')).toBe(true);
    expect(q({ exact: '1' }, '/a?q=2&q=1')).toBe(false);
    expect(q({ prefix: '1' }, '/a?q=12')).toBe(true);
    expect(q({ regex: '1+' }, '/a?q=112')).toBe(false);
    const both = { queryParams: { q: { exact: '1' }, r: {} } };
    expect(takes(both, { path: '/a?r&q=1' })).toBe(true);
    expect(takes(both, { path: '/a?q=1' })).toBe(false);
  });

  it('present is everything', () => {
    expect(matchesText({ kind: 'present' }, '')).toBe(true);
  });
});
