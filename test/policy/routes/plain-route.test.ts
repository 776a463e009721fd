/** What a fast lane may carry: everything that could ask for more takes a route out of it. */
import { describe, expect, it } from 'vitest';
import { isPlainRoute } from '../../../policy/routes/plain-route.ts';
import { cluster, forward, route } from '../../support/routing.ts';

const plain = cluster({});
const whole = route({});

function isPlain(http: object, over: Partial<typeof plain> = {}): boolean {
  const made = route(http);
  return isPlainRoute(made, forward(made), { ...plain, ...over });
}

describe('a route is plain', () => {
  it('where it only sends on', () => {
    expect(isPlain({})).toBe(true);
    expect(isPlain({ match: [{ uri: { prefix: '/a' } }] })).toBe(true);
    expect(isPlain({ retries: { attempts: 2 } })).toBe(true);
  });

  it('and not without a cluster', () => {
    expect(isPlainRoute(whole, forward(whole), null)).toBe(false);
  });

  it.each([
    ['a timeout', { timeout: '1s' }],
    ['no retries', { retries: { attempts: 0 } }],
    ['other retries', { retries: { attempts: 3 } }],
    ['fewer retries', { retries: { attempts: 1 } }],
    ['a time for each try', { retries: { attempts: 2, perTryTimeout: '1s' } }],
    ['a status that is tried again', { retries: { attempts: 2, retryOn: 'connect-failure,503' } }],
    ['no failed connects', { retries: { attempts: 2, retryOn: 'refused-stream' } }],
    ['5xx', { retries: { attempts: 2, retryOn: 'connect-failure,5xx' } }],
    ['gateway errors', { retries: { attempts: 2, retryOn: 'connect-failure,gateway-error' } }],
    ['resets', { retries: { attempts: 2, retryOn: 'connect-failure,reset' } }],
    ['conflicts', { retries: { attempts: 2, retryOn: 'connect-failure,retriable-4xx' } }],
    ['a host of its own', { rewrite: { authority: 'a' } }],
    ['a path of its own', { rewrite: { uri: '/a' } }],
    ['a mirror', { mirror: { host: 'reviews' } }],
    ['faults', { fault: { delay: { fixedDelay: '1s' } } }],
    ['CORS', { corsPolicy: { allowOrigins: [{ exact: '*' }] } }],
    ['headers that are set', { headers: { request: { set: { x: '1' } } } }],
    ['headers that are removed', { headers: { request: { remove: ['x'] } } }],
    ['answers’ headers that are added', { headers: { response: { add: { x: '1' } } } }],
    ['answers’ headers that are removed', { headers: { response: { remove: ['x'] } } }],
    [
      'two destinations',
      {
        route: [
          { destination: { host: 'reviews' }, weight: 1 },
          { destination: { host: 'ratings' }, weight: 1 },
        ],
      },
    ],
  ])('but not with %s', (_, http) => {
    expect(isPlain(http)).toBe(false);
  });

  it('but not by a hash', () => {
    expect(isPlainRoute(whole, { ...forward(whole), hash: { kind: 'source-ip' } }, plain)).toBe(false);
  });

  it('whose cluster is the mesh’s own, over HTTP/1.1', () => {
    expect(isPlain({}, { tls: { mode: 'DISABLE' }, balance: { kind: 'round-robin' } })).toBe(true);
    expect(isPlain({}, { endpoints: [] })).toBe(true);
    const [endpoint] = plain.endpoints;
    if (endpoint === undefined) throw new Error('no endpoint');
    const others: Partial<typeof plain>[] = [
      { protocol: 'http2' },
      { protocol: 'tcp' },
      { discovery: 'original-destination' },
      { endpoints: [endpoint, { ...endpoint, instance: null }] },
      {
        tls: {
          mode: 'SIMPLE',
          sni: null,
          subjectAltNames: [],
          verify: true,
          verifyHost: true,
          certificate: null,
          roots: null,
        },
      },
      {
        outlier: cluster({ trafficPolicy: { outlierDetection: {} } }).outlier,
      },
      { balance: { kind: 'random' } },
      { balance: { kind: 'maglev', tableSize: 3 } },
      { pool: { ...plain.pool, maxRequestsPerConnection: 1_000_000 } },
      { pool: { ...plain.pool, maxRequestsPerConnection: 1 } },
    ];
    for (const over of others) expect(isPlain({}, over)).toBe(false);
    expect(isPlain({}, { pool: { ...plain.pool, maxRequestsPerConnection: 1_000_001 } })).toBe(true);
  });
});
