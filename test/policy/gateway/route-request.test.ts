import { describe, expect, it } from 'vitest';
import { virtualServiceSchema } from '../../../model/istio/virtual-service.ts';
import type { PolicyObject } from '../../../model/policy-object.ts';
import type { HeaderList, HttpFacts } from '../../../model/request-facts.ts';
import { readGatewayPort } from '../../../policy/gateway/read-gateway.ts';
import { routeAtGateway } from '../../../policy/gateway/route-request.ts';
import { virtualHosts, type VirtualHost } from '../../../policy/gateway/virtual-hosts.ts';
import type { Route } from '../../../policy/routes/compiled-routes.ts';

/** The routes of one VirtualService, each of its matches a route. */
function routes(...http: object[]): Route[] {
  const spec = virtualServiceSchema.parse({ hosts: ['*'], gateways: ['a/b'], http });
  const server = { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] };
  const objects = [object('Gateway', { servers: [server] }), object('VirtualService', spec)];
  const at = readGatewayPort(objects, { namespace: 'a', labels: {} }, 80);
  if (typeof at === 'string') throw new Error(at);
  return virtualHosts(at, at.http).flatMap((one) => one.routes);
}

function object(kind: string, spec: unknown): PolicyObject {
  const metadata = { name: 'b', namespace: 'a', annotations: {}, labels: {} };
  const at = { file: 'p.yaml', line: 1, column: 1 };
  return { apiVersion: 'networking.istio.io/v1', kind, metadata, spec, at, positions: {} };
}

function host(domain: string, own: Route[], httpsOnly = false): VirtualHost {
  return { domain, routes: own, httpsOnly };
}

function request(more: Partial<HttpFacts> = {}): HttpFacts {
  return {
    protocol: 'http1',
    method: 'GET',
    path: '/a?b=c',
    rawPath: '/a?b=c',
    host: 'shop.example:8080',
    headers: [],
    ...more,
  };
}

const to = { route: [{ destination: { host: 'echo' } }] };

function decided(http: object[], more: Partial<HttpFacts> = {}) {
  const outcome = routeAtGateway([host('*', routes(...http))], request(more));
  if (outcome.kind === 'routed') return 'routed';
  const { decision, headers } = outcome;
  return {
    reason: decision.reason,
    status: decision.status,
    body: decision.body,
    details: decision.details,
    headers,
  };
}

describe('a request without a route', () => {
  it('is answered 404: no virtual host has its name', () => {
    expect(routeAtGateway([host('other.example', routes(to))], request())).toEqual({
      kind: 'answered',
      decision: {
        verdict: 'deny',
        phase: 'route',
        reason: 'no-virtual-host',
        matched: null,
        status: 404,
        body: '',
        details: 'route_not_found',
      },
      headers: [],
    });
  });

  it('is answered 404: no route of its host takes it', () => {
    expect(decided([{ match: [{ uri: { exact: '/b' } }], ...to }])).toMatchObject({
      reason: 'no-route',
      status: 404,
    });
  });

  it('is answered 200 to gRPC, as all that gRPC answers', () => {
    const other = [{ match: [{ uri: { exact: '/b' } }], ...to }];
    expect(decided(other, { protocol: 'grpc' })).toMatchObject({ reason: 'no-route', status: 200, body: '' });
    expect(
      decided([{ directResponse: { status: 503, body: { string: 'x' } } }], { protocol: 'grpc' }),
    ).toMatchObject({
      status: 200,
      body: '',
    });
  });
});

