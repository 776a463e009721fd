import { describe, expect, it } from 'vitest';
import type { PolicyObject } from '../../../model/policy-object.ts';
import { type GatewayPort, openGateway, readGatewayPort } from '../../../policy/gateway/read-gateway.ts';
import { qualified } from '../../../policy/routes/virtual-services.ts';
import { virtualHosts } from '../../../policy/gateway/virtual-hosts.ts';

const workload = { namespace: 'istio-system', labels: { istio: 'ingressgateway', tier: 'edge' } };
const ROUTE = [{ destination: { host: 'echo' } }];

function object(kind: string, name: string, spec: unknown, over: Partial<PolicyObject> = {}): PolicyObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind,
    metadata: { name, namespace: 'istio-system', annotations: {}, labels: {} },
    spec,
    at: { file: 'gateway.yaml', line: 1, column: 1 },
    positions: {},
    ...over,
  };
}

function metadata(name: string, namespace: string, creationTimestamp?: string): PolicyObject['metadata'] {
  const more = creationTimestamp === undefined ? {} : { creationTimestamp };
  return { name, namespace, annotations: {}, labels: {}, ...more };
}

function server(hosts: string[], protocol = 'HTTP', number = 80, tls?: object) {
  return { port: { number, name: 'p', protocol }, hosts, ...(tls && { tls }) };
}

function gateway(servers: object[], selector: Record<string, string> = {}, name = 'ingress'): PolicyObject {
  return object('Gateway', name, { selector, servers });
}

function service(name: string, spec: object, over: Partial<PolicyObject> = {}): PolicyObject {
  return object(
    'VirtualService',
    name,
    { hosts: ['*'], gateways: ['ingress'], http: [{ route: ROUTE }], ...spec },
    over,
  );
}

function read(objects: PolicyObject[], port = 80): GatewayPort {
  const at = readGatewayPort(objects, workload, port);
  if (typeof at === 'string') throw new Error(at);
  return at;
}

describe('a port of a gateway is not judged, and says why', () => {
  const https = (mode?: string) =>
    gateway([server(['*'], 'https', 443, mode === undefined ? undefined : { mode })]);

  it.each([
    ['a spec that can’t be read', [gateway([{ hosts: [] }])], 'Gateway ingress: spec.servers.0.port: '],
    ['a service that can’t be read', [service('s', { hosts: [''], http: [] })], 'VirtualService s: spec.'],
    [
      'a service with an expression that can’t be matched',
      [service('s', { http: [{ match: [{ uri: { regex: '(?=a)' } }], route: ROUTE }] })],
      "VirtualService s: the expression (?=a) can't be matched",
    ],
    ['HTTPS without tls', [https()], 'a server of Gateway ingress with protocol https'],
    [
      'HTTPS handed on by itself',
      [https('AUTO_PASSTHROUGH')],
      'a server of Gateway ingress with protocol https and tls.mode AUTO_PASSTHROUGH',
    ],
    [
      'another protocol',
      [gateway([server(['*'], 'MONGO', 443)])],
      'a server of Gateway ingress with protocol MONGO',
    ],
    [
      'two servers of plain bytes',
      [gateway([server(['a'], 'TCP', 443), server(['b'], 'TCP', 443)])],
      'two TCP servers at one port, 443',
    ],
    [
      'one name that is ended and passed on',
      [
        gateway([
          server(['a.example'], 'HTTPS', 443, { mode: 'SIMPLE' }),
          server(['*.example'], 'TLS', 443, { mode: 'PASSTHROUGH' }),
        ]),
        service('s', { http: [], tls: [{ match: [{ sniHosts: ['A.example'] }], route: ROUTE }] }),
      ],
      'server name a.example has two chains at port 443',
    ],
    [
      'two protocols at one port',
      [gateway([server(['a'], 'HTTP', 443), server(['b'], 'HTTPS', 443, { mode: 'SIMPLE' })])],
      'HTTP and TLS servers at one port, 443',
    ],
  ])('%s', (_, objects, why) => {
    expect(readGatewayPort(objects, workload, 443)).toContain(why);
  });
});

