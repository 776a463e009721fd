/** A VirtualService's route as its clients' sidecars are told of it. */
import { describe, expect, it } from 'vitest';
import {
  ISTIO_RETRIES,
  CART,
  forward,
  object,
  onlyRoute,
  RATINGS,
  REVIEWS,
  route,
  routesOf,
  told,
} from '../../support/routing.ts';

const NOTHING = { remove: [], change: [] };

describe('a route', () => {
  it('is whole', () => {
    expect(route({})).toEqual({
      name: '',
      source: expect.objectContaining({ kind: 'VirtualService', namespace: 'shop', name: 'one', index: 0 }),
      match: { path: { kind: 'prefix', value: '/' }, ignoreCase: false, headers: [], query: [] },
      operation: `${RATINGS}:80/*`,
      requestHeaders: NOTHING,
      responseHeaders: NOTHING,
      fault: null,
      cors: null,
      action: {
        kind: 'forward',
        destinations: [
          {
            cluster: `outbound|80||${RATINGS}`,
            weight: 0,
            requestHeaders: NOTHING,
            responseHeaders: NOTHING,
            host: null,
          },
        ],
        notFoundStatus: 503,
        timeoutMs: 0,
        retry: ISTIO_RETRIES,
        host: null,
        path: null,
        mirrors: [],
        hash: null,
      },
    });
  });

  it('has the names of its route and its match', () => {
    expect(route({ name: 'r', match: [{ name: 'm' }] }).name).toBe('r.m');
    expect(route({ match: [{ name: 'm' }] }).name).toBe('m');
    expect(route({ name: 'r', match: [{}] }).name).toBe('r');
  });

  it.each([
    [{ prefix: '/a' }, '/a*'],
    [{ exact: '/a' }, '/a'],
    [{ regex: '/a.*' }, '/a.*'],
  ])('of %j is called by its destination and %s', (uri, path) => {
    expect(route({ match: [{ uri }] }).operation).toBe(`${RATINGS}:80${path}`);
  });

  it('of several destinations, or of none, is called by its object', () => {
    const two = [
      { destination: { host: 'reviews' }, weight: 1 },
      { destination: { host: 'ratings' }, weight: 1 },
    ];
    expect(route({ route: two }).operation).toBe('one:80/*');
    expect(route({ route: [], directResponse: { status: 200 } }).operation).toBe('one:80/*');
  });

  it('has a timeout, a subset, and a port, as they are written', () => {
    const destination = { host: 'ratings', subset: 'v1', port: { number: 99 } };
    const made = forward(route({ timeout: '1.5s', route: [{ destination }] }));
    expect(made.timeoutMs).toBe(1_500);
    expect(made.destinations[0]?.cluster).toBe(`outbound|99|v1|${RATINGS}`);
  });
});

describe('several destinations', () => {
  const set = (value: string) => ({ request: { set: { x: value, host: `${value}.example` } } });
  const two = [
    { destination: { host: 'reviews' }, weight: 3, headers: set('a') },
    { destination: { host: 'ratings' }, weight: 0, headers: set('b') },
    { destination: { host: CART }, weight: 1 },
  ];

  it('have operations and hosts of their own, and none without weight', () => {
    const made = route({ route: two, headers: { request: { set: { y: '1' } } } });
    expect(forward(made).destinations).toEqual([
      {
        cluster: `outbound|80||${REVIEWS}`,
        weight: 3,
        requestHeaders: { remove: [], change: [{ name: 'x', value: 'a', append: false }] },
        responseHeaders: NOTHING,
        host: 'a.example',
      },
      {
        cluster: `outbound|80||${CART}`,
        weight: 1,
        requestHeaders: NOTHING,
        responseHeaders: NOTHING,
        host: null,
      },
    ]);
    expect(made.requestHeaders.change).toEqual([{ name: 'y', value: '1', append: false }]);
    expect(forward(made).host).toBeNull();
  });

  it('of which one has weight stay a destination with its own', () => {
    const made = route({ route: two.slice(0, 2) });
    expect(forward(made).destinations).toMatchObject([
      { host: 'a.example', requestHeaders: { change: [{ value: 'a' }] } },
    ]);
    expect(made.operation).toBe('one:80/*');
  });

  it('that are one give what is theirs to the route', () => {
    const made = route({
      headers: { request: { add: { y: '1' }, remove: ['r'] }, response: { set: { z: '1' } } },
      route: [
        {
          destination: { host: 'ratings' },
          headers: { request: { set: { x: '2', host: 'n' }, remove: ['q'] }, response: { add: { z: '2' } } },
        },
      ],
    });
    expect(made.requestHeaders).toEqual({
      remove: ['r', 'q'],
      change: [
        { name: 'y', value: '1', append: true },
        { name: 'x', value: '2', append: false },
      ],
    });
    expect(made.responseHeaders.change).toEqual([
      { name: 'z', value: '1', append: false },
      { name: 'z', value: '2', append: true },
    ]);
    expect(forward(made)).toMatchObject({
      host: 'n',
      destinations: [{ requestHeaders: NOTHING, responseHeaders: NOTHING, host: null }],
    });
  });
});

