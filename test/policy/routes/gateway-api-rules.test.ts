/** HTTPRoute and GRPCRoute rules, as istiod turns them into routes of a VirtualService. */
import { describe, expect, it } from 'vitest';
import { grpcRouteObjectSchema, httpRouteObjectSchema } from '../../../model/istio/gateway-api-routes.ts';
import type { HttpRouteSpec } from '../../../model/istio/virtual-service.ts';
import { anyRequest } from '../../../policy/routes/any-request.ts';
import { grpcRules, httpRules } from '../../../policy/routes/gateway-api-rules.ts';

const AT = { namespace: 'shop', name: 'r', index: 3 };
const BACKEND = { name: 'reviews', port: 80 };

function http(rule: object): HttpRouteSpec[] {
  const [only] = httpRouteObjectSchema.parse({ rules: [rule] }).rules;
  return only === undefined ? [] : httpRules(only, AT);
}
function grpc(rule: object): HttpRouteSpec[] {
  const [only] = grpcRouteObjectSchema.parse({ rules: [rule] }).rules;
  return only === undefined ? [] : grpcRules(only, AT);
}
function first(rule: object): HttpRouteSpec {
  const [route] = http({ backendRefs: [BACKEND], ...rule });
  if (route === undefined) throw new Error('no route');
  return route;
}
const toReviews = {
  destination: { host: 'reviews.shop.svc.cluster.local', subset: '', port: { number: 80 } },
  weight: 1,
  headers: { request: undefined, response: undefined },
};

describe('a rule', () => {
  it('without matches is one route for every path', () => {
    expect(http({ backendRefs: [BACKEND] })).toEqual([
      {
        name: 'shop.r.3',
        match: [{ ...anyRequest(), uri: { prefix: '/' } }],
        route: [toReviews],
        mirrors: [],
        headers: { request: undefined, response: undefined },
      },
    ]);
    expect(grpc({ backendRefs: [BACKEND] })).toEqual([
      {
        name: 'shop.r.3',
        match: [],
        route: [toReviews],
        mirrors: [],
        headers: { request: undefined, response: undefined },
      },
    ]);
  });

  it('has a name of its own, or its object’s with its number', () => {
    expect(first({ name: 'own' }).name).toBe('own');
    expect(first({}).name).toBe('shop.r.3');
  });

  it('is a route a match', () => {
    const matches = [{ path: { value: '/a' } }, { path: { value: '/b' } }];
    expect(http({ matches, backendRefs: [BACKEND] }).map(({ match }) => match[0]?.uri)).toEqual([
      { prefix: '/a' },
      { prefix: '/b' },
    ]);
  });
});

describe('a match', () => {
  const match = (one: object) => first({ matches: [one] }).match[0];

  it.each([
    [{ type: 'Exact', value: '/a/' }, { exact: '/a/' }],
    [{ type: 'PathPrefix', value: '/a/' }, { prefix: '/a' }],
    [{ type: 'PathPrefix', value: '/a//' }, { prefix: '/a/' }],
    [{ type: 'PathPrefix', value: '/' }, { prefix: '/' }],
    [{ type: 'RegularExpression', value: '/a.*/' }, { regex: '/a.*/' }],
  ])('of the path %j is %j', (path, uri) => {
    expect(match({ path })?.uri).toEqual(uri);
  });

  it('has methods exactly, headers and parameters as they are written', () => {
    const named = [
      { name: 'x', value: 'a' },
      { name: 'y', type: 'RegularExpression', value: 'b.*' },
    ];
    const wanted = { x: { exact: 'a' }, y: { regex: 'b.*' } };
    expect(match({ method: 'GET', headers: named, queryParams: named })).toEqual({
      ...anyRequest(),
      uri: { prefix: '/' },
      method: { exact: 'GET' },
      headers: wanted,
      queryParams: wanted,
    });
    expect(match({})).not.toHaveProperty('method');
  });

  it.each([
    [{ service: 'a.B', method: 'C' }, { exact: '/a.B/C' }],
    [{ service: 'a.B' }, { prefix: '/a.B/' }],
    [{ method: 'C' }, { regex: '/[^/]+/C' }],
    [{}, { regex: '/[^/]+/.+' }],
    [{ type: 'RegularExpression', service: 'a.*', method: 'C.*' }, { regex: '/a.*/C.*' }],
    [{ type: 'RegularExpression', service: 'a.*' }, { regex: '/a.*/.+' }],
    [{ type: 'RegularExpression', method: 'C.*' }, { regex: '/[^/]+/C.*' }],
  ])('of the gRPC method %j is %j', (method, uri) => {
    expect(grpc({ matches: [{ method }] })[0]?.match[0]?.uri).toEqual(uri);
  });

  it('of gRPC headers alone has no path', () => {
    const [route] = grpc({ matches: [{ headers: [{ name: 'x', value: 'a' }] }] });
    expect(route?.match).toEqual([{ ...anyRequest(), headers: { x: { exact: 'a' } } }]);
    expect(route?.match[0]).not.toHaveProperty('uri');
  });
});

