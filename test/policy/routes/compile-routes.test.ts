import { describe, expect, it } from 'vitest';
import { clientKey, routingWorld } from '../../../policy/routes/compile-routes.ts';
import { object, objects, REVIEWS, RATINGS, reached, SERVICES, told } from '../../support/routing.ts';

const CONFIG = {
  rootNamespace: 'istio-system',
  outboundTrafficPolicy: 'REGISTRY_ONLY',
  grpcRoutes: 'applied',
} as const;
const LABELS = { app: 'web', version: 'v1', zone: 'a' };
const key = (...texts: string[]) =>
  clientKey(routingWorld(objects(...texts), SERVICES, CONFIG), { namespace: 'shop', labels: LABELS });

describe('the key of what clients are told alike', () => {
  it('is their namespace, and the labels that objects ask for', () => {
    expect(key()).toBe('shop');
    const route = { route: [{ destination: { host: 'ratings' } }] };
    const from = (kind: 'http' | 'tcp', ...matches: object[]) =>
      object('VirtualService', {
        hosts: ['reviews'],
        [kind]: [{ ...route, match: matches.map((sourceLabels) => ({ sourceLabels })) }],
      });
    expect(key(from('http', { zone: 'b' }, { app: 'x' }))).toBe('shop,app=web,zone=a');
    expect(key(from('tcp', { version: 'v2' }))).toBe('shop,version=v1');
    expect(key(from('http', { nobody: 'x' }))).toBe('shop,nobody=');
    expect(
      key(
        object('Sidecar', { workloadSelector: { labels: { app: 'x' } } }),
        object('Sidecar', {}, { name: 'two' }),
      ),
    ).toBe('shop,app=web');
    expect(
      key(
        object('DestinationRule', { host: 'a', workloadSelector: { matchLabels: { zone: 'x' } } }),
        object('DestinationRule', { host: 'b' }, { name: 'two' }),
      ),
    ).toBe('shop,zone=a');
  });
});

describe('a world', () => {
  it('has ServiceEntries among its services', () => {
    const entry = object('ServiceEntry', {
      hosts: ['a.example'],
      ports: [{ number: 80, name: 'h', protocol: 'HTTP' }],
    });
    expect(reached(told([entry]), { host: 'a.example' })).toBe('outbound|80||a.example');
  });

  it('has GRPCRoutes where they are applied', () => {
    const grpc = object('GRPCRoute', {
      parentRefs: [{ group: '', kind: 'Service', name: 'reviews' }],
      rules: [{ backendRefs: [{ name: 'ratings', port: 80 }] }],
    });
    expect(reached(told([grpc]))).toBe(`outbound|80||${RATINGS}`);
    expect(reached(told([grpc], { config: { grpcRoutes: 'ignored' } }))).toBe(`outbound|80||${REVIEWS}`);
  });

  it('has the oldest of all routes first, of whatever kind', () => {
    const at = (year: number) => ({ namespace: 'billing', creationTimestamp: `20${year}-01-01T00:00:00Z` });
    const virtual = (year: number) =>
      object(
        'VirtualService',
        { hosts: [REVIEWS], http: [{ route: [{ destination: { host: REVIEWS } }] }] },
        at(year),
      );
    const http = (year: number) =>
      object(
        'HTTPRoute',
        {
          parentRefs: [{ group: '', kind: 'Service', name: 'reviews', namespace: 'shop' }],
          rules: [{ backendRefs: [{ name: 'ratings', namespace: 'shop', port: 80 }] }],
        },
        { ...at(year), namespace: 'shop' },
      );
    const client = { namespace: 'other', labels: {} };
    const host = 'reviews.shop';
    expect(reached(told([virtual(21), http(20)], { client }), { host })).toBe(`outbound|80||${RATINGS}`);
    expect(reached(told([virtual(20), http(21)], { client }), { host })).toBe(`outbound|80||${REVIEWS}`);
  });
});