describe('the host', () => {
  it('is the rewrite’s, then the route’s header’s, then the destination’s', () => {
    const headers = (host: string) => ({ request: { set: { host } } });
    const destination = { destination: { host: 'ratings' }, headers: headers('dest') };
    const host = (http: object) => forward(route({ route: [destination], ...http })).host;
    expect(host({})).toBe('dest');
    expect(host({ headers: headers('route') })).toBe('route');
    expect(host({ headers: headers('route'), rewrite: { authority: 'rewrite' } })).toBe('rewrite');
    expect(host({ rewrite: { authority: '', uri: '/a' } })).toBe('dest');
  });
});

describe('mirrors', () => {
  const mirrors = (http: object) => forward(route(http)).mirrors;
  const cluster = `outbound|80||${CART}`;

  it('get all, a percentage, or a part of a percent, and none gets nothing', () => {
    const mirror = { host: CART };
    expect(mirrors({ mirror })).toEqual([{ cluster, millionths: 1_000_000 }]);
    expect(mirrors({ mirror, mirrorPercent: 7 })).toEqual([{ cluster, millionths: 70_000 }]);
    expect(mirrors({ mirror, mirrorPercentage: { value: 0.5 }, mirrorPercent: 7 })).toEqual([
      { cluster, millionths: 5_000 },
    ]);
    expect(mirrors({ mirror, mirrorPercent: 0 })).toEqual([]);
    expect(mirrors({ mirror, mirrorPercentage: {} })).toEqual([]);
  });

  it('may be several', () => {
    const mirror = (host: string, percentage?: object) => ({
      destination: { host },
      ...(percentage && { percentage }),
    });
    expect(
      mirrors({ mirrors: [mirror(CART), mirror('ratings', { value: 50 }), mirror('reviews', { value: 0 })] }),
    ).toEqual([
      { cluster, millionths: 1_000_000 },
      { cluster: `outbound|80||${RATINGS}`, millionths: 500_000 },
    ]);
  });
});

describe('an answer of the sidecar’s own', () => {
  const body = (written?: object) =>
    route({ route: [], directResponse: { status: 418, ...(written && { body: written }) } }).action;

  it('has a text, bytes, or nothing', () => {
    expect(body({ string: '%REQ(x)%' })).toEqual({ kind: 'direct-response', status: 418, body: '%REQ(x)%' });
    expect(body({ bytes: 'AP9h' })).toEqual({ kind: 'direct-response', status: 418, body: '\0ÿa' });
    expect(body({})).toEqual({ kind: 'direct-response', status: 418, body: '' });
    expect(body()).toEqual({ kind: 'direct-response', status: 418, body: '' });
  });

  it('or is a redirect, by the port connected to', () => {
    expect(route({ route: [], redirect: { port: 80 } }).action).toMatchObject({
      kind: 'redirect',
      port: null,
    });
  });
});

describe('header operations', () => {
  it('have names in lower case and sorted, what is set before what is added', () => {
    const request = { set: { B: '1', a: '2' }, add: { D: '3', c: '4' }, remove: ['E', 'F'] };
    expect(route({ headers: { request } }).requestHeaders).toEqual({
      remove: ['e', 'f'],
      change: [
        { name: 'b', value: '1', append: false },
        { name: 'a', value: '2', append: false },
        { name: 'd', value: '3', append: true },
        { name: 'c', value: '4', append: true },
      ],
    });
  });

  it('never touch pseudo-headers or host, which are a host of the route’s', () => {
    const change = (request: object) => {
      const made = route({ headers: { request } });
      return [made.requestHeaders, forward(made).host];
    };
    expect(change({ set: { ':authority': 'a' }, remove: [':path', 'Host', 'host'] })).toEqual([NOTHING, 'a']);
    expect(change({ set: { HOST: 'a' } })).toEqual([NOTHING, 'a']);
    expect(change({ add: { host: 'a' } })).toEqual([NOTHING, 'a']);
    expect(change({ set: { host: 'a' }, add: { host: 'b' } })).toEqual([NOTHING, 'a']);
    expect(change({ set: { ':path': 'a', ':method': 'b' } })).toEqual([NOTHING, null]);
    expect(change({ set: { host: '' } })).toEqual([NOTHING, null]);
    expect(change({ set: { 'x-host': 'a', 'a:': 'b' } })).toEqual([
      {
        remove: [],
        change: [
          { name: 'a:', value: 'b', append: false },
          { name: 'x-host', value: 'a', append: false },
        ],
      },
      null,
    ]);
    const response = route({ headers: { response: { set: { host: 'a' } } } });
    expect([response.responseHeaders, forward(response).host]).toEqual([NOTHING, null]);
  });
});

