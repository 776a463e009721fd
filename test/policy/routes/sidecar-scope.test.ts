/** What a client sees: istiod's sidecar scope. */
import { describe, expect, it } from 'vitest';
import type { CompiledRoutes } from '../../../policy/routes/compiled-routes.ts';
import type { RouteService } from '../../../policy/routes/route-services.ts';
import type { RouteClient } from '../../../policy/routes/sidecar-scope.ts';
import {
  CART,
  object,
  RATINGS,
  REVIEWS,
  reached,
  service,
  told,
  type Setting,
  WEB,
} from '../../support/routing.ts';

const sidecar = (spec: object, metadata: object = {}) => object('Sidecar', spec, metadata);
const egress = (...hosts: string[]) => ({ egress: [{ hosts }] });
const hostsOf = ({ clusters }: CompiledRoutes) =>
  [...new Set(Object.values(clusters).map(({ host }) => host))].sort();
/** The first labels of the hosts that have clusters. */
const seen = (texts: string[], setting: Setting = {}) =>
  hostsOf(told(texts, setting)).map((host) => host.split('.', 1)[0]);
const port = (number: number, protocol: RouteService['ports'][number]['protocol'] = 'http', name = 'p') => ({
  name,
  port: number,
  targetPort: number,
  protocol,
});
const entry = (namespace: string, over: Partial<RouteService> = {}): RouteService =>
  service('api.example', { namespace, registry: 'external', ...over });

describe('the Sidecar that a client follows', () => {
  const all = ['cart', 'ratings', 'reviews'];
  const own = sidecar(egress('./reviews.shop.svc.cluster.local'));
  const root = sidecar(egress('*/ratings.shop.svc.cluster.local'), { namespace: 'istio-system' });

  it('is its namespace’s, then the root namespace’s; without one it sees everything', () => {
    expect(seen([])).toEqual(all);
    expect(seen([own, root])).toEqual(['reviews']);
    expect(seen([root])).toEqual(['ratings']);
    expect(seen([sidecar(egress('./*'), { namespace: 'billing' })])).toEqual(all);
  });

  it('is one that selects it before one that selects all, whichever is older', () => {
    const selecting = (labels: object, namespace = 'shop') =>
      sidecar(
        { ...egress('*/cart.billing.svc.cluster.local'), workloadSelector: { labels } },
        { name: 'two', namespace },
      );
    expect(seen([own, selecting({ app: 'web' })])).toEqual(['cart']);
    expect(seen([own, selecting({ app: 'api' })])).toEqual(['reviews']);
    const first = sidecar({ ...egress('*/*'), workloadSelector: { labels: { app: 'api' } } }, { name: '0' });
    expect(seen([first, own])).toEqual(['reviews']);
    expect(seen([own, selecting({ app: 'web', version: 'v2' })])).toEqual(['reviews']);
    expect(seen([selecting({ app: 'web' }, 'istio-system')])).toEqual(all);
    expect(seen([selecting({ app: 'web' }, 'billing')])).toEqual(all);
  });

  it('without egress hides nothing, and may still say what becomes of unknown hosts', () => {
    const open = told([sidecar({ outboundTrafficPolicy: { mode: 'ALLOW_ANY' } })]);
    expect(hostsOf(open).length).toBe(3);
    expect(open.outboundTrafficPolicy).toBe('ALLOW_ANY');
    expect(reached(open, { host: 'nobody' })).toBe('passthrough');
    const closed = told([sidecar({ outboundTrafficPolicy: {} })], {
      config: { outboundTrafficPolicy: 'ALLOW_ANY' },
    });
    expect(closed.outboundTrafficPolicy).toBe('REGISTRY_ONLY');
    expect(reached(closed, { host: 'nobody' })).toBe('unknown-host');
    expect(
      told([sidecar({ outboundTrafficPolicy: { mode: 'ALLOW_ANY_DYNAMIC_DNS' } })]).outboundTrafficPolicy,
    ).toBe('ALLOW_ANY');
    expect(told([own], { config: { outboundTrafficPolicy: 'ALLOW_ANY' } }).outboundTrafficPolicy).toBe(
      'ALLOW_ANY',
    );
  });
});