describe('a match', () => {
  const taken = (match: object, more: Partial<HttpFacts> = {}) =>
    decided([{ match: [match], ...to }], more) === 'routed';
  const headers: HeaderList = [
    ['x-role', 'guest'],
    ['x-role', 'admin'],
  ];

  it.each([
    ['another path', { uri: { exact: '/A' } }],
    ['a path that it ends with', { uri: { prefix: 'a' } }],
    ['the path with its query', { uri: { exact: '/a?b=c' } }],
    ['another path in any case', { uri: { exact: '/B' }, ignoreUriCase: true }],
    ['another method', { method: { exact: 'PUT' } }],
    ['another authority', { authority: { exact: 'shop.example' } }],
    ['a header that is not there', { headers: { 'x-none': {} } }],
    ['another value of a header', { headers: { 'x-role': { exact: 'root' } } }],
    ['another start of a header', { headers: { 'x-role': { prefix: 'uest' } } }],
    ['one header of two', { headers: { 'x-role': {}, 'x-none': {} } }],
    ['a header that must not be there', { withoutHeaders: { 'x-role': {} } }],
    ['one value that must not be there', { withoutHeaders: { 'x-none': {}, 'X-Role': { exact: 'admin' } } }],
    ['the right path and another method', { uri: { exact: '/a' }, method: { exact: 'PUT' } }],
  ])('of %s takes nothing', (_, match) => {
    expect(taken(match, { headers })).toBe(false);
  });

  it.each([
    ['the path', { uri: { exact: '/a' } }],
    ['a start of the path', { uri: { prefix: '/' } }],
    ['the path in any case', { uri: { exact: '/A' }, ignoreUriCase: true }],
    ['a start in any case', { uri: { prefix: '/A' }, ignoreUriCase: true }],
    ['the method', { method: { prefix: 'G' } }],
    ['the authority, with its port', { authority: { exact: 'shop.example:8080' } }],
    ['any value of a header, its name in any case', { headers: { 'X-Role': { exact: 'admin' } } }],
    ['a header that is there', { headers: { 'x-role': {} } }],
    ['a header that is not there', { withoutHeaders: { 'x-none': {}, 'x-role': { exact: 'root' } } }],
  ])('of %s takes the request', (_, match) => {
    expect(taken(match, { headers })).toBe(true);
  });

  it('decides in the order written, and by the host whose name is nearest', () => {
    const first = [
      { match: [{ uri: { prefix: '/a' } }], directResponse: { status: 201 } },
      { directResponse: { status: 202 } },
    ];
    expect(decided(first)).toMatchObject({ status: 201 });
    expect(decided(first, { path: '/b' })).toMatchObject({ status: 202 });
    const hosts = [host('*', routes({ directResponse: { status: 203 } })), host('shop.example', routes(to))];
    expect(routeAtGateway(hosts, request()).kind).toBe('routed');
  });
});

describe('an answer in the application’s place', () => {
  it('sends to https what did not come by it, path and query kept', () => {
    const only = [host('*', routes(to), true)];
    expect(routeAtGateway(only, request())).toMatchObject({
      decision: { reason: 'https-redirect', status: 301, details: 'direct_response' },
      headers: [['location', 'https://shop.example:8080/a?b=c']],
    });
    const came: HeaderList = [['x-forwarded-proto', 'https']];
    expect(routeAtGateway(only, request({ headers: came })).kind).toBe('routed');
  });

  it('is a route’s own response', () => {
    expect(decided([{ directResponse: { status: 418, body: { string: 'short' } } }])).toEqual({
      reason: 'route-response',
      status: 418,
      body: 'short',
      details: 'direct_response',
      headers: [],
    });
    expect(decided([{ directResponse: { status: 204 } }])).toMatchObject({ status: 204, body: '' });
  });

  it.each([
    [{ uri: '/new' }, 'http://shop.example:8080/new?b=c'],
    [{ authority: 'other.example' }, 'http://other.example/a?b=c'],
    [{ port: 9090 }, 'http://shop.example:9090/a?b=c'],
    [{ authority: 'other.example', port: 2 }, 'http://other.example:2/a?b=c'],
    [{ scheme: 'https' }, 'https://shop.example:8080/a?b=c'],
  ])('is a redirect by %j to %s', (redirect, location) => {
    expect(decided([{ redirect }])).toEqual({
      reason: 'route-redirect',
      status: 301,
      body: '',
      details: 'direct_response',
      headers: [['location', location]],
    });
  });

  it('redirects with the status that is written, by the scheme that the request came by', () => {
    const headers: HeaderList = [['x-forwarded-proto', 'https']];
    expect(decided([{ redirect: { uri: '/n', redirectCode: 308 } }], { path: '/a', headers })).toMatchObject({
      status: 308,
      headers: [['location', 'https://shop.example:8080/n']],
    });
  });
});

