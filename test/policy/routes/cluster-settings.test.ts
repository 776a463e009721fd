import { describe, expect, it } from 'vitest';
import { cluster, forward, object, onlyRoute, RATINGS, REVIEWS, told } from '../../support/routing.ts';

const UNBOUNDED = 4_294_967_295;

describe('balancing', () => {
  const balance = (loadBalancer: object) => cluster({ trafficPolicy: { loadBalancer } }).balance;

  it('is by least requests unless a rule says otherwise', () => {
    expect(cluster({}).balance).toEqual({ kind: 'least-request' });
    for (const simple of ['UNSPECIFIED', 'LEAST_CONN', 'LEAST_REQUEST'])
      expect(balance({ simple })).toEqual({ kind: 'least-request' });
    expect(balance({ simple: 'ROUND_ROBIN' })).toEqual({ kind: 'round-robin' });
    expect(balance({ simple: 'RANDOM' })).toEqual({ kind: 'random' });
  });

  it('that passes through goes to the address connected to', () => {
    const passing = cluster({ trafficPolicy: { loadBalancer: { simple: 'PASSTHROUGH' } } });
    expect(passing.balance).toEqual({ kind: 'passthrough' });
    expect(passing.discovery).toBe('original-destination');
    expect(cluster({}).discovery).toBe('endpoints');
  });

  it('by a hash has a ring of 1024, or a table of 65537, unless sizes are written', () => {
    const hash = (consistentHash: object) =>
      balance({ consistentHash: { useSourceIp: true, ...consistentHash } });
    expect(hash({})).toEqual({ kind: 'ring-hash', minimumRingSize: 1_024 });
    expect(hash({ minimumRingSize: 7 })).toEqual({ kind: 'ring-hash', minimumRingSize: 7 });
    expect(hash({ ringHash: { minimumRingSize: 9 } })).toEqual({ kind: 'ring-hash', minimumRingSize: 9 });
    expect(hash({ ringHash: {} })).toEqual({ kind: 'ring-hash', minimumRingSize: 1_024 });
    expect(hash({ maglev: {} })).toEqual({ kind: 'maglev', tableSize: 65_537 });
    expect(hash({ maglev: { tableSize: 101 } })).toEqual({ kind: 'maglev', tableSize: 101 });
  });
});

describe('a connection pool', () => {
  it('has no bounds, ten seconds to connect and an hour idle, unless a rule says otherwise', () => {
    const unbounded = {
      maxConnections: UNBOUNDED,
      connectTimeoutMs: 10_000,
      maxPendingRequests: UNBOUNDED,
      maxRequests: UNBOUNDED,
      maxRequestsPerConnection: UNBOUNDED,
      maxRetries: UNBOUNDED,
      idleTimeoutMs: 3_600_000,
    };
    expect(cluster({}).pool).toEqual(unbounded);
    expect(cluster({ trafficPolicy: { connectionPool: { tcp: {}, http: {} } } }).pool).toEqual(unbounded);
  });

  it('has those that are written', () => {
    const tcp = { maxConnections: 1, connectTimeout: '1.5s' };
    const http = {
      http1MaxPendingRequests: 2,
      http2MaxRequests: 3,
      maxRequestsPerConnection: 4,
      maxRetries: 5,
      idleTimeout: '6s',
    };
    expect(cluster({ trafficPolicy: { connectionPool: { tcp, http } } }).pool).toEqual({
      maxConnections: 1,
      connectTimeoutMs: 1_500,
      maxPendingRequests: 2,
      maxRequests: 3,
      maxRequestsPerConnection: 4,
      maxRetries: 5,
      idleTimeoutMs: 6_000,
    });
  });

  it('takes a time to connect of nothing for none that was written', () => {
    expect(
      cluster({ trafficPolicy: { connectionPool: { tcp: { connectTimeout: '0s' } } } }).pool.connectTimeoutMs,
    ).toBe(10_000);
  });
});

describe('the detection of outliers', () => {
  const outlier = (outlierDetection: object) => cluster({ trafficPolicy: { outlierDetection } }).outlier;

  it('is off without a rule', () => {
    expect(cluster({}).outlier).toBeNull();
  });

  it('has Istio’s defaults', () => {
    const defaults = {
      consecutive5xx: 5,
      consecutiveGatewayErrors: 0,
      consecutiveLocalOriginFailures: 5,
      splitLocalOriginErrors: false,
      intervalMs: 10_000,
      baseEjectionMs: 30_000,
      maxEjectionPercent: 10,
      minHealthPercent: 0,
    };
    expect(outlier({})).toEqual(defaults);
    expect(outlier({ interval: '0s', baseEjectionTime: '0s' })).toEqual(defaults);
  });

  it('has what is written', () => {
    expect(
      outlier({
        consecutive5xxErrors: 1,
        consecutiveErrors: 99,
        consecutiveGatewayErrors: 2,
        consecutiveLocalOriginFailures: 3,
        splitExternalLocalOriginErrors: true,
        interval: '4s',
        baseEjectionTime: '5s',
        maxEjectionPercent: 6,
        minHealthPercent: 7,
      }),
    ).toEqual({
      consecutive5xx: 1,
      consecutiveGatewayErrors: 2,
      consecutiveLocalOriginFailures: 3,
      splitLocalOriginErrors: true,
      intervalMs: 4_000,
      baseEjectionMs: 5_000,
      maxEjectionPercent: 6,
      minHealthPercent: 7,
    });
    expect(outlier({ consecutiveErrors: 8 })?.consecutive5xx).toBe(8);
  });
});