describe('egress hosts', () => {
  it.each([
    [['*/*'], ['cart', 'ratings', 'reviews']],
    [['./*'], ['ratings', 'reviews']],
    [['shop/*'], ['ratings', 'reviews']],
    [['billing/*'], ['cart']],
    [['~/*'], []],
    [['other/*'], []],
    [[`*/${CART}`], ['cart']],
    [[`shop/${CART}`], []],
    [['*/*.billing.svc.cluster.local'], ['cart']],
    [
      [`./${REVIEWS}`, 'billing/*'],
      ['cart', 'reviews'],
    ],
    [['./*', `~./${REVIEWS}`], ['ratings']],
    [['./*', `~shop/${REVIEWS}`], ['ratings']],
    [['./*', `~/${REVIEWS}`], ['ratings']],
    [['./*', `~*/${REVIEWS}`], ['ratings']],
    [
      ['./*', `~billing/${REVIEWS}`],
      ['ratings', 'reviews'],
    ],
    [['*/*', '~shop/*'], ['cart']],
  ])('%j show %j', (hosts, wanted) => {
    expect(seen([sidecar(egress(...hosts))])).toEqual(wanted);
  });

  it('show nothing that isn’t exported to the client', () => {
    const exported = (...exportTo: string[]) => seen([], { services: [service(CART, { exportTo })] });
    expect([exported(), exported('*'), exported('shop')]).toEqual([['cart'], ['cart'], ['cart']]);
    expect([exported('.'), exported('billing'), exported('~')]).toEqual([[], [], []]);
    expect(seen([], { services: [service(REVIEWS, { exportTo: ['.'] })] })).toEqual(['reviews']);
  });

  it('hide, and don’t block: what they leave out is an unknown host', () => {
    expect(reached(told([sidecar(egress('./*'))]), { host: 'cart.billing' })).toBe('unknown-host');
  });
});

describe('one host of several namespaces', () => {
  const used = (services: RouteService[], texts: string[] = [], client: RouteClient = WEB) => {
    const compiled = told(texts, { services, client });
    return compiled.clusters['outbound|80||api.example']?.endpoints[0]?.host ?? null;
  };
  const at = (address: string, over: Partial<RouteService>) =>
    service('api.example', {
      endpoints: [{ address, ports: {}, labels: {}, weight: 1, meshed: false, instance: null }],
      ...over,
    });
  const first = at('first', { namespace: 'a', registry: 'external' });
  const second = at('second', { namespace: 'b', registry: 'external' });
  const kubernetes = at('kubernetes', { namespace: 'c' });
  const own = at('own', { namespace: 'shop', registry: 'external' });

  it('is the client’s own, else Kubernetes’ own, else the first', () => {
    expect(used([first, second])).toBe('first');
    expect(used([first, second, kubernetes])).toBe('kubernetes');
    expect(used([kubernetes, first])).toBe('kubernetes');
    expect(used([kubernetes, at('other', { namespace: 'd' })])).toBe('kubernetes');
    expect(used([first, own, kubernetes])).toBe('own');
    expect(used([kubernetes, own, first])).toBe('own');
    expect(used([own, first])).toBe('own');
  });

  it('is that of a namespace that egress hosts name', () => {
    expect(used([first, second], [sidecar(egress('b/*'))])).toBe('second');
  });
});

