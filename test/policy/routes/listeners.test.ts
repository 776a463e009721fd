/** Listeners and TCP chains as istiod makes them. */
import { describe, expect, it } from 'vitest';
import type { CompiledListener } from '../../../policy/routes/compiled-routes.ts';
import type { RouteService } from '../../../policy/routes/route-services.ts';
import { chainFor, listenerAt, prepareRoutes } from '../../../policy/routes/route-table.ts';
import {
  CART,
  object,
  RATINGS,
  reached,
  REVIEWS,
  service,
  told,
  type Setting,
} from '../../support/routing.ts';

const port = (number: number, protocol: RouteService['ports'][number]['protocol'], name = `p${number}`) => ({
  name,
  port: number,
  targetPort: number,
  protocol,
});
const LEDGER = 'ledger.billing.svc.cluster.local';
const tcp = (host: string, over: Partial<RouteService> = {}) =>
  service(host, { ports: [port(9_000, 'tcp')], ...over });
const listeners = (texts: string[], services: RouteService[], setting: Setting = {}) =>
  told(texts, { ...setting, services }).listeners;
const shape = (made: CompiledListener[]) =>
  made.map((one) => `${one.address}:${one.port} ${one.http === null ? 'tcp' : 'http'} ${one.tcp.length}`);

describe('listeners', () => {
  it('are one a port for HTTP, and one an address for TCP', () => {
    expect(
      shape(
        listeners(
          [],
          [
            service(REVIEWS, {
              ports: [port(80, 'http'), port(82, 'grpc'), port(83, 'http2'), port(9_000, 'tcp')],
            }),
            service(RATINGS, {
              addresses: ['10.96.0.2'],
              ports: [port(80, 'http'), port(9_000, 'tcp'), port(9_443, 'tls')],
            }),
          ],
        ),
      ),
    ).toEqual([
      '0.0.0.0:80 http 0',
      '0.0.0.0:82 http 0',
      '0.0.0.0:83 http 0',
      '10.96.0.1:9000 tcp 1',
      '10.96.0.2:9000 tcp 1',
      '10.96.0.2:9443 tcp 1',
    ]);
  });

  it('of services without an address, and of blocks, are for any', () => {
    expect(shape(listeners([], [tcp('a.example', { addresses: [] })]))).toEqual(['0.0.0.0:9000 tcp 1']);
    const [block] = listeners([], [tcp('a.example', { addresses: ['10.0.0.0/8'] })]);
    expect(block).toMatchObject({ address: '0.0.0.0', tcp: [{ cidrs: ['10.0.0.0/8'] }] });
  });

  it('speak HTTP and TCP at one port, where services do', () => {
    const both = listeners(
      [],
      [
        service(REVIEWS, { ports: [port(80, 'http')] }),
        tcp('a.example', { addresses: [], ports: [port(80, 'tcp')] }),
      ],
    );
    expect(shape(both)).toEqual(['0.0.0.0:80 http 1']);
  });

  it('of a Sidecar’s port have what that egress shows, and the rest has its own', () => {
    const sidecar = object('Sidecar', {
      egress: [
        { port: { number: 80, protocol: 'HTTP', name: 'h' }, hosts: [`./${REVIEWS}`] },
        { hosts: ['*/*'] },
      ],
    });
    const services = [service(REVIEWS), service(CART), service(RATINGS, { ports: [port(81, 'http')] })];
    const made = told([sidecar], { services });
    expect(shape(made.listeners)).toEqual(['0.0.0.0:80 http 0', '0.0.0.0:81 http 0']);
    expect(reached(made)).toBe(`outbound|80||${REVIEWS}`);
    expect(reached(made, { host: 'cart.billing' })).toBe('unknown-host');
    expect(reached(made, { host: 'ratings', port: 81 })).toBe(`outbound|81||${RATINGS}`);
  });

  it('of a Sidecar’s TCP port go to the services’ own', () => {
    const sidecar = object('Sidecar', {
      egress: [{ port: { number: 9_000, protocol: 'TCP', name: 't' }, hosts: ['*/*'] }],
    });
    const [made] = listeners([sidecar], [tcp(LEDGER)]);
    expect(made).toMatchObject({ address: '10.96.0.1', port: 9_000, http: null });
    expect(made?.tcp[0]?.destinations).toMatchObject([{ cluster: `outbound|9000||${LEDGER}` }]);
  });
});