describe('backends', () => {
  const hosts = (...backendRefs: object[]) =>
    first({ backendRefs }).route.map(({ destination, weight }) => [destination.host, weight]);

  it('are Services of the route’s namespace or another, and those without weight are none', () => {
    expect(
      hosts(
        { name: 'a', port: 80, weight: 3 },
        { name: 'b', namespace: 'billing', port: 80, weight: 0 },
        { name: 'c', namespace: 'billing', port: 80 },
      ),
    ).toEqual([
      ['a.shop.svc.cluster.local', 3],
      ['c.billing.svc.cluster.local', 1],
    ]);
  });

  it('may be host names, and of another kind they are nobody', () => {
    const istio = 'networking.istio.io';
    expect(hosts({ group: istio, kind: 'Hostname', name: 'a.example' })).toEqual([['a.example', 1]]);
    expect(hosts({ group: '', kind: 'Hostname', name: 'a.example' })).toEqual([['', 1]]);
    expect(hosts({ group: istio, kind: 'Service', name: 'a' })).toEqual([['', 1]]);
    expect(hosts({ group: istio, kind: 'ServiceEntry', name: 'a' })).toEqual([['', 1]]);
  });

  it('keep the connection’s port where they name none', () => {
    expect(first({ backendRefs: [{ name: 'a' }] }).route[0]?.destination).toEqual({
      host: 'a.shop.svc.cluster.local',
      subset: '',
    });
  });

  it('that are none, or without weight, answer 500', () => {
    for (const backendRefs of [[], [{ ...BACKEND, weight: 0 }]]) {
      const route = first({ backendRefs });
      expect(route.route).toEqual([]);
      expect(route.directResponse).toEqual({ status: 500 });
    }
    expect(first({})).not.toHaveProperty('directResponse');
    const redirected = first({
      backendRefs: [],
      filters: [{ type: 'RequestRedirect', requestRedirect: {} }],
    });
    expect(redirected).not.toHaveProperty('directResponse');
  });

  it('have header operations of their own', () => {
    const filters = [
      { type: 'RequestHeaderModifier', requestHeaderModifier: { add: [{ name: 'X', value: '1' }] } },
      { type: 'ResponseHeaderModifier', responseHeaderModifier: { remove: ['y'] } },
    ];
    expect(first({ backendRefs: [{ ...BACKEND, filters }] }).route[0]?.headers).toEqual({
      request: { set: {}, add: { x: '1' }, remove: [] },
      response: { set: {}, add: {}, remove: ['y'] },
    });
  });
});

describe('header modifiers', () => {
  it('have names in lower case, the first of several with one name, and the last filter of a kind', () => {
    const set = [
      { name: 'X-A', value: '1' },
      { name: 'x-a', value: '2' },
    ];
    const filters = [
      { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'gone', value: '1' }] } },
      { type: 'RequestHeaderModifier', requestHeaderModifier: { set, remove: ['z'] } },
      { type: 'ResponseHeaderModifier', responseHeaderModifier: { add: [{ name: 'Y', value: '3' }] } },
    ];
    expect(first({ filters }).headers).toEqual({
      request: { set: { 'x-a': '1' }, add: {}, remove: ['z'] },
      response: { set: {}, add: { y: '3' }, remove: [] },
    });
  });
});

