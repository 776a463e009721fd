/** SURPRISES 88. */
import { describe, expect, it } from 'vitest';
import { rewritePath, rewritePrefix } from '../../../policy/routes/rewrite-path.ts';
import { decided, forward, object, onlyRoute, REVIEWS, route, told } from '../../support/routing.ts';

function rewritten(rewrite: object, match: object, path: string): string {
  const made = route({ match: [{ uri: match }], rewrite });
  const { path: to } = forward(made);
  if (to === null) throw new Error('no rewrite');
  return rewritePath(made.match, to, path);
}

describe('a rewrite', () => {
  it.each([
    ['/', { prefix: '/api' }, '/api/v1', '//v1'],
    ['/n', { prefix: '/api' }, '/apiary', '/nary'],
    ['/n', { prefix: '/api' }, '/api?x=/y', '/n?x=/y'],
    ['/n', { exact: '/api' }, '/api?x', '/n?x'],
    ['/n', { regex: '/a.*' }, '/abc?x', '/n?x'],
    ['/n?f=1', { prefix: '/api' }, '/api?a=b', '/n?f=1?a=b'],
  ])('to %s of %j makes of %s: %s', (uri, match, path, wanted) => {
    expect(rewritten({ uri }, match, path)).toBe(wanted);
  });

  it('by an expression leaves the query alone', () => {
    const regex = { uriRegexRewrite: { match: '/(\\w+)/v', rewrite: '/\\1x/' } };
    expect(rewritten(regex, { prefix: '/' }, '/api/v1?q=/api/v')).toBe('/apix/1?q=/api/v');
    expect(rewritten(regex, { prefix: '/' }, '/nothing')).toBe('/nothing');
  });

  it('of segments replaces just them', () => {
    const match = { ...route({}).match, path: { kind: 'segments' as const, value: '/api' } };
    expect(rewritePrefix(match, '/n', '/api/v1?x')).toBe('/n/v1?x');
  });
});

describe('the Gateway API’s replacement of a prefix', () => {
  const path = (type: string, value: string, replacePrefixMatch: string, requested: string) => {
    const compiled = told([
      object('HTTPRoute', {
        parentRefs: [{ group: '', kind: 'Service', name: 'reviews' }],
        rules: [
          {
            matches: [{ path: { type, value } }],
            filters: [
              {
                type: 'URLRewrite',
                urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch } },
              },
            ],
            backendRefs: [{ name: 'ratings', port: 80 }],
          },
        ],
      }),
    ]);
    const made = onlyRoute(compiled, REVIEWS);
    const { path: to } = forward(made);
    if (to === null || decided(compiled, { path: requested })?.kind !== 'forward')
      throw new Error('not taken');
    return rewritePath(made.match, to, requested);
  };

  it.each([
    ['/api', '/new', '/api/v1?q', '/new/v1?q'],
    ['/api', '/new', '/api', '/new'],
    ['/api', '/', '/api/v1?q', '/v1?q'],
    ['/api', '/', '/api', '/'],
    ['/api', '/', '/api/', '/'],
    ['/a.b+', '/', '/a.b+/c', '/c'],
    ['/', '/new', '/apix', '/newapix'],
    ['/', '/', '/apix', '/apix'],
  ])('%s by %s in %s: %s', (value, replacement, requested, wanted) => {
    expect(path('PathPrefix', value, replacement, requested)).toBe(wanted);
  });
});