describe('a CORS policy', () => {
  const cors = {
    allowOrigins: [{ exact: 'https://a.example' }, { prefix: 'https://b.' }],
    allowMethods: ['GET', 'PUT'],
    allowHeaders: ['x-a', 'x-b'],
    exposeHeaders: ['x-c'],
    maxAge: '24s',
    allowCredentials: true,
  };
  const preflight = (origin: string, more: HeaderList = [['access-control-request-method', 'PUT']]) => ({
    method: 'OPTIONS',
    headers: [['origin', origin] as [string, string], ...more],
  });

  it('answers the preflight of an allowed origin', () => {
    expect(decided([{ corsPolicy: cors, ...to }], preflight('https://b.example'))).toEqual({
      reason: 'cors-preflight',
      status: 200,
      body: '',
      details: 'cors_response',
      headers: [
        ['access-control-allow-origin', 'https://b.example'],
        ['access-control-allow-credentials', 'true'],
        ['access-control-allow-methods', 'GET,PUT'],
        ['access-control-allow-headers', 'x-a,x-b'],
        ['access-control-max-age', '24'],
        ['access-control-expose-headers', 'x-c'],
      ],
    });
    expect(
      decided([{ corsPolicy: { allowOrigins: [{ exact: 'x' }] }, ...to }], preflight('x')),
    ).toMatchObject({
      headers: [['access-control-allow-origin', 'x']],
    });
  });

  it.each([
    ['of another origin', preflight('https://c.example')],
    ['without an origin', preflight('')],
    ['without the method asked for', preflight('https://a.example', [])],
    ['with an empty one', preflight('https://a.example', [['access-control-request-method', '']])],
    ['of another method', { ...preflight('https://a.example'), method: 'GET' }],
  ])('hands on what is no preflight of its own: one %s', (_, more) => {
    expect(decided([{ corsPolicy: cors, ...to }], more)).toBe('routed');
  });

  it('answers the preflight of any other origin without naming it, where it is told to', () => {
    const ignoring = { ...cors, unmatchedPreflights: 'IGNORE' };
    expect(decided([{ corsPolicy: ignoring, ...to }], preflight('https://c.example'))).toMatchObject({
      reason: 'cors-preflight',
      headers: [
        ['access-control-allow-credentials', 'true'],
        ['access-control-allow-methods', 'GET,PUT'],
        ['access-control-allow-headers', 'x-a,x-b'],
        ['access-control-max-age', '24'],
      ],
    });
  });
});

describe('a request that goes on', () => {
  it('goes as its route rewrites it', () => {
    const rewritten = routes({
      match: [{ uri: { prefix: '/a' } }],
      rewrite: { uri: '/new', authority: 'inner.example' },
      headers: { request: { set: { 'x-a': '1' } } },
      ...to,
    });
    expect(routeAtGateway([host('*', rewritten)], request())).toMatchObject({
      kind: 'routed',
      upstream: { path: '/new?b=c', host: 'inner.example', headers: expect.arrayContaining([['x-a', '1']]) },
    });
  });

  it('goes nowhere where a fault aborts all of them', () => {
    const abort = (value: number) => ({
      fault: { abort: { httpStatus: 418, percentage: { value } } },
      ...to,
    });
    expect(decided([abort(100)])).toMatchObject({
      reason: 'fault-abort',
      status: 418,
      body: 'fault filter abort',
    });
    expect(decided([abort(50)])).toBe('routed');
  });
});

describe('a response of the route’s own', () => {
  const response = (status: number) => decided([{ directResponse: { status, body: { string: 'hello' } } }]);

  it.each([200, 202, 299, 400, 404])('with %i names no other place', (status) => {
    expect(response(status)).toMatchObject({ reason: 'route-response', status, body: 'hello', headers: [] });
  });

  it.each([201, 300, 302, 399])('with %i names the place that was asked for', (status) => {
    const location = 'http://shop.example:8080/a?b=c';
    expect(response(status)).toMatchObject({ status, headers: [['location', location]] });
  });
});

describe('an aborted request', () => {
  const aborted = (abort: object, more: Partial<HttpFacts> = {}) =>
    decided([{ fault: { abort: { ...abort, percentage: { value: 100 } } }, ...to }], more);

  it('has the status that is named, and what the fault filter writes', () => {
    expect(aborted({ httpStatus: 418 })).toEqual({
      reason: 'fault-abort',
      status: 418,
      body: 'fault filter abort',
      details: 'fault_filter_abort',
      headers: [],
    });
  });

  it('with a gRPC status is answered 200', () => {
    expect(aborted({ grpcStatus: 'UNAVAILABLE' })).toMatchObject({ reason: 'fault-abort', status: 200 });
  });
});