describe('a port of a gateway', () => {
  it('has the servers of its number, by protocol, of gateways that select the pod', () => {
    const objects = [
      gateway(
        [server(['a'], 'http'), server(['b'], 'grpc'), server(['c'], 'HTTP2'), server(['d'], 'HTTP', 81)],
        { istio: 'ingressgateway' },
      ),
      gateway([server(['e'])], { istio: 'ingressgateway', tier: 'inner' }, 'inner'),
      gateway([server(['f'])], { zone: 'a' }, 'elsewhere'),
      gateway([server(['g'])], {}, 'any'),
      object('Gateway', 'other', { gatewayClassName: 'x' }, { apiVersion: 'gateway.networking.k8s.io/v1' }),
      object('DestinationRule', 'd', {}),
    ];
    const at = read(objects);
    expect(at.http.map((one) => `${one.gateway} ${one.server.hosts.join()}`)).toEqual([
      'istio-system/ingress a',
      'istio-system/ingress b',
      'istio-system/ingress c',
      'istio-system/any g',
    ]);
    expect(at).toMatchObject({ port: 80, https: [], virtualServices: [], ...workload });
  });

  it('reads ./ as the gateway’s own namespace', () => {
    expect(read([gateway([server(['./a', 'b/c', '*/d', 'e'])])]).http[0]?.server.hosts).toEqual([
      'istio-system/a',
      'b/c',
      '*/d',
      'e',
    ]);
  });

  it('sees the services that are exported to it, the oldest first, then by name and namespace', () => {
    const objects = [
      service('z', {}, { metadata: metadata('z', 'shop', '2026-01-01T00:00:00Z') }),
      service('b', {}, { metadata: metadata('b', 'shop') }),
      service('b', {}, { metadata: metadata('b', 'billing') }),
      service('a', { exportTo: ['istio-system'] }, { metadata: metadata('a', 'shop') }),
      service('own', { exportTo: ['.'] }),
      service('hidden', { exportTo: ['.'] }, { metadata: metadata('hidden', 'shop') }),
      service('elsewhere', { exportTo: ['billing'] }, { metadata: metadata('elsewhere', 'shop') }),
      service('old', {}, { metadata: metadata('old', 'shop', '2025-01-01T00:00:00Z') }),
    ];
    expect(read(objects).virtualServices.map(({ name, namespace }) => `${name}.${namespace}`)).toEqual([
      'a.shop',
      'b.billing',
      'b.shop',
      'own.istio-system',
      'old.shop',
      'z.shop',
    ]);
  });

  it.each([
    ['mesh', 'mesh'],
    ['ingress', 'shop/ingress'],
    ['istio-system/ingress', 'istio-system/ingress'],
  ])('called %s in namespace shop is %s', (name, whole) => {
    expect(qualified(name, 'shop')).toBe(whole);
  });
});

describe('bytes that nobody reads', () => {
  const TCP = gateway([server(['db.example'], 'TCP', 443)]);
  const to = (host: string, weight = 0) => ({ destination: { host, port: { number: 5432 } }, weight });
  const tcp = (...routes: object[]) => service('s', { hosts: ['db.example'], http: [], tcp: routes });
  const clusters = ({ tcp: served }: GatewayPort) => served?.chain.destinations.map(({ cluster }) => cluster);
  const db = 'outbound|5432||db.istio-system.svc.cluster.local';

  it.each([
    ['has no route', []],
    ['has routes for another port', [tcp({ match: [{ port: 1 }], route: [to('db')] })]],
    ['has routes for another gateway', [tcp({ match: [{ gateways: ['other'] }], route: [to('db')] })]],
    ['has routes of another host', [service('s', { hosts: ['x'], http: [], tcp: [{ route: [to('db')] }] })]],
  ])('go nowhere from a server that %s', (_, services) => {
    expect(read([TCP, ...services], 443)).toMatchObject({ tcp: null, http: [], https: [], tls: [] });
  });

  it('go by the first route for the port, whatever its match asks of sources', () => {
    const routes = [
      { match: [{ port: 444 }, { gateways: ['ingress'], sourceLabels: { a: 'b' } }], route: [to('db')] },
      { route: [to('second')] },
    ];
    const at = read([TCP, tcp(...routes)], 443);
    expect(clusters(at)).toEqual([db]);
    expect(at.tcp?.chain).toMatchObject({ serverNames: [], hashSourceIp: false, source: { index: 0 } });
  });

  it('are shared out by weight, and a destination without any gets none', () => {
    const at = read([TCP, tcp({ route: [to('db', 1), to('none'), to('second', 3)] })], 443);
    expect(at.tcp?.chain.destinations.map(({ cluster, weight }) => [cluster.split('|')[3], weight])).toEqual([
      ['db.istio-system.svc.cluster.local', 1],
      ['second.istio-system.svc.cluster.local', 3],
    ]);
  });

  it('leave a server out whose name another has, with all its names', () => {
    const tls = { mode: 'ISTIO_MUTUAL' };
    const at = read(
      [
        gateway([server(['db.example'], 'TLS', 443, tls), server(['x', 'db.example'], 'TLS', 443, tls)]),
        tcp({ route: [to('db')] }),
      ],
      443,
    );
    expect(at.tls.map(({ server: { hosts } }) => hosts)).toEqual([['db.example']]);
  });
});

describe('a gateway that a suite doesn’t bring', () => {
  it.each([
    [true, 'HTTPS'],
    [false, 'HTTP'],
  ])('hands everything on, with TLS: %s', (tls, protocol) => {
    const at = openGateway(workload, 8443, tls);
    const [served] = tls ? at.https : at.http;
    expect(tls ? at.http : at.https).toEqual([]);
    expect(served).toMatchObject({
      gateway: 'istio-system/any',
      server: { port: { number: 8443, protocol }, hosts: ['*'] },
    });
    expect(served?.server.tls?.mode).toBe(tls ? 'ISTIO_MUTUAL' : undefined);
    expect(virtualHosts(at, served ? [served] : [])).toEqual([
      { domain: '*', routes: [expect.objectContaining({ name: '' })], httpsOnly: false },
    ]);
  });
});

