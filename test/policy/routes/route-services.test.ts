/** ServiceEntries as services. */
import { describe, expect, it } from 'vitest';
import { readRoutingObjects } from '../../../policy/routes/routing-objects.ts';
import {
  isVisible,
  portOf,
  servicesOfEntry,
  type RouteService,
} from '../../../policy/routes/route-services.ts';
import { CART, object, objects, service, REVIEWS, SERVICES } from '../../support/routing.ts';

const port = { number: 80, name: 'http', protocol: 'HTTP' };
function services(spec: object, metadata: object = {}, mesh: readonly RouteService[] = []) {
  const text = object('ServiceEntry', { hosts: ['a.example'], ports: [port], ...spec }, metadata);
  return readRoutingObjects(objects(text)).serviceEntries.flatMap((entry) => servicesOfEntry(entry, mesh));
}
const first = (spec: object) => services(spec)[0];

describe('a ServiceEntry', () => {
  it('is a service outside of the mesh, by name', () => {
    expect(services({}, { creationTimestamp: '2026-01-01T00:00:00Z' })).toEqual([
      {
        host: 'a.example',
        namespace: 'shop',
        registry: 'external',
        addresses: [],
        ports: [{ name: 'http', port: 80, targetPort: 80, protocol: 'http' }],
        exportTo: [],
        resolution: 'none',
        external: true,
        subjectAltNames: [],
        endpoints: [],
        created: '2026-01-01T00:00:00Z',
      },
    ]);
  });

  it('is one a host and address', () => {
    const addresses = ['10.0.0.1', '10.0.0.2/32', '10.0.0.0/24', 'fd00::1/32'];
    expect(
      services({ hosts: ['a.example', 'b.example'], addresses }).map((one) => [one.host, one.addresses]),
    ).toEqual(
      ['a.example', 'b.example'].flatMap((host) =>
        ['10.0.0.1', '10.0.0.2', '10.0.0.0/24', 'fd00::1/32'].map((address) => [host, [address]]),
      ),
    );
  });

  it.each([
    ['HTTP', 'http'],
    ['http2', 'http2'],
    ['GRPC', 'grpc'],
    ['TCP', 'tcp'],
    ['TLS', 'tls'],
    ['MONGO', 'tcp'],
    ['UDP', 'tcp'],
  ])('has a port of %s that speaks %s', (protocol, spoken) => {
    expect(first({ ports: [{ ...port, name: 'http', protocol }] })?.ports).toMatchObject([
      { protocol: spoken },
    ]);
  });

  it('has target ports, names and namespaces as they are written', () => {
    const made = first({
      ports: [{ ...port, targetPort: 8_080 }],
      exportTo: ['.'],
      subjectAltNames: ['a'],
      location: 'MESH_INTERNAL',
    });
    expect(made).toMatchObject({
      ports: [{ targetPort: 8_080 }],
      exportTo: ['.'],
      subjectAltNames: ['a'],
      external: false,
    });
  });

  it.each([
    ['NONE', 'none', 0],
    ['DNS', 'dns', 1],
    ['DNS_ROUND_ROBIN', 'dns', 1],
    ['DYNAMIC_DNS', 'dns', 0],
  ])('of resolution %s is found by %s, and has itself for an endpoint: %d', (resolution, kind, count) => {
    const made = first({ resolution });
    expect(made?.resolution).toBe(kind);
    expect(made?.endpoints).toEqual(
      count === 0
        ? []
        : [{ address: 'a.example', ports: {}, labels: {}, weight: 1, meshed: false, instance: null }],
    );
  });

  it('has endpoints as they are written, of the mesh where their label says so', () => {
    const labels = { 'security.istio.io/tlsMode': 'istio' };
    const endpoints = [
      { address: '10.1.0.1', ports: { http: 81 }, weight: 3, labels },
      { address: '10.1.0.2', weight: 0, labels: { 'security.istio.io/tlsMode': 'disabled' } },
    ];
    const made = (location: string) => first({ resolution: 'STATIC', location, endpoints });
    expect(made('MESH_INTERNAL')?.resolution).toBe('static');
    expect(made('MESH_INTERNAL')?.endpoints).toEqual([
      { address: '10.1.0.1', ports: { http: 81 }, labels, weight: 3, meshed: true, instance: null },
      {
        address: '10.1.0.2',
        ports: {},
        labels: { 'security.istio.io/tlsMode': 'disabled' },
        weight: 1,
        meshed: false,
        instance: null,
      },
    ]);
    expect(made('MESH_EXTERNAL')?.endpoints.map(({ meshed }) => meshed)).toEqual([false, false]);
  });

  describe('with a workloadSelector', () => {
    const spec = {
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      workloadSelector: { labels: { version: 'v1' } },
    };
    const selecting = (over: object, mesh = SERVICES) => services({ ...spec, ...over }, {}, mesh)[0];

    it('has no pod of another namespace, and none whose labels differ', () => {
      expect(selecting({}, [service(CART)])?.endpoints).toEqual([]);
      expect(selecting({ workloadSelector: { labels: { version: 'v2' } } })?.endpoints).toEqual([]);
      expect(selecting({ workloadSelector: { labels: { version: 'v1', app: 'x' } } })?.endpoints).toEqual([]);
      // Not itself, as by DNS without a selector.
      expect(selecting({ resolution: 'DNS', workloadSelector: { labels: { a: 'b' } } })?.endpoints).toEqual(
        [],
      );
    });

    it('has the pods of its namespace with those labels, and expects them to be who they are', () => {
      const found = selecting({ subjectAltNames: ['spiffe://a/b'] });
      expect(found?.endpoints.map(({ instance, meshed }) => [instance, meshed])).toEqual([
        ['reviews-1', true],
        ['ratings-1', true],
      ]);
      expect(found?.subjectAltNames).toEqual([
        'spiffe://a/b',
        'spiffe://cluster.local/ns/shop/sa/reviews',
        'spiffe://cluster.local/ns/shop/sa/ratings',
      ]);
    });

    it('finds a pod at its port of the same name, else at the entry’s own target', () => {
      const ports = [port, { number: 99, name: 'other', protocol: 'TCP', targetPort: 9_000 }];
      const found = selecting({ ports }, [service(REVIEWS)]);
      const [endpoint] = found?.endpoints ?? [];
      expect(endpoint && found?.ports.map((one) => portOf(endpoint, one))).toEqual([8_080, 9_000]);
    });
  });
});