describe('a TCP connection', () => {
  const to = (host: string, more: object = {}) => ({ destination: { host, ...more } });
  const virtual = (routes: object[], metadata: object = {}, hosts = [LEDGER]) =>
    object('VirtualService', { hosts, tcp: routes }, { namespace: 'billing', ...metadata });
  const services = [
    tcp(LEDGER),
    tcp(REVIEWS, { addresses: ['10.96.0.2'], ports: [port(9_000, 'tcp'), port(9_001, 'tcp')] }),
  ];
  /** Chains of the ledger's listener: `cidrs → clusters with weights`. */
  const chains = (texts: string[], setting: Setting & { with?: RouteService[] } = {}) => {
    const { with: own = services, ...rest } = setting;
    const found = listeners(texts, own, rest).find(
      (one) => one.address === '10.96.0.1' && one.port === 9_000,
    );
    return (found?.tcp ?? []).map(
      ({ cidrs, destinations }) =>
        `${cidrs.join(' ')} → ${destinations.map(({ cluster, weight }) => `${cluster} ${weight}`).join(', ')}`,
    );
  };
  const ledger = `outbound|9000||${LEDGER} 1`;
  const reviews = `outbound|9000||${REVIEWS} 1`;

  it('goes to its service where nothing routes it', () => {
    expect(chains([])).toEqual([` → ${ledger}`]);
    expect(listeners([], services)[0]?.tcp[0]).toMatchObject({
      source: null,
      hashSourceIp: false,
      destinations: [
        {
          requestHeaders: { remove: [], change: [] },
          responseHeaders: { remove: [], change: [] },
          host: null,
        },
      ],
    });
  });

  it('goes where the first route for it leads, and tells which', () => {
    const texts = [virtual([{ route: [to(REVIEWS)] }, { route: [to(LEDGER)] }])];
    expect(chains(texts)).toEqual([` → ${reviews}`]);
    expect(listeners(texts, services)[0]?.tcp[0]?.source).toMatchObject({
      kind: 'VirtualService',
      name: 'one',
      index: 0,
    });
    expect(chains([virtual([{ route: [to('ledger')] }])])).toEqual([` → ${ledger}`]);
  });

  it('goes to a subset and a port as they are written, else to the service’s only port, else to its own', () => {
    expect(chains([virtual([{ route: [to(REVIEWS, { subset: 'v1', port: { number: 99 } })] }])])).toEqual([
      ` → outbound|99|v1|${REVIEWS} 1`,
    ]);
    const cart = tcp(CART, { addresses: ['10.96.0.3'], ports: [port(7_000, 'tcp')] });
    expect(chains([virtual([{ route: [to(CART)] }])], { with: [...services, cart] })).toEqual([
      ` → outbound|7000||${CART} 1`,
    ]);
    expect(chains([virtual([{ route: [to(REVIEWS)] }])])).toEqual([` → ${reviews}`]);
    expect(chains([virtual([{ route: [to('nobody.example')] }])])).toEqual([
      ' → outbound|9000||nobody.example 1',
    ]);
  });

  it('goes by weights, and not where there is none', () => {
    const route = [
      { ...to(LEDGER), weight: 3 },
      { ...to(REVIEWS), weight: 0 },
      { ...to(CART), weight: 1 },
    ];
    expect(chains([virtual([{ route }])])).toEqual([
      ` → outbound|9000||${LEDGER} 3, outbound|9000||${CART} 1`,
    ]);
  });

  it.each([
    ['another port', { port: 9_001 }],
    ['other labels', { sourceLabels: { app: 'api' } }],
    ['more labels', { sourceLabels: { app: 'web', version: 'v1' } }],
    ['another namespace', { sourceNamespace: 'billing' }],
    ['a gateway', { gateways: ['edge'] }],
  ])('isn’t routed by a match for %s', (_, match) => {
    expect(chains([virtual([{ match: [match], route: [to(REVIEWS)] }])])).toEqual([` → ${ledger}`]);
  });

  it.each([
    ['its port', { port: 9_000 }],
    ['its labels', { sourceLabels: { app: 'web' } }],
    ['its namespace', { sourceNamespace: 'shop' }],
    ['the mesh', { gateways: ['edge', 'mesh'] }],
    ['everything', {}],
  ])('is routed by a match for %s', (_, match) => {
    expect(chains([virtual([{ match: [{ port: 1 }, match], route: [to(REVIEWS)] }])])).toEqual([
      ` → ${reviews}`,
    ]);
  });

  it('is routed by its address, and goes to its service where none fits', () => {
    const match = [
      { destinationSubnets: ['10.0.0.0/8', '11.0.0.1'] },
      { destinationSubnets: ['12.0.0.0/8'] },
    ];
    expect(chains([virtual([{ match, route: [to(REVIEWS)] }])])).toEqual([
      `10.0.0.0/8 11.0.0.1 12.0.0.0/8 → ${reviews}`,
      ` → ${ledger}`,
    ]);
    const mixed = [{ destinationSubnets: ['10.0.0.0/8'] }, { port: 9_000 }];
    expect(chains([virtual([{ match: mixed, route: [to(REVIEWS)] }])])).toEqual([` → ${reviews}`]);
    const other = [{ destinationSubnets: ['10.0.0.0/8'] }, { port: 1 }];
    expect(chains([virtual([{ match: other, route: [to(REVIEWS)] }])])).toEqual([
      `10.0.0.0/8 → ${reviews}`,
      ` → ${ledger}`,
    ]);
  });

  it('of addresses that two routes name goes by the first', () => {
    const match = [{ destinationSubnets: ['10.0.0.0/8'] }];
    expect(
      chains([
        virtual([{ match, route: [to(REVIEWS)] }, { match, route: [to(CART)] }, { route: [to(CART)] }]),
      ]),
    ).toEqual([`10.0.0.0/8 → ${reviews}`, ` → outbound|9000||${CART} 1`]);
  });

  it('is routed by VirtualServices that name its service, by a wildcard too', () => {
    expect(chains([virtual([{ route: [to(REVIEWS)] }], {}, ['other.example'])])).toEqual([` → ${ledger}`]);
    expect(chains([virtual([{ route: [to(REVIEWS)] }], {}, ['*.billing.svc.cluster.local'])])).toEqual([
      ` → ${reviews}`,
    ]);
    expect(
      chains([
        virtual([{ match: [{ port: 1 }], route: [to(CART)] }]),
        virtual([{ route: [to(REVIEWS)] }], { name: 'two' }),
      ]),
    ).toEqual([` → ${reviews}`]);
  });

  it('at a block goes by the narrowest that has its address', () => {
    const block = (host: string, cidr: string) => tcp(host, { addresses: [cidr] });
    const table = prepareRoutes(
      told([], {
        services: [
          block('a.example', '10.0.0.0/8'),
          block('b.example', '10.1.0.0/16'),
          tcp('c.example', { addresses: [] }),
        ],
      }),
    );
    const taken = (address: string) => {
      const listener = listenerAt(table, address, 9_000);
      return listener && chainFor(listener, address, null)?.destinations[0]?.cluster.split('|')[3];
    };
    expect([taken('10.2.0.1'), taken('10.1.0.1'), taken('11.0.0.1')]).toEqual([
      'a.example',
      'b.example',
      'c.example',
    ]);
  });

  it('at every address’s block goes before one that has none', () => {
    const all = service('all.example', { addresses: ['0.0.0.0/0'], ports: [port(9_000, 'tcp')] });
    const none = tcp('none.example', { addresses: [] });
    for (const own of [
      [all, none],
      [none, all],
    ]) {
      const listener = listenerAt(prepareRoutes(told([], { services: own })), '11.0.0.1', 9_000);
      expect(listener && chainFor(listener, '11.0.0.1', null)?.cidrs).toEqual(['0.0.0.0/0']);
    }
  });

  it('keeps to an endpoint by the client’s address where a rule says so', () => {
    const rule = (consistentHash: object) =>
      object(
        'DestinationRule',
        { host: LEDGER, trafficPolicy: { loadBalancer: { consistentHash } } },
        { namespace: 'billing' },
      );
    const hashed = (...texts: string[]) => listeners(texts, services)[0]?.tcp[0]?.hashSourceIp;
    expect([hashed(), hashed(rule({ useSourceIp: true })), hashed(rule({ httpHeaderName: 'x' }))]).toEqual([
      false,
      true,
      false,
    ]);
    expect(hashed(rule({ useSourceIp: true }), virtual([{ route: [to(REVIEWS)] }]))).toBe(true);
  });

  it('of a service with one port goes to that, whatever port a Sidecar listens at', () => {
    const sidecar = object('Sidecar', {
      egress: [{ port: { number: 9_000, protocol: 'TCP', name: 't' }, hosts: ['*/*'] }],
    });
    const two = tcp(LEDGER, { ports: [port(9_000, 'tcp'), port(9_001, 'tcp')] });
    expect(chains([sidecar], { with: [two] })).toEqual([` → ${ledger}`]);
  });

  it('is routed by one of several hosts', () => {
    expect(chains([virtual([{ route: [to(REVIEWS)] }], {}, ['other.example', LEDGER])])).toEqual([
      ` → ${reviews}`,
    ]);
  });
});

