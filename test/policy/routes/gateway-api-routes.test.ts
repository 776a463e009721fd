/** HTTPRoutes and GRPCRoutes of Services, as istiod joins and sorts them. */
import { describe, expect, it } from 'vitest';
import { gatewayApiVirtualServices } from '../../../policy/routes/gateway-api-routes.ts';
import { readRoutingObjects } from '../../../policy/routes/routing-objects.ts';
import { object, objects, REVIEWS } from '../../support/routing.ts';

const REVIEWS_PARENT = { group: '', kind: 'Service', name: 'reviews' };
const read = (...texts: string[]) => gatewayApiVirtualServices(readRoutingObjects(objects(...texts)));
const http = (spec: object, metadata: object = {}) =>
  object('HTTPRoute', { parentRefs: [REVIEWS_PARENT], ...spec }, metadata);
const named = (name: string, ...matches: object[]) => ({ name, ...(matches.length > 0 && { matches }) });
const order = (...rules: object[]) => read(http({ rules }))[0]?.http.map(({ spec }) => spec.name);

describe('a route of a Service', () => {
  it('is a VirtualService for its host, which comes from the rule that wrote it', () => {
    const [made, ...others] = read(
      http(
        { rules: [named('a'), named('b', { method: 'GET' })] },
        { creationTimestamp: '2026-01-01T00:00:00Z' },
      ),
    );
    expect(others).toEqual([]);
    expect(made).toMatchObject({
      name: `shop~${REVIEWS}`,
      namespace: 'shop',
      created: '2026-01-01T00:00:00Z',
      hosts: [REVIEWS],
      tcp: [],
      exportTo: [],
      gatewayApi: true,
    });
    expect(made?.http.map(({ source }) => source)).toMatchObject([
      { kind: 'HTTPRoute', namespace: 'shop', name: 'one', index: 1 },
      { kind: 'HTTPRoute', namespace: 'shop', name: 'one', index: 0 },
    ]);
    expect(made?.http[0]?.source.at.column).not.toBe(made?.http[1]?.source.at.column);
  });

  it('may be a GRPCRoute', () => {
    const [made] = read(
      object('GRPCRoute', {
        parentRefs: [REVIEWS_PARENT],
        rules: [{ matches: [{ method: { service: 'a' } }] }],
      }),
    );
    expect(made?.http).toMatchObject([
      { spec: { match: [{ uri: { prefix: '/a/' } }] }, source: { kind: 'GRPCRoute', index: 0 } },
    ]);
  });

  it('may be of another namespace’s Service, and of several parents', () => {
    const parentRefs = [REVIEWS_PARENT, { ...REVIEWS_PARENT, name: 'cart', namespace: 'billing' }];
    expect(read(http({ parentRefs })).map(({ hosts, name }) => [hosts, name])).toEqual([
      [[REVIEWS], `shop~${REVIEWS}`],
      [['cart.billing.svc.cluster.local'], 'shop~cart.billing.svc.cluster.local'],
    ]);
  });

  it('may be of a ServiceEntry, for its hosts', () => {
    const entry = (name: string, namespace: string, ...hosts: string[]) =>
      object(
        'ServiceEntry',
        { hosts, ports: [{ number: 80, name: 'h', protocol: 'HTTP' }] },
        { name, namespace },
      );
    const parent = { group: 'networking.istio.io', kind: 'ServiceEntry', name: 'out' };
    const entries = [
      entry('other', 'shop', 'd.example'),
      entry('out', 'billing', 'c.example'),
      entry('out', 'shop', 'a.example', 'b.example'),
    ];
    const hosts = (ref: object) => read(...entries, http({ parentRefs: [ref] })).map((one) => one.hosts[0]);
    expect(hosts(parent)).toEqual(['a.example', 'b.example']);
    expect(hosts({ ...parent, namespace: 'billing' })).toEqual(['c.example']);
    expect(hosts({ ...parent, name: 'nobody' })).toEqual([]);
    expect(hosts({ ...parent, group: '' })).toEqual([]);
    expect(hosts({ ...parent, kind: 'Service' })).toEqual([]);
  });

  it('is nobody’s at a Gateway', () => {
    expect(read(http({ parentRefs: [{ name: 'edge' }, { ...REVIEWS_PARENT, group: 'a' }] }))).toEqual([]);
  });

  it('may be for one port of it', () => {
    const made = read(
      http({
        parentRefs: [{ ...REVIEWS_PARENT, port: 81 }, REVIEWS_PARENT],
        rules: [named('a', {}, { method: 'GET' })],
      }),
      object('GRPCRoute', { parentRefs: [{ ...REVIEWS_PARENT, port: 82 }], rules: [{}] }),
    );
    expect(
      made.map(({ name, http: routes }) => [name, routes.map(({ spec }) => spec.match[0]?.port)]),
    ).toEqual([
      [`shop~81~${REVIEWS}`, [81, 81]],
      [`shop~${REVIEWS}`, [0, 0]],
      [`shop~82~${REVIEWS}`, [82]],
    ]);
  });
});