describe('a service', () => {
  it.each([
    [[], 'other', true],
    [['*'], 'other', true],
    [['a', '*'], 'other', true],
    [['other'], 'other', true],
    [['.'], 'shop', true],
    [['.'], 'other', false],
    [['~'], 'shop', false],
    [['shop'], 'other', false],
  ])('exported to %j may be known in %s: %s', (exportTo, client, wanted) => {
    expect(isVisible(service(REVIEWS, { exportTo }), client)).toBe(wanted);
  });

  it('has endpoints at the port of its name, else at its target', () => {
    const [endpoint] = service(REVIEWS).endpoints;
    if (endpoint === undefined) throw new Error('no endpoint');
    const at = { name: 'http', port: 80, targetPort: 8_080, protocol: 'http' as const };
    expect(portOf({ ...endpoint, ports: { http: 9 } }, at)).toBe(9);
    expect(portOf({ ...endpoint, ports: { other: 9 } }, at)).toBe(8_080);
  });
});

describe('objects that route', () => {
  it('are read by kind and group, the oldest first, then by name, then by namespace', () => {
    const rule = (name: string, namespace: string, creationTimestamp?: string) =>
      object(
        'DestinationRule',
        { host: 'a' },
        { name, namespace, ...(creationTimestamp && { creationTimestamp }) },
      );
    const read = readRoutingObjects(
      objects(
        rule('b', 'z', '2026-02-01T00:00:00Z'),
        rule('c', 'y', '2026-01-01T00:00:00Z'),
        rule('b', 'y', '2026-01-01T00:00:00Z'),
        rule('b', 'x', '2026-01-01T00:00:00Z'),
        rule('z', 'z'),
        object('Sidecar', {}),
      ),
    );
    expect(read.destinationRules.map(({ name, namespace }) => `${name}.${namespace}`)).toEqual([
      'z.z',
      'b.x',
      'b.y',
      'c.y',
      'b.z',
    ]);
    expect(read.sidecars.length).toBe(1);
    expect(read.virtualServices).toEqual([]);
  });

  it('of other groups are left alone', () => {
    const [mine] = objects(object('DestinationRule', { host: 'a' }));
    if (mine === undefined) throw new Error('no object');
    const other = { ...mine, apiVersion: 'example.com/v1' };
    expect(readRoutingObjects([other, mine]).destinationRules.length).toBe(1);
  });
});