describe('an egress listener with a port', () => {
  const two = service(REVIEWS, { ports: [port(80), port(81, 'http', 'q')] });
  const at = (number: number, protocol: string | undefined, ...hosts: string[]) => ({
    port: { number, ...(protocol && { protocol }), name: 'x' },
    hosts,
  });
  const clusters = (spec: object, services: RouteService[] = [two, service(RATINGS)]) =>
    Object.keys(told([sidecar(spec)], { services }).clusters).sort();

  it('shows that port alone', () => {
    expect(clusters({ egress: [at(81, 'HTTP', './*')] })).toEqual([`outbound|81||${REVIEWS}`]);
    expect(clusters({ egress: [at(80, 'HTTP', './*')] })).toEqual([
      `outbound|80||${RATINGS}`,
      `outbound|80||${REVIEWS}`,
    ]);
  });

  it('adds its port to those of another', () => {
    expect(clusters({ egress: [at(81, 'HTTP', './*'), at(80, 'HTTP', './*')] }).length).toBe(3);
    expect(clusters({ egress: [at(81, 'HTTP', './*'), { hosts: [`./${RATINGS}`] }] })).toEqual([
      `outbound|80||${RATINGS}`,
      `outbound|81||${REVIEWS}`,
    ]);
  });

  it('without a number is for every port', () => {
    expect(clusters({ egress: [{ port: { protocol: 'HTTP', name: 'x' }, hosts: ['./*'] }] }).length).toBe(3);
  });

  it.each([
    ['HTTP', true],
    ['HTTP2', true],
    ['GRPC', true],
    ['GRPC-WEB', true],
    ['HTTP_PROXY', true],
    [undefined, true],
    ['HTTPS', false],
    ['TLS', false],
    ['TCP', false],
    ['MONGO', false],
  ])('of %s speaks HTTP: %s', (protocol, http) => {
    const compiled = told([sidecar({ egress: [at(80, protocol, './*')] })]);
    expect(compiled.listeners.some((one) => one.port === 80 && one.http !== null)).toBe(http);
    expect(compiled.listeners.length).toBeGreaterThan(0);
  });

  it('has its connections to itself: what a wider listener shows is added to no listener of that port', () => {
    const sidecar = object('Sidecar', { egress: [at(80, 'HTTP', `./${REVIEWS}`), { hosts: ['*/*'] }] });
    const bytes = service('a.example', { addresses: [], ports: [port(80, 'tcp'), port(90, 'tcp', 'q')] });
    const made = told([sidecar], { services: [service(REVIEWS), bytes] }).listeners;
    expect(made.map((one) => [one.port, one.tcp.length])).toEqual([
      [80, 0],
      [90, 1],
    ]);
  });
});