describe('the virtual hosts of a server', () => {
  function hosts(servers: object[], ...services: PolicyObject[]) {
    const at = read([gateway(servers), ...services]);
    return virtualHosts(at, at.http).map(({ domain, routes, httpsOnly }) => {
      const names = routes.map(({ name }) => name);
      return `${domain}: ${names.join(' ')}${httpsOnly ? ' (https)' : ''}`;
    });
  }
  const named = (name: string, more: object = {}) => ({ name, route: ROUTE, ...more });
  const prefix = (text: string, more: object = {}) => ({ match: [{ uri: { prefix: text }, ...more }] });

  it('are the names that server and service share, the narrower of two, in lower case', () => {
    expect(
      hosts(
        [server(['*.example.com', 'Shop.org'])],
        service('a', { hosts: ['a.example.com', '*.b.example.com', 'other.net'], http: [named('a')] }),
        service('b', { hosts: ['*'], http: [named('b')] }),
      ),
    ).toEqual(['a.example.com: a', '*.b.example.com: a', '*.example.com: b', 'shop.org: b']);
  });

  it('are open to the namespaces that the server names, and to the services of this gateway only', () => {
    const of = (namespace: string, more: object = {}) =>
      service(
        namespace,
        { http: [named(namespace)], gateways: ['istio-system/ingress'], ...more },
        { metadata: metadata(namespace, namespace) },
      );
    expect(
      hosts(
        [server(['shop/a', '*/b'])],
        of('shop'),
        of('billing'),
        of('x', { gateways: ['istio-system/inner'] }),
      ),
    ).toEqual(['b: billing shop', 'a: shop']);
  });

  it('send everything to https where the server says so, with or without routes', () => {
    expect(
      hosts(
        [server(['a.example', 'b'], 'HTTP', 80, { httpsRedirect: true, mode: 'SIMPLE' })],
        service('s', { hosts: ['a.example'], http: [named('s')] }),
      ),
    ).toEqual(['a.example: s (https)', 'b:  (https)']);
  });

  it('have the routes in the order written, up to the first that takes everything', () => {
    expect(
      hosts([server(['*'])], service('s', { http: [named('a', prefix('/a')), named('b'), named('c')] })),
    ).toEqual(['*: a b']);
    const all = [named('slash', prefix('/')), named('never', prefix('/x'))];
    expect(hosts([server(['*'])], service('s', { http: all }))).toEqual(['*: slash']);
  });

  it.each([
    ['a method', { method: { exact: 'GET' } }],
    ['an authority', { authority: { exact: 'a' } }],
    ['a header', { headers: { a: {} } }],
    ['the absence of a header', { withoutHeaders: { a: {} } }],
  ])('go on after a route that asks for %s', (_, more) => {
    expect(
      hosts([server(['*'])], service('s', { http: [named('a', prefix('/', more)), named('b')] })),
    ).toEqual(['*: a b']);
  });

  it('put what takes everything last, where services share a host', () => {
    expect(
      hosts(
        [server(['*'])],
        service('a', { http: [named('all')] }),
        service('b', { http: [named('some', prefix('/b'))] }),
      ),
    ).toEqual(['*: some all']);
  });

  it('take a root in any case for one that takes everything, too, as Istio does', () => {
    expect(
      hosts(
        [server(['*'])],
        service('s', { http: [named('a', prefix('/', { ignoreUriCase: true })), named('b')] }),
      ),
    ).toEqual(['*: a']);
  });

  it('have the short name of a service completed, which no Host of a client is', () => {
    expect(hosts([server(['*'])], service('s', { hosts: ['web'], http: [named('a')] }))).toEqual([
      'web.istio-system.svc.cluster.local: a',
    ]);
  });

  it.each([
    ['another port', { port: 81 }],
    ['another gateway', { gateways: ['inner'] }],
    ['the mesh', { gateways: ['mesh'] }],
    ['other labels', { sourceLabels: { tier: 'inner' } }],
    ['another namespace', { sourceNamespace: 'shop' }],
  ])('have no match that is for %s', (_, match) => {
    const http = [{ name: 'a', match: [match], route: ROUTE }, named('b')];
    expect(hosts([server(['*'])], service('s', { http }))).toEqual(['*: b']);
  });

  it.each([
    ['this port', { port: 80 }],
    [
      'this gateway among others, its labels then not asked',
      { gateways: ['inner', 'ingress'], sourceLabels: { tier: 'x' } },
    ],
    ['these labels', { sourceLabels: { tier: 'edge' } }],
    ['this namespace', { sourceNamespace: 'istio-system' }],
  ])('have each match that is for %s', (_, match) => {
    const http = [{ name: 'a', match: [{ uri: { prefix: '/x' }, ...match }], route: ROUTE }, named('b')];
    expect(hosts([server(['*'])], service('s', { http }))).toEqual(['*: a b']);
  });
});
