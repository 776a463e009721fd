/** SURPRISES 76 to 83: whose requests a VirtualService has, and by which names. */
import { describe, expect, it } from 'vitest';
import type { RouteService } from '../../../policy/routes/route-services.ts';
import {
  ISTIO_RETRIES,
  CART,
  object,
  RATINGS,
  reached,
  REVIEWS,
  routesOf,
  service,
  told,
  type Setting,
} from '../../support/routing.ts';

const to = (host: string, more: object = {}) => ({ route: [{ destination: { host } }], ...more });
const virtual = (hosts: string[], http: object[], metadata: object = {}, more: object = {}) =>
  object('VirtualService', { hosts, http, ...more }, metadata);
const port = (number: number, protocol: RouteService['ports'][number]['protocol']) => ({
  name: `p${number}`,
  port: number,
  targetPort: number,
  protocol,
});
const two = (host: string, over: Partial<RouteService> = {}) =>
  service(host, { ports: [port(80, 'http'), port(81, 'http')], ...over });
/** Where `host` goes at a port, by its first name; the kind of decision where it goes nowhere. */
const sent = (texts: string[], host: string, at = 80, setting: Setting = {}) =>
  reached(told(texts, setting), { host, port: at })?.split('|').at(-1)?.split('.', 1)[0] ?? null;

describe('a VirtualService', () => {
  it('has its hosts whatever their case, and in all forms of a service’s name', () => {
    const texts = [virtual(['REVIEWS.shop.svc.cluster.local'], [to('ratings')])];
    for (const host of [
      'reviews',
      'Reviews:80',
      'reviews.shop',
      'reviews.shop.svc',
      REVIEWS,
      `${REVIEWS}.`,
      '10.96.0.1',
    ])
      expect(sent(texts, host)).toBe('ratings');
    expect(sent(texts, 'ratings')).toBe('ratings');
    expect(sent(texts, 'reviews.shop.')).toBe('unknown-host');
  });

  it('of a host with a dot that is no service has it by itself', () => {
    const texts = [virtual(['reviews.shop'], [to(CART)])];
    expect([sent(texts, 'reviews.shop'), sent(texts, 'reviews')]).toEqual(['cart', 'reviews']);
  });

  it('of a host without a service has it on port 80, and beside services of the same object', () => {
    const services = [two(REVIEWS), two(RATINGS, { addresses: ['10.96.0.2'] })];
    const alone = [virtual(['a.example'], [to('ratings')])];
    expect([sent(alone, 'a.example', 80, { services }), sent(alone, 'a.example', 81, { services })]).toEqual([
      'ratings',
      'unknown-host',
    ]);
    const beside = [virtual(['a.example', 'reviews'], [to('ratings')])];
    expect(sent(beside, 'a.example', 81, { services })).toBe('ratings');
    const tcp = [two(REVIEWS), service(RATINGS, { ports: [port(81, 'tcp')] })];
    expect(
      sent([virtual(['a.example', 'ratings'], [to('reviews')])], 'a.example', 81, { services: tcp }),
    ).toBeNull();
  });

  it('has nothing at a port that its service hasn’t', () => {
    const services = [service(REVIEWS), service(RATINGS, { ports: [port(81, 'http')] })];
    expect(sent([virtual(['reviews'], [to('ratings')])], 'reviews', 81, { services })).toBe('unknown-host');
  });

  it('has no requests of a TCP service', () => {
    const services = [
      service(REVIEWS, { ports: [port(80, 'tcp')], addresses: ['10.96.0.9'] }),
      service(RATINGS),
    ];
    expect(sent([virtual(['reviews'], [to('ratings')])], 'reviews', 80, { services })).toBe('unknown-host');
    expect(sent([], 'reviews', 80, { services })).toBe('unknown-host');
    const tls = [service(REVIEWS, { ports: [port(80, 'tls')], addresses: ['10.96.0.9'] }), service(RATINGS)];
    expect(sent([], 'reviews', 80, { services: tls })).toBe('unknown-host');
    for (const protocol of ['grpc', 'http2'] as const)
      expect(sent([], 'reviews', 80, { services: [service(REVIEWS, { ports: [port(80, protocol)] })] })).toBe(
        'reviews',
      );
  });

  it('has a request whole: what none of its routes takes isn’t its service’s', () => {
    const texts = [virtual(['reviews'], [to('ratings', { match: [{ uri: { prefix: '/a' } }] })])];
    expect(sent(texts, 'reviews')).toBe('no-route');
  });

  it('of routes that are all for others leaves its service as it was', () => {
    const texts = [virtual(['reviews'], [to('ratings', { match: [{ sourceNamespace: 'other' }] })])];
    expect(sent(texts, 'reviews')).toBe('reviews');
  });

  it('is one for a host: the oldest', () => {
    const at = (name: string, year: number) => ({ name, creationTimestamp: `20${year}-01-01T00:00:00Z` });
    const texts = [
      virtual(['reviews'], [to(CART)], at('a', 22)),
      virtual(['reviews'], [to('ratings')], at('b', 21)),
    ];
    expect(sent(texts, 'reviews')).toBe('ratings');
  });
});