describe('the VirtualServices that a client sees', () => {
  const to = (host: string) => [{ route: [{ destination: { host } }] }];
  const virtual = (name: string, spec: object, metadata: object = {}) =>
    object('VirtualService', { hosts: [REVIEWS], http: to(CART), ...spec }, { name, ...metadata });
  const sent = (texts: string[], setting: Setting = {}) => reached(told(texts, setting))?.split('|').at(-1);

  it.each([
    [[], 'billing', CART],
    [['*'], 'billing', CART],
    [['shop'], 'billing', CART],
    [['other', 'shop'], 'billing', CART],
    [['.'], 'billing', REVIEWS],
    [['billing'], 'billing', REVIEWS],
    [['~'], 'billing', REVIEWS],
    [['.'], 'shop', CART],
    [['shop'], 'shop', CART],
    [['~'], 'shop', REVIEWS],
    [['other'], 'shop', REVIEWS],
  ])('exported to %j from %s: to %s', (exportTo, namespace, wanted) => {
    expect(sent([virtual('one', { exportTo }, { namespace })])).toBe(wanted);
  });

  it('stand private before exported, exported before everybody’s, whatever their age', () => {
    const old = (year: number) => ({ creationTimestamp: `20${year}-01-01T00:00:00Z` });
    const public_ = virtual('public', { http: to(CART) }, old(20));
    const exported = virtual(
      'exported',
      { http: to(RATINGS), exportTo: ['shop'] },
      { ...old(21), namespace: 'billing' },
    );
    const privately = virtual('private', { http: to(REVIEWS), exportTo: ['.'] }, old(22));
    expect(sent([public_, exported, privately])).toBe(REVIEWS);
    expect(sent([public_, exported])).toBe(RATINGS);
    expect(sent([public_, virtual('late', { http: to(RATINGS) }, old(23))])).toBe(CART);
  });

  it('are those that egress hosts name, of their own namespace', () => {
    const theirs = virtual('one', {}, { namespace: 'billing' });
    const shown = (...hosts: string[]) => sent([theirs, sidecar(egress(`./${REVIEWS}`, ...hosts))]);
    expect(shown()).toBe(REVIEWS);
    expect(shown('billing/*')).toBe(CART);
    expect(shown(`billing/${REVIEWS}`)).toBe(CART);
    expect(shown('*/*')).toBe(CART);
    expect(shown(`billing/${CART}`)).toBe(REVIEWS);
    expect(shown(`billing/${RATINGS}`, `billing/${REVIEWS}`)).toBe(CART);
    const two = virtual('one', { hosts: ['a.example', REVIEWS] }, { namespace: 'billing' });
    expect(sent([two, sidecar(egress(`./${REVIEWS}`, `billing/${REVIEWS}`))])).toBe(CART);
    expect(shown('billing/*', `~billing/${REVIEWS}`)).toBe(REVIEWS);
    expect(shown('billing/*', `~*/${RATINGS}`)).toBe(CART);
  });

  it('by a wildcard host too, where it overlaps', () => {
    const wild = virtual('one', { hosts: ['*.shop.svc.cluster.local'] }, { namespace: 'billing' });
    const shown = (host: string) => sent([wild, sidecar(egress(`./${REVIEWS}`, host))]);
    expect(shown(`billing/${REVIEWS}`)).toBe(CART);
    expect(shown(`billing/${CART}`)).toBe(REVIEWS);
  });

  it('of the Gateway API and the client’s namespace stand first', () => {
    const parentRefs = [{ group: '', kind: 'Service', name: 'reviews' }];
    const http = (namespace: string) =>
      object(
        'HTTPRoute',
        {
          parentRefs: parentRefs.map((one) => ({ ...one, namespace: 'shop' })),
          rules: [{ backendRefs: [{ name: 'ratings', namespace: 'shop', port: 80 }] }],
        },
        { namespace, creationTimestamp: '2026-01-01T00:00:00Z' },
      );
    const older = virtual('one', {}, { creationTimestamp: '2020-01-01T00:00:00Z' });
    expect(sent([older, http('shop')])).toBe(RATINGS);
    const client = { namespace: 'billing', labels: {} };
    expect(reached(told([older, http('shop')], { client }), { host: 'reviews.shop' })).toBe(
      `outbound|80||${CART}`,
    );
    expect(reached(told([http('billing')], { client }), { host: 'reviews.shop' })).toBe(
      `outbound|80||${RATINGS}`,
    );
    expect(sent([http('billing')])).toBe(REVIEWS);
  });
});

