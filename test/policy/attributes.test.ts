import { describe, expect, it } from 'vitest';
import { valuesOf, withoutQuery } from '../../policy/attributes.ts';
import type { RequestFacts } from '../../model/request-facts.ts';

const connection = {
  sourceIp: '10.0.0.1',
  destinationIp: '10.0.0.2',
  destinationPort: 80,
  sni: null,
  mtls: true,
};
const principals = (more: Pick<RequestFacts['connection'], 'principal' | 'otherPrincipals'>) =>
  valuesOf(
    { attribute: 'source.principal', header: null },
    { connection: { ...connection, ...more }, http: null },
  );

describe('the principal of a connection', () => {
  it('is absent without a certificate', () => {
    expect(principals({ principal: null })).toEqual([]);
  });

  it('is every SPIFFE id of the certificate, each compared by itself', () => {
    expect(principals({ principal: 'td/ns/a/sa/b', otherPrincipals: ['td/ns/c/sa/d'] })).toEqual([
      'td/ns/a/sa/b',
      'td/ns/c/sa/d',
    ]);
  });
});

describe('the scheme of a request', () => {
  const scheme = (headers: [string, string][], mtls: boolean, said?: string) => {
    const http = { protocol: 'http1', method: 'GET', path: '/', rawPath: '/', host: 'h', headers } as const;
    return valuesOf(
      { attribute: 'request.headers', header: ':scheme' },
      {
        connection: { ...connection, mtls, principal: null },
        http: said === undefined ? http : { ...http, scheme: said },
      },
    );
  };

  it('is what the client said, else X-Forwarded-Proto where that is one, else the connection’s', () => {
    expect(scheme([['x-forwarded-proto', 'http']], true, 'ftp')).toEqual(['ftp']);
    expect(scheme([['x-forwarded-proto', 'HTTPS']], false)).toEqual(['https']);
    expect(scheme([['x-forwarded-proto', 'ftp']], true)).toEqual(['https']);
    expect(scheme([], false)).toEqual(['http']);
  });
});

it('has no metadata of filters that write none', () => {
  const facts = { connection: { ...connection, principal: null }, http: null };
  expect(valuesOf({ attribute: 'filter.metadata', header: null }, facts)).toEqual([]);
});

describe('the address at a gateway', () => {
  it('is the gateway’s own reckoning, not the header', () => {
    const headers: [string, string][] = [['x-forwarded-for', '10.1.2.3']];
    const http = { protocol: 'http1', method: 'GET', path: '/', rawPath: '/', host: 'h', headers } as const;
    const at = { ...connection, principal: null, remoteIp: '203.0.113.5' };
    expect(valuesOf({ attribute: 'remote.ip', header: null }, { connection: at, http })).toEqual([
      '203.0.113.5',
    ]);
  });
});

describe('what a clause looks at', () => {
  const http = {
    protocol: 'http1',
    method: 'PUT',
    path: '/a?b=1?2',
    rawPath: '/a?b=1?2',
    host: 'Cart.Shop',
    headers: [
      ['x-role', 'a'],
      ['x-role', 'b'],
      ['x-forwarded-for', '10.7.7.7'],
    ] as [string, string][],
  } as const;
  const at = { ...connection, principal: null, sni: 'cart.shop' };
  const got = (attribute: Parameters<typeof valuesOf>[0]['attribute'], header: string | null = null) => ({
    http: valuesOf({ attribute, header }, { connection: at, http }),
    tcp: valuesOf({ attribute, header }, { connection: { ...at, sni: null }, http: null }),
  });

  it.each([
    ['source.ip', ['10.0.0.1'], ['10.0.0.1']],
    ['remote.ip', ['10.7.7.7'], ['10.0.0.1']],
    ['destination.ip', ['10.0.0.2'], ['10.0.0.2']],
    ['destination.port', ['80'], ['80']],
    ['connection.sni', ['cart.shop'], []],
    ['request.host', ['cart.shop'], []],
    ['request.method', ['PUT'], []],
    ['request.path', ['/a'], []],
    ['source.namespace', [], []],
    ['source.serviceAccount', [], []],
    ['source.trustDomain', [], []],
    ['request.auth.principal', [], []],
    ['request.auth.claims', [], []],
  ] as const)('%s is %j of a request and %j of a connection', (attribute, request, bare) => {
    expect(got(attribute)).toEqual({ http: request, tcp: bare });
  });

  it.each([
    ['x-role', ['a', 'b']],
    ['x-none', []],
    [':authority', ['Cart.Shop']],
    [':method', ['PUT']],
    [':path', ['/a?b=1?2']],
    [':scheme', ['https']],
  ])('request.headers[%s] is %j', (header, values) => {
    expect(got('request.headers', header)).toEqual({ http: values, tcp: [] });
  });

  it('is no path before the query, where the path is empty', () => {
    expect(withoutQuery('?a')).toBe('');
    expect(withoutQuery('/a')).toBe('/a');
  });
});