describe('a wildcard host', () => {
  it('has the services within it, and is a name of its own without any', () => {
    const texts = [virtual(['*.shop.svc.cluster.local'], [to(CART)])];
    expect([sent(texts, 'reviews'), sent(texts, 'ratings'), sent(texts, 'cart.billing')]).toEqual([
      'cart',
      'cart',
      'cart',
    ]);
    expect(sent(texts, 'nobody.shop.svc.cluster.local')).toBe('unknown-host');
    const alone = [virtual(['*.example'], [to('ratings')])];
    expect([sent(alone, 'a.example'), sent(alone, 'example')]).toEqual(['ratings', 'unknown-host']);
  });

  it('leaves a service to whom names it better, whichever is older', () => {
    const wide = virtual(['*.shop.svc.cluster.local'], [to(CART)], { name: 'a' });
    const narrow = virtual(['reviews'], [to('ratings')], { name: 'b' });
    expect([sent([wide, narrow], 'reviews'), sent([wide, narrow], 'ratings')]).toEqual(['ratings', 'cart']);
    const wider = virtual(['*'], [to('reviews')], { name: '0' });
    expect([sent([wider, wide], 'ratings'), sent([wider, wide], 'cart.billing')]).toEqual([
      'cart',
      'reviews',
    ]);
  });

  it('of two that are the same is the older’s', () => {
    const texts = ['a', 'b'].map((name) =>
      virtual(['*.shop.svc.cluster.local'], [to(name === 'a' ? CART : 'ratings')], { name }),
    );
    expect(sent(texts, 'reviews')).toBe('cart');
  });

  it('has services at other ports than 80, and hosts of its own there never', () => {
    const services = [two(REVIEWS), two(RATINGS, { addresses: ['10.96.0.2'] })];
    const texts = [virtual(['*.shop.svc.cluster.local'], [to('ratings')])];
    expect(sent(texts, 'reviews', 81, { services })).toBe('ratings');
    expect(sent([virtual(['*.example'], [to('ratings')])], 'a.example', 81, { services })).toBe(
      'unknown-host',
    );
  });

  it('overlaps a service that is a wildcard itself', () => {
    const services = [service('*.example', { addresses: [], ports: [port(81, 'http')] }), two(RATINGS)];
    const texts = [virtual(['a.example'], [to('ratings')])];
    expect(sent([], 'a.example', 81, { services })).toBe('*');
    expect(sent(texts, 'a.example', 81, { services })).toBe('*');
    expect(sent([virtual(['*.example'], [to('ratings')])], 'a.example', 81, { services })).toBe('ratings');
  });

  it('of the Gateway API has no services', () => {
    const http = object('HTTPRoute', {
      parentRefs: [{ group: 'networking.istio.io', kind: 'ServiceEntry', name: 'wild' }],
      rules: [{ backendRefs: [{ name: 'ratings', port: 80 }] }],
    });
    const entry = object(
      'ServiceEntry',
      { hosts: ['*.example'], ports: [{ number: 80, name: 'h', protocol: 'HTTP' }] },
      { name: 'wild' },
    );
    expect(sent([http, entry], 'a.example')).toBe('*');
    expect(sent([entry], 'a.example')).toBe('*');
  });
});

describe('a route', () => {
  const only = (match: object, setting: Setting = {}, at = 80) =>
    sent([virtual(['reviews'], [to('ratings', { match: [match] })])], 'reviews', at, setting);
  const services = [two(REVIEWS), two(RATINGS, { addresses: ['10.96.0.2'] })];

  it.each([
    [{ sourceLabels: { app: 'web' } }, 'ratings'],
    [{ sourceLabels: { app: 'web', version: 'v1' } }, 'reviews'],
    [{ sourceLabels: { app: 'api' } }, 'reviews'],
    [{ sourceNamespace: 'shop' }, 'ratings'],
    [{ sourceNamespace: 'billing' }, 'reviews'],
    [{ sourceNamespace: 'shop', sourceLabels: { app: 'api' } }, 'reviews'],
    [{ gateways: ['mesh'] }, 'ratings'],
    [{ gateways: ['edge', 'mesh'] }, 'ratings'],
    [{ gateways: ['edge'] }, 'reviews'],
    [{ gateways: ['mesh'], sourceLabels: { app: 'api' } }, 'ratings'],
    [{ port: 80 }, 'ratings'],
    [{ port: 81 }, 'reviews'],
  ])('for %j is, at port 80, for this client: %s', (match, wanted) => {
    expect(only(match, { services })).toBe(wanted);
  });

  it('for one port is for that of the connection', () => {
    expect(only({ port: 81 }, { services }, 81)).toBe('ratings');
    expect(only({ port: 80 }, { services }, 81)).toBe('reviews');
  });

  it('that takes everything is the last', () => {
    const names = (...http: object[]) =>
      routesOf(told([virtual(['reviews'], http)]), REVIEWS).map(({ name }) => name);
    const a = to('ratings', { name: 'a' });
    expect(names(a, to('ratings', { name: 'b' }))).toEqual(['a']);
    expect(names({ ...a, match: [{ uri: { prefix: '/' } }] }, to('ratings', { name: 'b' }))).toEqual(['a']);
    expect(
      names(
        { ...a, match: [{ uri: { prefix: '/a' } }, { method: { exact: 'PUT' } }] },
        to('ratings', { name: 'b' }),
      ),
    ).toEqual(['a', 'a', 'b']);
  });
});

