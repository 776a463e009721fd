/** Chains by server name, as istiod makes them for ports that speak TLS, and which of them a ClientHello gets. */
import { describe, expect, it } from 'vitest';
import type { RouteService } from '../../../policy/routes/route-services.ts';
import {
  asksForServerNames,
  chainFor,
  listenerAt,
  prepareRoutes,
} from '../../../policy/routes/route-table.ts';
import { object, service, told, type Setting } from '../../support/routing.ts';

const DB = 'db.shop.svc.cluster.local';
const SECOND = 'second.shop.svc.cluster.local';
const port = { name: 'tls', port: 443, targetPort: 443, protocol: 'tls' } as const;
const tls = (host: string, over: Partial<RouteService> = {}) => service(host, { ports: [port], ...over });
const SERVICES = [tls(DB), tls(SECOND, { addresses: ['10.96.0.2'] })];
const match = (sniHosts: string[], more: object = {}) => ({ sniHosts, ...more });
const to = (host: string) => ({ destination: { host } });
const virtual = (routes: object[], hosts = ['db.example', '*.db.example', DB], metadata: object = {}) =>
  object('VirtualService', { hosts, tls: routes }, metadata);

/** The service that a connection to `address` gets, by its name; null: none. */
function reached(
  texts: string[],
  name: string | null,
  setting: Setting & { address?: string } = {},
): string | null {
  const { address = '10.96.0.1', ...rest } = setting;
  const table = prepareRoutes(told(texts, { services: SERVICES, ...rest }));
  const listener = listenerAt(table, address, 443);
  const chain = listener && chainFor(listener, address, name);
  return chain?.destinations[0]?.cluster.split('|')[3] ?? null;
}

describe('a connection to a service that has tls routes', () => {
  const routes = [
    { match: [match(['a.db.example'])], route: [to(DB)] },
    { match: [match(['*.db.example'])], route: [to(SECOND)] },
  ];

  it.each([
    ['no server name', null],
    ['a name of none', 'elsewhere.example'],
    ['the wildcard’s own domain', 'db.example'],
  ])('gets no chain with %s, not the service’s own either', (_, name) => {
    expect(reached([virtual(routes)], name)).toBeNull();
  });

  it('goes by the nearest of the names, whatever the order', () => {
    for (const written of [routes, routes.toReversed()]) {
      expect(reached([virtual(written)], 'a.db.example')).toBe(DB);
      expect(reached([virtual(written)], 'b.db.example')).toBe(SECOND);
    }
  });

  it('goes by the first of two routes for one name', () => {
    const twice = [
      { match: [match(['a.db.example'])], route: [to(SECOND)] },
      { match: [match(['a.db.example'])], route: [to(DB)] },
    ];
    expect(reached([virtual(twice)], 'a.db.example')).toBe(SECOND);
  });

  it.each([
    ['another port', { port: 444 }],
    ['another gateway', { gateways: ['edge'] }],
    ['clients of other labels', { sourceLabels: { app: 'other' } }],
    ['clients of another namespace', { sourceNamespace: 'billing' }],
  ])('isn’t routed by a match for %s', (_, more) => {
    const others = [{ match: [match(['a.db.example'], more)], route: [to(SECOND)] }];
    expect(reached([virtual(others)], 'a.db.example')).toBe(DB);
  });

  it('with one for every name takes those without a name too', () => {
    const all = [{ match: [match(['*'])], route: [to(SECOND)] }];
    for (const name of [null, 'x.example']) expect(reached([virtual(all, ['*'])], name)).toBe(SECOND);
  });

  it('is told by which route', () => {
    const listener = told([virtual(routes)], { services: SERVICES }).listeners.find(
      ({ address }) => address === '10.96.0.1',
    );
    expect(listener?.tcp.map(({ source, serverNames }) => [source?.index, serverNames])).toEqual([
      [0, ['a.db.example']],
      [1, ['*.db.example']],
    ]);
  });

  it('by subnets keeps to the narrowest that has its address, and looks in no wider one', () => {
    const subnets = [
      { match: [match(['a.db.example'], { destinationSubnets: ['10.0.0.0/8'] })], route: [to(DB)] },
      { match: [match(['b.db.example'], { destinationSubnets: ['10.96.0.0/16'] })], route: [to(SECOND)] },
    ];
    expect(reached([virtual(subnets)], 'b.db.example')).toBe(SECOND);
    expect(reached([virtual(subnets)], 'a.db.example')).toBeNull();
  });
});

describe('a port that speaks TLS, without routes', () => {
  it('is its service’s, whatever name is said, where the service has an address', () => {
    for (const name of [null, 'x.example']) expect(reached([], name)).toBe(DB);
    const listener = listenerAt(prepareRoutes(told([], { services: SERVICES })), '10.96.0.1', 443);
    expect(listener && asksForServerNames(listener)).toBe(false);
  });

  it('tells services without an address apart by their own names', () => {
    const outside = (host: string) => tls(host, { addresses: [], registry: 'external', external: true });
    const services = [outside('a.example'), outside('b.example'), outside('*.wild.example')];
    const at = (name: string | null) => reached([], name, { services, address: '203.0.113.9' });
    expect([at('a.example'), at('b.example'), at('x.wild.example')]).toEqual([
      'a.example',
      'b.example',
      '*.wild.example',
    ]);
    expect([at(null), at('c.example')]).toEqual([null, null]);
  });
});