describe('routes of one host and namespace', () => {
  it('are one, as old as the oldest, whose rules come first where all else is equal', () => {
    const made = read(
      http({ rules: [named('young')] }, { name: 'a', creationTimestamp: '2026-02-01T00:00:00Z' }),
      http({ rules: [named('old')] }, { name: 'b', creationTimestamp: '2026-01-01T00:00:00Z' }),
    );
    expect(made.length).toBe(1);
    expect(made[0]?.created).toBe('2026-01-01T00:00:00Z');
    expect(made[0]?.http.map(({ spec }) => spec.name)).toEqual(['old', 'young']);
  });

  it('of other namespaces stay apart', () => {
    const parentRefs = [{ ...REVIEWS_PARENT, namespace: 'shop' }];
    expect(
      read(http({}), http({ parentRefs }, { namespace: 'billing' })).map(({ namespace, hosts }) => [
        namespace,
        hosts,
      ]),
    ).toEqual([
      ['billing', [REVIEWS]],
      ['shop', [REVIEWS]],
    ]);
  });
});

describe('the rules', () => {
  const path = (type: string, value: string) => ({ path: { type, value } });

  it('stand by their paths: exact, by prefix, by expression', () => {
    expect(
      order(
        named('regex', path('RegularExpression', '/aaaaaaaa')),
        named('prefix', path('PathPrefix', '/aaaa')),
        named('exact', path('Exact', '/a')),
      ),
    ).toEqual(['exact', 'prefix', 'regex']);
  });

  it('then the longer first', () => {
    for (const type of ['Exact', 'PathPrefix', 'RegularExpression'])
      expect(
        order(
          named('short', path(type, '/a')),
          named('long', path(type, '/abc')),
          named('middle', path(type, '/ab')),
        ),
      ).toEqual(['long', 'middle', 'short']);
  });

  it('then with a method first, then by the number of headers, then of parameters', () => {
    const fields = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ name: `x${at}`, value: 'a' }));
    expect(
      order(
        named('none', {}),
        named('parameter', { queryParams: fields(1) }),
        named('parameters', { queryParams: fields(2) }),
        named('header', { headers: fields(1) }),
        named('headers', { headers: fields(2) }),
        named('method', { method: 'GET' }),
        named('all', { method: 'GET', headers: fields(1), queryParams: fields(1) }),
      ),
    ).toEqual(['all', 'method', 'headers', 'header', 'parameters', 'parameter', 'none']);
  });

  it('that are equal as they were written', () => {
    expect(order(named('a', { method: 'GET' }), named('b', { method: 'PUT' }))).toEqual(['a', 'b']);
  });

  it('of gRPC without a match come last, and those without a path after those that have one', () => {
    const rules = [
      { name: 'any' },
      { name: 'header', matches: [{ headers: [{ name: 'x', value: 'a' }] }] },
      { name: 'method', matches: [{ method: { method: 'C' } }] },
      { name: 'service', matches: [{ method: { service: 'a' } }] },
      { name: 'other' },
    ];
    const [made] = read(object('GRPCRoute', { parentRefs: [REVIEWS_PARENT], rules }));
    expect(made?.http.map(({ spec }) => spec.name)).toEqual(['service', 'method', 'header', 'any', 'other']);
  });
});