describe('what nobody routes', () => {
  it('goes to its service, with default retries', () => {
    const NOTHING = { remove: [], change: [] };
    expect(routesOf(told([]), REVIEWS)).toEqual([
      {
        name: 'default',
        source: null,
        match: { path: { kind: 'prefix', value: '/' }, ignoreCase: false, headers: [], query: [] },
        operation: `${REVIEWS}:80/*`,
        requestHeaders: NOTHING,
        responseHeaders: NOTHING,
        fault: null,
        cors: null,
        action: {
          kind: 'forward',
          destinations: [
            {
              cluster: `outbound|80||${REVIEWS}`,
              weight: 1,
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
      },
    ]);
  });

  it('of unknown hosts is closed or let through', () => {
    const all = (outboundTrafficPolicy: 'ALLOW_ANY' | 'REGISTRY_ONLY') =>
      routesOf(told([], { config: { outboundTrafficPolicy } }), '*');
    expect(all('ALLOW_ANY')).toMatchObject([
      {
        name: 'allow_any',
        source: null,
        operation: null,
        match: { path: { kind: 'prefix', value: '/' } },
        action: { kind: 'passthrough' },
      },
    ]);
    expect(all('REGISTRY_ONLY')).toMatchObject([
      { name: 'block_all', operation: null, action: { kind: 'unknown-host' } },
    ]);
  });
});

describe('one name of two', () => {
  it('is the first’s, but a short form never hides a service that is really called so', () => {
    const short = service('reviews.shop', { namespace: 'other', registry: 'external', addresses: [] });
    const setting = { services: [service(REVIEWS), short] };
    expect(reached(told([], setting), { host: 'reviews.shop' })).toBe('outbound|80||reviews.shop');
    expect(reached(told([], setting), { host: 'reviews.shop.svc' })).toBe(`outbound|80||${REVIEWS}`);
    const twice = {
      services: [
        service('a.example', { addresses: ['10.0.0.9'] }),
        service('b.example', { addresses: ['10.0.0.9'] }),
      ],
    };
    expect(reached(told([], twice), { host: '10.0.0.9' })).toBe('outbound|80||a.example');
  });

  it('has every name once, and no host is without any', () => {
    const setting = { services: [service(REVIEWS), service(CART, { addresses: ['10.96.0.1'] })] };
    const hosts = told(
      [
        virtual(['a.example', 'reviews'], [to('cart')]),
        virtual(['a.example'], [to('cart')], { name: 'two' }),
      ],
      setting,
    ).listeners.flatMap(({ http }) => http ?? []);
    const names = hosts.flatMap(({ domains }) => domains);
    expect(new Set(names).size).toBe(names.length);
    expect(hosts.every(({ domains }) => domains.length > 0)).toBe(true);
    expect(hosts.map(({ domains }) => domains[0])).toEqual(['a.example', REVIEWS, CART, '*']);
  });

  it('of two services of one host is the first’s', () => {
    const setting = {
      services: [
        service('A.example', { namespace: 'shop', addresses: [] }),
        service('a.example', { namespace: 'shop', addresses: [], ports: [port(80, 'grpc')] }),
      ],
    };
    expect(reached(told([], setting), { host: 'a.example' })).toBe('outbound|80||a.example');
    expect(told([], setting).listeners[0]?.http?.length).toBe(2);
  });
});

describe('HTTPRoutes of a Service', () => {
  const http = (namespace: string) =>
    object(
      'HTTPRoute',
      {
        parentRefs: [{ group: '', kind: 'Service', name: 'reviews', namespace: 'shop' }],
        rules: [{ backendRefs: [{ name: 'ratings', namespace: 'shop', port: 80 }] }],
      },
      { namespace },
    );

  it('are for everybody in the service’s namespace, and in another for clients of that', () => {
    const from = (namespace: string) => ({ client: { namespace, labels: {} } });
    expect(sent([http('shop')], 'reviews.shop', 80, from('other'))).toBe('ratings');
    expect(sent([http('billing')], 'reviews.shop', 80, from('billing'))).toBe('ratings');
    expect(sent([http('billing')], 'reviews.shop', 80, from('other'))).toBe('reviews');
  });

  it('of a service that isn’t there have no host', () => {
    const services = [service(RATINGS)];
    expect(sent([http('shop')], REVIEWS, 80, { services })).toBe('unknown-host');
  });
});
