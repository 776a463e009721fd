/** SURPRISES 90 and what Envoy does with ports. */
import { describe, expect, it } from 'vitest';
import type { HttpRedirectSpec } from '../../../model/istio/virtual-service.ts';
import type { RoutedRequest } from '../../../policy/routes/route-decision.ts';
import { ownLocation, redirectLocation } from '../../../policy/routes/redirect-location.ts';
import { translateRedirect } from '../../../policy/routes/translate-redirect.ts';
import { asked, route } from '../../support/routing.ts';

const HTTPS: RoutedRequest['headers'] = [['x-forwarded-proto', 'https']];

function location(
  redirect: HttpRedirectSpec,
  request: Partial<RoutedRequest> = {},
  match: object = { prefix: '/api' },
): string {
  const made = route({ match: [{ uri: match }] });
  return redirectLocation(
    made,
    translateRedirect(redirect, 8_081),
    asked({ path: '/api/v1?q=1', ...request }),
  );
}

describe('a location', () => {
  it('is the request’s own where nothing is named', () => {
    expect(location({})).toBe('http://reviews/api/v1?q=1');
    expect(location({}, { host: 'reviews:8081' })).toBe('http://reviews:8081/api/v1?q=1');
    expect(location({}, { headers: HTTPS })).toBe('https://reviews/api/v1?q=1');
    expect(location({}, { headers: [['x-forwarded-proto', 'ftp']] })).toBe('http://reviews/api/v1?q=1');
    expect(ownLocation(route({}), asked({ host: 'a:80', path: '/x?y', headers: HTTPS }))).toBe(
      'https://a:80/x?y',
    );
  });

  it('keeps the query, unless the new path has one', () => {
    expect(location({ uri: '/new' })).toBe('http://reviews/new?q=1');
    expect(location({ uri: '/new?r=2' })).toBe('http://reviews/new?r=2');
    expect(location({ uri: '/new' }, { path: '/api' })).toBe('http://reviews/new');
  });

  it('has a prefix replaced', () => {
    expect(location({ prefixRewrite: '/new' })).toBe('http://reviews/new/v1?q=1');
    expect(location({ prefixRewrite: '/new', uri: '/not' })).toBe('http://reviews/new/v1?q=1');
  });

  it('goes to another host, without the port of the old', () => {
    expect(location({ authority: 'a.example' }, { host: 'reviews:8081' })).toBe(
      'http://a.example/api/v1?q=1',
    );
    expect(location({ authority: 'a.example:99' })).toBe('http://a.example:99/api/v1?q=1');
  });

  it('goes to another scheme, and leaves the port of the old one', () => {
    const https = (host: string, headers: RoutedRequest['headers'] = []) =>
      location({ scheme: 'https' }, { host, headers, path: '/' });
    expect(https('a:80')).toBe('https://a/');
    expect(https('a:8080')).toBe('https://a:8080/');
    expect(https('a:443')).toBe('https://a:443/');
    expect(https('a:80', HTTPS)).toBe('https://a:80/');
    expect(location({ scheme: 'http' }, { host: 'a:443', headers: HTTPS, path: '/' })).toBe('http://a/');
    expect(location({ scheme: 'http' }, { host: 'a:80', headers: HTTPS, path: '/' })).toBe('http://a:80/');
  });

  it('goes to another port', () => {
    expect(location({ port: 99 }, { host: 'a:80', path: '/' })).toBe('http://a:99/');
    expect(location({ port: 99 }, { host: 'a', path: '/' })).toBe('http://a:99/');
    expect(location({ port: 99, authority: 'b' }, { path: '/' })).toBe('http://b:99/');
  });

  it('takes the end of an address in brackets for no port', () => {
    expect(location({ port: 99 }, { host: '[::1]', path: '/' })).toBe('http://[::1]:99/');
    expect(location({ port: 99 }, { host: '[::1]:80', path: '/' })).toBe('http://[::1]:99/');
  });
});

describe('a redirect’s own fields', () => {
  it('are 301 and nothing else, unless written', () => {
    expect(translateRedirect({}, 80)).toEqual({
      kind: 'redirect',
      status: 301,
      host: null,
      scheme: null,
      port: null,
      path: null,
    });
    expect(
      translateRedirect({ redirectCode: 0, authority: '', scheme: '', uri: '', prefixRewrite: '' }, 80),
    ).toEqual(translateRedirect({}, 80));
    expect(
      translateRedirect({ redirectCode: 308, authority: 'a', scheme: 'https', uri: '/b', port: 99 }, 80),
    ).toEqual({
      kind: 'redirect',
      status: 308,
      host: 'a',
      scheme: 'https',
      port: 99,
      path: { kind: 'replace', value: '/b' },
    });
    expect(translateRedirect({ prefixRewrite: '/p', uri: '/b' }, 80).path).toEqual({
      kind: 'prefix',
      value: '/p',
    });
  });

  it.each([
    [{ port: 80 }, 81, null],
    [{ port: 443 }, 81, 443],
    [{ port: 80, scheme: 'https' }, 81, 80],
    [{ port: 443, scheme: 'https' }, 81, null],
    [{ port: 443, scheme: 'http' }, 81, 443],
    [{ derivePort: 'FROM_REQUEST_PORT' as const }, 81, 81],
    [{ derivePort: 'FROM_REQUEST_PORT' as const }, 80, null],
    [{ derivePort: 'FROM_REQUEST_PORT' as const, scheme: 'https' }, 80, 80],
    [{ derivePort: 'FROM_REQUEST_PORT' as const, scheme: 'https' }, 443, null],
    [{ derivePort: 'FROM_REQUEST_PORT' as const, port: 99 }, 81, 99],
    [{ derivePort: 'FROM_PROTOCOL_DEFAULT' as const }, 81, null],
  ])('of %j at port %d have the port %j', (spec, at, port) => {
    expect(translateRedirect(spec, at).port).toBe(port);
  });
});