describe('the hash of a request', () => {
  const hashed = (consistentHash: object, http: object = {}) =>
    forward(
      onlyRoute(
        told([
          object('DestinationRule', { host: 'ratings', trafficPolicy: { loadBalancer: { consistentHash } } }),
          object('VirtualService', {
            hosts: ['reviews'],
            http: [{ route: [{ destination: { host: 'ratings' } }], ...http }],
          }),
        ]),
        REVIEWS,
      ),
    ).hash;

  it('is of a header in lower case, a parameter, a cookie, or the client’s address', () => {
    expect(hashed({ httpHeaderName: 'X-User' })).toEqual({ kind: 'header', name: 'x-user' });
    expect(hashed({ httpQueryParameterName: 'User' })).toEqual({ kind: 'query', name: 'User' });
    expect(hashed({ useSourceIp: true })).toEqual({ kind: 'source-ip' });
    expect(hashed({ useSourceIp: false })).toBeNull();
    expect(hashed({ httpCookie: { name: 'c' } })).toEqual({
      kind: 'cookie',
      name: 'c',
      path: '',
      ttlSeconds: null,
      attributes: [],
    });
    expect(
      hashed({
        httpCookie: { name: 'c', path: '/p', ttl: '2.9s', attributes: [{ name: 'SameSite', value: 'Lax' }] },
      }),
    ).toEqual({ kind: 'cookie', name: 'c', path: '/p', ttlSeconds: 2, attributes: [['SameSite', 'Lax']] });
  });

  it('is of the destination’s service, and makes retries keep the endpoint', () => {
    const rule = (host: string) =>
      object('DestinationRule', {
        host,
        trafficPolicy: { loadBalancer: { consistentHash: { useSourceIp: true } } },
      });
    const own = forward(onlyRoute(told([rule('reviews')]), REVIEWS));
    expect(own.hash).toEqual({ kind: 'source-ip' });
    expect(forward(onlyRoute(told([rule('ratings')]), REVIEWS)).hash).toBeNull();
    const service = object('VirtualService', {
      hosts: ['reviews'],
      http: [{ route: [{ destination: { host: 'ratings' } }] }],
    });
    const sent = forward(onlyRoute(told([rule('ratings'), service]), REVIEWS));
    expect(sent.hash).toEqual({ kind: 'source-ip' });
    expect(sent.retry?.avoidPrevious).toBe(false);
    const other = forward(onlyRoute(told([rule('reviews'), service]), REVIEWS));
    expect(other.hash).toBeNull();
    expect(other.retry?.avoidPrevious).toBe(true);
  });

  it('is a subset’s at its port, then the subset’s, then the port’s, then the service’s', () => {
    const by = (name: string) => ({ loadBalancer: { consistentHash: { httpHeaderName: name } } });
    const hash = (rule: object, destination: object) =>
      forward(
        onlyRoute(
          told([
            object('DestinationRule', { host: 'ratings', ...rule }),
            object('VirtualService', {
              hosts: ['reviews'],
              http: [{ route: [{ destination: { host: 'ratings', ...destination } }] }],
            }),
          ]),
          REVIEWS,
        ),
      ).hash;
    const at80 = (name: string) => ({ portLevelSettings: [{ port: { number: 80 }, ...by(name) }] });
    const all = {
      trafficPolicy: { ...by('service'), ...at80('port') },
      subsets: [
        { name: 'both', trafficPolicy: { ...by('subset'), ...at80('subset-port') } },
        { name: 'whole', trafficPolicy: by('subset') },
        { name: 'none', trafficPolicy: { loadBalancer: { simple: 'RANDOM' } } },
        { name: 'bare' },
      ],
    };
    const port = { port: { number: 80 } };
    expect(hash(all, { subset: 'both', ...port })).toEqual({ kind: 'header', name: 'subset-port' });
    expect(hash(all, { subset: 'both' })).toEqual({ kind: 'header', name: 'subset' });
    expect(hash(all, { subset: 'whole', ...port })).toEqual({ kind: 'header', name: 'subset' });
    for (const subset of ['none', 'bare', 'unknown', ''])
      expect(hash(all, { subset, ...port })).toEqual({ kind: 'header', name: 'port' });
    expect(hash(all, {})).toEqual({ kind: 'header', name: 'service' });
    expect(hash(all, { port: { number: 81 } })).toEqual({ kind: 'header', name: 'service' });
  });

  it('of a service by itself is its port’s, then its own', () => {
    const by = (name: string) => ({ loadBalancer: { consistentHash: { httpHeaderName: name } } });
    const hash = (trafficPolicy: object) =>
      forward(onlyRoute(told([object('DestinationRule', { host: RATINGS, trafficPolicy })]), RATINGS)).hash;
    expect(hash({ ...by('a'), portLevelSettings: [{ port: { number: 80 }, ...by('b') }] })).toEqual({
      kind: 'header',
      name: 'b',
    });
    expect(hash({ ...by('a'), portLevelSettings: [{ port: { number: 81 }, ...by('b') }] })).toEqual({
      kind: 'header',
      name: 'a',
    });
  });
});