describe('the table', () => {
  it('knows a listener by the very address, else by its port, else not', () => {
    const table = prepareRoutes(
      told([], {
        services: [service(REVIEWS), tcp(LEDGER, { ports: [port(80, 'tcp')], addresses: ['10.96.0.9'] })],
      }),
    );
    expect(listenerAt(table, '10.96.0.9', 80)?.listener.address).toBe('10.96.0.9');
    expect(listenerAt(table, '10.96.0.9', 80)?.hosts).toBeNull();
    expect(listenerAt(table, '10.96.0.1', 80)?.listener.address).toBe('0.0.0.0');
    expect(listenerAt(table, '10.96.0.1', 81)).toBeNull();
  });

  it('has no chain for addresses that no block has', () => {
    const table = prepareRoutes(told([], { services: [tcp('a.example', { addresses: ['10.0.0.0/8'] })] }));
    const listener = listenerAt(table, '11.0.0.1', 9_000);
    expect(listener && chainFor(listener, '11.0.0.1', null)).toBeNull();
    expect(listener && chainFor(listener, '10.0.0.1', null)).not.toBeNull();
  });

  it('decides beforehand where one route with one destination takes all', () => {
    const always = (http: object) => {
      const made = told([
        object('VirtualService', {
          hosts: ['reviews'],
          http: [{ route: [{ destination: { host: 'ratings' } }], ...http }],
        }),
      ]);
      return prepareRoutes(made).listeners.get('0.0.0.0:80')?.hosts?.exact.get('reviews')?.always ?? null;
    };
    expect(always({})).toMatchObject({
      kind: 'forward',
      destination: { cluster: `outbound|80||${RATINGS}` },
      plain: true,
    });
    expect(always({ match: [{ uri: { prefix: '/' } }] })).not.toBeNull();
    for (const match of [
      { uri: { prefix: '/a' } },
      { uri: { exact: '/' } },
      { uri: { regex: '.*' } },
      { headers: { x: {} } },
      { queryParams: { x: {} } },
    ])
      expect(always({ match: [match] })).toBeNull();
    const two = [
      { destination: { host: 'ratings' }, weight: 1 },
      { destination: { host: 'reviews' }, weight: 1 },
    ];
    expect(always({ route: two })).toBeNull();
    expect(always({ route: [], redirect: { uri: '/a' } })).toBeNull();
    expect(always({ timeout: '1s' })).toMatchObject({ plain: false });
  });

  it('has no cluster by a name that every object has', () => {
    const made = told([
      object('VirtualService', {
        hosts: ['reviews'],
        http: [{ route: [{ destination: { host: 'nobody.example' } }] }],
      }),
    ]);
    expect(
      prepareRoutes(made).listeners.get('0.0.0.0:80')?.hosts?.exact.get('reviews')?.always,
    ).toMatchObject({
      cluster: null,
      plain: false,
    });
  });
});