describe('a redirect', () => {
  const redirect = (requestRedirect: object) =>
    first({ filters: [{ type: 'RequestRedirect', requestRedirect }] }).redirect;

  it('keeps the port of the request, unless it names a scheme', () => {
    expect(redirect({})).toEqual({ redirectCode: 302, derivePort: 'FROM_REQUEST_PORT' });
    expect(redirect({ scheme: 'https' })).toEqual({
      redirectCode: 302,
      scheme: 'https',
      derivePort: 'FROM_PROTOCOL_DEFAULT',
    });
    expect(redirect({ scheme: 'https', port: 8_443, hostname: 'a.example', statusCode: 301 })).toEqual({
      redirectCode: 301,
      scheme: 'https',
      port: 8_443,
      authority: 'a.example',
    });
  });

  it('replaces a path or its prefix', () => {
    expect(redirect({ path: { type: 'ReplaceFullPath', replaceFullPath: '/n' } })).toMatchObject({
      uri: '/n',
    });
    expect(redirect({ path: { type: 'ReplaceFullPath' } })).toMatchObject({ uri: '' });
    const prefix = redirect({ path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/n' } });
    expect(prefix).toMatchObject({ prefixRewrite: '/n' });
    expect(prefix).not.toHaveProperty('uri');
    expect(redirect({ path: { type: 'ReplacePrefixMatch' } })).toMatchObject({ prefixRewrite: '' });
  });

  it('may stand behind other filters', () => {
    const filters = [
      { type: 'RequestHeaderModifier' },
      { type: 'RequestRedirect', requestRedirect: { port: 99 } },
    ];
    expect(first({ filters }).redirect).toMatchObject({ port: 99 });
  });

  it('is none of a route without the filter', () => {
    expect(first({ filters: [{ type: 'URLRewrite', urlRewrite: { hostname: 'a' } }] })).not.toHaveProperty(
      'redirect',
    );
  });
});

describe('a rewrite', () => {
  const rewrite = (urlRewrite: object) => first({ filters: [{ type: 'URLRewrite', urlRewrite }] }).rewrite;

  it.each([
    [{ hostname: 'a.example' }, { authority: 'a.example' }],
    [{ path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/n/' } }, { uri: '/n' }],
    [{ path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } }, { uri: '/' }],
    [{ path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '' } }, { uri: '/' }],
    [{ path: { type: 'ReplacePrefixMatch' } }, { uri: '/' }],
    [
      { path: { type: 'ReplaceFullPath', replaceFullPath: '/n/' } },
      { uriRegexRewrite: { match: '/.*', rewrite: '/n/' } },
    ],
    [{ path: { type: 'ReplaceFullPath' } }, { uriRegexRewrite: { match: '/.*', rewrite: '' } }],
    [
      { hostname: 'a', path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/n' } },
      { authority: 'a', uri: '/n' },
    ],
  ])('of %j is %j', (written, wanted) => {
    expect(rewrite(written)).toEqual(wanted);
  });

  it('of nothing is none', () => {
    expect(first({ filters: [{ type: 'URLRewrite', urlRewrite: {} }] })).not.toHaveProperty('rewrite');
    expect(first({ filters: [{ type: 'URLRewrite', urlRewrite: { hostname: '' } }] })).not.toHaveProperty(
      'rewrite',
    );
    expect(first({})).not.toHaveProperty('rewrite');
  });
});

describe('mirrors', () => {
  const mirrors = (...mirrored: object[]) =>
    first({
      filters: mirrored.map((more) => ({
        type: 'RequestMirror',
        requestMirror: { backendRef: { name: 'm', port: 81 }, ...more },
      })),
    }).mirrors;
  const destination = { host: 'm.shop.svc.cluster.local', subset: '', port: { number: 81 } };

  it('get all, a percentage, or a fraction', () => {
    expect(mirrors({}, { percent: 7 }, { fraction: { numerator: 3, denominator: 8 } })).toEqual([
      { destination },
      { destination, percentage: { value: 7 } },
      { destination, percentage: { value: 37.5 } },
    ]);
  });

  it('are none of other filters, and of a filter that names nobody', () => {
    expect(first({ filters: [{ type: 'RequestMirror' }] }).mirrors).toEqual([]);
    expect(
      first({ filters: [{ type: 'URLRewrite', requestMirror: { backendRef: { name: 'm' } } }] }).mirrors,
    ).toEqual([]);
  });
});

describe('timeouts and retries', () => {
  const timing = (rule: object) => {
    const { timeout, retries } = first(rule);
    return { timeout, retries };
  };
  const conditions = 'connect-failure,refused-stream,unavailable,cancelled';

  it('without retries are the backend’s time, else the request’s', () => {
    expect(timing({})).toEqual({});
    expect(timing({ timeouts: { request: '5s' } })).toEqual({ timeout: '5s' });
    expect(timing({ timeouts: { request: '5s', backendRequest: '2s' } })).toEqual({ timeout: '2s' });
    expect(timing({ timeouts: { request: '0s', backendRequest: '0s' } })).toEqual({});
    expect(first({ timeouts: { request: '0s' } })).not.toHaveProperty('timeout');
    expect(first({})).not.toHaveProperty('retries');
  });

  it('with retries are the request’s, and the backend’s for each try', () => {
    expect(timing({ timeouts: { request: '5s', backendRequest: '2s' }, retry: {} })).toEqual({
      timeout: '5s',
      retries: { attempts: 2, retryOn: conditions, perTryTimeout: '2s' },
    });
    expect(
      timing({
        timeouts: { backendRequest: '2s' },
        retry: { attempts: 4, codes: [503, 429], backoff: '1s' },
      }),
    ).toEqual({
      retries: { attempts: 4, retryOn: `${conditions},503,429`, backoff: '1s', perTryTimeout: '2s' },
    });
    expect(timing({ retry: { attempts: 0 } })).toEqual({ retries: { attempts: 0, retryOn: '' } });
    expect(first({ retry: {} }).retries).not.toHaveProperty('backoff');
    expect(first({ retry: {} }).retries).not.toHaveProperty('perTryTimeout');
  });
});