describe('a route of the Gateway API', () => {
  const http = (rule: object) =>
    onlyRoute(
      told([
        object('HTTPRoute', {
          parentRefs: [{ group: '', kind: 'Service', name: 'reviews' }],
          rules: [{ backendRefs: [{ name: 'ratings', port: 80 }], ...rule }],
        }),
      ]),
      REVIEWS,
    );

  it('answers 500 for a backend that isn’t there, takes paths by segment, and is called by its service', () => {
    const made = http({ matches: [{ path: { value: '/a' } }] });
    expect(forward(made).notFoundStatus).toBe(500);
    expect(made.match.path).toEqual({ kind: 'segments', value: '/a' });
    expect(made.operation).toBe(`${RATINGS}:80/*`);
    expect(http({}).match.path).toEqual({ kind: 'prefix', value: '/' });
  });

  it('takes a prefix away as a whole', () => {
    const rewrite = (value: string, replacePrefixMatch: string) =>
      forward(
        http({
          matches: [{ path: { value } }],
          filters: [
            { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch } } },
          ],
        }),
      ).path;
    expect(rewrite('/a', '/b')).toEqual({ kind: 'prefix', value: '/b' });
    expect(rewrite('/a.b', '/')).toEqual({
      kind: 'regex',
      pattern: { pattern: '^/a\\.b(/?)(.*)' },
      substitution: '/\\2',
    });
    expect(forward(route({ match: [{ uri: { prefix: '/a' } }], rewrite: { uri: '/' } })).path).toEqual({
      kind: 'prefix',
      value: '/',
    });
  });

  it('takes a prefix away from nothing but a prefix', () => {
    const path = { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' };
    const made = http({
      matches: [{ path: { type: 'Exact', value: '/a' } }],
      filters: [{ type: 'URLRewrite', urlRewrite: { path } }],
    });
    expect(forward(made).path).toMatchObject({ pattern: { pattern: '^(/?)(.*)' } });
  });

  it('to a kind that isn’t known is called by its object', () => {
    expect(http({ backendRefs: [{ group: 'a', kind: 'B', name: 'c', port: 80 }] }).operation).toBe(
      `shop~${REVIEWS}:80/*`,
    );
  });
});

describe('matches', () => {
  const match = (one: object) => route({ match: [one] }).match;

  it('are headers in lower case: those that must be, must not be, and what isn’t one', () => {
    expect(
      match({
        headers: { 'X-A': { exact: '1' }, b: { prefix: '2' } },
        withoutHeaders: { 'X-C': { regex: '3' } },
        method: { exact: 'GET' },
        authority: { prefix: 'a' },
        scheme: { regex: 'h.*' },
        queryParams: { Q: { exact: '1' }, r: {} },
        ignoreUriCase: true,
      }),
    ).toEqual({
      path: { kind: 'prefix', value: '/' },
      ignoreCase: true,
      headers: [
        { name: 'x-a', match: { kind: 'exact', value: '1' }, inverted: false },
        { name: 'b', match: { kind: 'prefix', value: '2' }, inverted: false },
        { name: 'x-c', match: { kind: 'regex', value: { pattern: '3' } }, inverted: true },
        { name: ':method', match: { kind: 'exact', value: 'GET' }, inverted: false },
        { name: ':authority', match: { kind: 'prefix', value: 'a' }, inverted: false },
        { name: ':scheme', match: { kind: 'regex', value: { pattern: 'h.*' } }, inverted: false },
      ],
      query: [
        { name: 'Q', match: { kind: 'exact', value: '1' } },
        { name: 'r', match: { kind: 'present' } },
      ],
    });
  });

  it('that take everything end the list', () => {
    const count = (one: object) =>
      routesOf(
        told([
          object('VirtualService', {
            hosts: ['reviews'],
            http: [
              { match: [one, { port: 80 }], route: [{ destination: { host: 'ratings' } }] },
              { route: [{ destination: { host: 'reviews' } }] },
            ],
          }),
        ]),
        REVIEWS,
      ).length;
    for (const all of [{ name: 'a' }, { uri: { prefix: '/' } }, { uri: { regex: '.*' } }])
      expect(count(all)).toBe(1);
    for (const some of [
      { uri: { prefix: '/a' } },
      { uri: { exact: '/' } },
      { uri: { regex: '/.*' } },
      { uri: { prefix: '/' }, headers: { x: {} } },
      { uri: { prefix: '/' }, queryParams: { x: {} } },
      { method: { exact: 'GET' } },
    ])
      expect(count(some)).toBe(2);
  });
});