describe('what a VirtualService leads to has a cluster where egress doesn’t show it', () => {
  const only = sidecar(egress(`./${REVIEWS}`));
  const virtual = (route: object, more: object = {}) =>
    object('VirtualService', {
      hosts: [REVIEWS],
      http: [{ route: [{ destination: { host: REVIEWS } }], ...route }],
      ...more,
    });
  const shown = (route: object, setting: Setting = {}) => seen([only, virtual(route)], setting);

  it('destinations, mirrors and destinations of TCP routes', () => {
    expect(seen([only])).toEqual(['reviews']);
    expect(shown({ route: [{ destination: { host: CART } }] })).toEqual(['cart', 'reviews']);
    expect(shown({ mirror: { host: CART } })).toEqual(['cart', 'reviews']);
    expect(shown({ mirrors: [{ destination: { host: CART } }] })).toEqual(['cart', 'reviews']);
    expect(seen([only, virtual({}, { tcp: [{ route: [{ destination: { host: CART } }] }] })])).toEqual([
      'cart',
      'reviews',
    ]);
    expect(shown({ route: [{ destination: { host: 'nobody.example' } }] })).toEqual(['reviews']);
  });

  it('unless it is for clients of another namespace', () => {
    const route = [{ destination: { host: CART } }];
    const from = (...namespaces: string[]) =>
      shown({ route, match: namespaces.map((sourceNamespace) => ({ sourceNamespace })) });
    expect(from('shop')).toEqual(['cart', 'reviews']);
    expect(from('other')).toEqual(['reviews']);
    expect(from('other', 'shop')).toEqual(['cart', 'reviews']);
    expect(from('other', '')).toEqual(['cart', 'reviews']);
  });

  it('the port that is named, or all', () => {
    const services = [service(REVIEWS), service(CART, { ports: [port(80), port(81, 'http', 'q')] })];
    const clusters = (destination: object, egress_: object = egress(`./${REVIEWS}`)) =>
      Object.keys(
        told([sidecar(egress_), virtual({ route: [{ destination: { host: CART, ...destination } }] })], {
          services,
        }).clusters,
      )
        .filter((name) => name.endsWith(CART))
        .sort();
    expect(clusters({})).toEqual([`outbound|80||${CART}`, `outbound|81||${CART}`]);
    expect(clusters({ port: { number: 81 } })).toEqual([`outbound|81||${CART}`]);
    expect(clusters({ port: { number: 82 } })).toEqual([]);
    const at80 = { egress: [{ port: { number: 80, protocol: 'HTTP', name: 'x' }, hosts: [`./${REVIEWS}`] }] };
    expect(clusters({}, at80)).toEqual([`outbound|80||${CART}`]);
    expect(clusters({ port: { number: 81 } }, at80)).toEqual([`outbound|80||${CART}`]);
  });

  it('of the client’s namespace, else the first namespace that exports it', () => {
    const at = (namespace: string, exportTo: string[] = []) =>
      entry(namespace, {
        exportTo,
        endpoints: [{ address: namespace, ports: {}, labels: {}, weight: 1, meshed: false, instance: null }],
      });
    const used = (...services: RouteService[]) =>
      told([only, virtual({ route: [{ destination: { host: 'api.example' } }] })], {
        services: [service(REVIEWS), ...services],
      }).clusters['outbound|80||api.example']?.endpoints[0]?.host ?? null;
    expect(used(at('b'), at('a'))).toBe('a');
    expect(used(at('a'), at('b'))).toBe('a');
    expect(used(at('a'), at('shop'))).toBe('shop');
    expect(used(at('a', ['.']), at('b'))).toBe('b');
    expect(used(at('a', ['.']))).toBeNull();
    expect(used(at('shop', ['~']))).toBe('shop');
  });
});

describe('one service of several listeners', () => {
  const http = service(REVIEWS, { ports: [port(80), port(81, 'http', 'q')] });
  const listeners = (...numbers: number[]) => ({
    egress: numbers.map((number) => ({
      port: { number, protocol: 'HTTP', name: `n${number}` },
      hosts: ['*/*'],
    })),
  });

  it('has the ports of all', () => {
    expect(Object.keys(told([sidecar(listeners(80, 81, 80))], { services: [http] }).clusters).sort()).toEqual(
      [`outbound|80||${REVIEWS}`, `outbound|81||${REVIEWS}`],
    );
  });

  it('is Kubernetes’ own rather than a ServiceEntry’s, and never of two namespaces', () => {
    const clusters = (...services: RouteService[]) =>
      Object.values(told([sidecar(listeners(80, 81))], { services }).clusters)
        .map((one) => `${one.port} ${one.endpoints[0]?.host}`)
        .sort();
    const at = (number: number, namespace: string, registry: RouteService['registry']) =>
      service('api.example', {
        namespace,
        registry,
        ports: [port(number)],
        endpoints: [{ address: namespace, ports: {}, labels: {}, weight: 1, meshed: false, instance: null }],
      });
    expect(clusters(at(80, 'a', 'external'), at(81, 'b', 'external'))).toEqual(['80 a']);
    expect(clusters(at(80, 'a', 'external'), at(81, 'b', 'kubernetes'))).toEqual(['81 b']);
    expect(clusters(at(80, 'a', 'kubernetes'), at(81, 'b', 'external'))).toEqual(['80 a']);
    expect(clusters(at(80, 'a', 'kubernetes'), at(81, 'b', 'kubernetes'))).toEqual(['80 a']);
  });
});
