/** A delegate's routes within their root's: istiod's mergeHTTPRoute. */
import { describe, expect, it } from 'vitest';
import { virtualServiceSchema, type HttpRouteSpec } from '../../../model/istio/virtual-service.ts';
import { mergeDelegate } from '../../../policy/routes/delegates.ts';
import { object, onlyRoute, REVIEWS, routesOf, told } from '../../support/routing.ts';

const ROUTE = [{ destination: { host: 'ratings', subset: '' }, weight: 0 }];

function route(spec: object): HttpRouteSpec {
  const parsed = virtualServiceSchema.parse({ hosts: ['a'], http: [{ route: ROUTE, ...spec }] });
  return parsed.http[0] as HttpRouteSpec;
}

const merged = (root: object, own: object) => mergeDelegate(route(root), route(own));
/** The merged matches as far as they ask for anything; null when the route is left out. */
function matches(root: object[], own: object[]): object[] | null {
  const made = merged({ match: root }, { match: own });
  return (
    made &&
    made.match.map((one) => Object.fromEntries(Object.entries(one).filter(([, value]) => asks(value))))
  );
}
function asks(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}

describe('what a delegate’s route doesn’t say', () => {
  const fields = {
    rewrite: [{ uri: '/a' }, { uri: '/b' }],
    directResponse: [{ status: 200 }, { status: 201 }],
    timeout: ['1s', '2s'],
    retries: [{ attempts: 1 }, { attempts: 2 }],
    fault: [{ delay: { fixedDelay: '1s' } }, { delay: { fixedDelay: '2s' } }],
    mirror: [
      { host: 'a', subset: '' },
      { host: 'b', subset: '' },
    ],
    mirrorPercent: [1, 2],
    mirrorPercentage: [{ value: 1 }, { value: 2 }],
    corsPolicy: [{ allowCredentials: true }, { allowCredentials: false }],
    headers: [{ request: { set: { a: '1' } } }, { request: { set: { b: '1' } } }],
    mirrors: [[{ destination: { host: 'a', subset: '' } }], [{ destination: { host: 'b', subset: '' } }]],
  };

  it.each(Object.entries(fields))('is its root’s: %s', (field, [one, other]) => {
    const spec = (value: unknown) => {
      const written = { [field]: value, ...(field === 'directResponse' && { route: [] }) };
      return route(written) as Record<string, unknown>;
    };
    const plain = route({});
    const value = (root: unknown, own: unknown) =>
      mergeDelegate(root as HttpRouteSpec, own as HttpRouteSpec) as Record<string, unknown> | null;
    expect(value(spec(one), plain)?.[field]).toEqual(spec(one)[field]);
    expect(value(spec(one), spec(other))?.[field]).toEqual(spec(other)[field]);
    expect(value(plain, spec(other))?.[field]).toEqual(spec(other)[field]);
  });

  it('but its destinations are its own, and its name stands behind the root’s', () => {
    expect(merged({ route: [{ destination: { host: 'root' } }] }, {})?.route).toEqual(ROUTE);
    expect(merged({ name: 'a' }, { name: 'b' })?.name).toBe('a-b');
    expect(merged({ name: 'a' }, {})?.name).toBe('a');
    expect(merged({}, { name: 'b' })?.name).toBe('b');
    expect(merged({}, {})?.name).toBe('');
  });
});

describe('both conditions hold', () => {
  it('where one side has none, the other’s', () => {
    expect(matches([], [{ port: 80 }])).toEqual([{ port: 80 }]);
    expect(matches([{ port: 80 }], [])).toEqual([{ port: 80 }]);
    expect(matches([], [])).toEqual([]);
  });

  it('field by field, the delegate’s own winning', () => {
    const root = {
      uri: { prefix: '/a' },
      scheme: { exact: 'http' },
      method: { exact: 'GET' },
      authority: { prefix: 'a' },
      headers: { x: { prefix: 'a' }, y: { exact: 'b' } },
      withoutHeaders: { x: { exact: 'n' } },
      queryParams: { q: { exact: '1' } },
      port: 80,
      sourceLabels: { app: 'web' },
      sourceNamespace: 'shop',
      gateways: ['mesh'],
    };
    const namespace = { sourceNamespace: 'shop' };
    expect(matches([root], [namespace])).toEqual([root]);
    const own = {
      ...namespace,
      uri: { prefix: '/ab' },
      authority: { exact: 'abc' },
      headers: { x: { exact: 'ab' }, z: { exact: 'c' } },
      withoutHeaders: { w: { exact: 'm' } },
      queryParams: { r: { exact: '2' } },
      sourceLabels: { version: 'v1' },
    };
    expect(matches([root], [own])).toEqual([
      {
        ...root,
        uri: own.uri,
        authority: own.authority,
        headers: { x: { exact: 'ab' }, y: { exact: 'b' }, z: { exact: 'c' } },
        withoutHeaders: { x: { exact: 'n' }, w: { exact: 'm' } },
        queryParams: { q: { exact: '1' }, r: { exact: '2' } },
        sourceLabels: { app: 'web', version: 'v1' },
      },
    ]);
    expect(matches([{}], [own])).toEqual([own]);
  });

  it('of each pair that can hold together; one of the delegate’s that fits none leaves the route out', () => {
    const uri = (prefix: string) => ({ uri: { prefix } });
    expect(matches([uri('/a'), uri('/b')], [uri('/bc')])).toEqual([uri('/bc')]);
    expect(matches([uri('/a'), { port: 80 }], [uri('/ab')])).toEqual([
      uri('/ab'),
      { ...uri('/ab'), port: 80 },
    ]);
    expect(matches([uri('/a')], [uri('/ab'), uri('/b')])).toBeNull();
  });
});

describe('a delegate’s text is within its root’s', () => {
  const wider = ['uri', 'scheme', 'method', 'authority'];
  const fits = (root: object, own: object, field = 'uri') =>
    matches([{ [field]: root }], [{ [field]: own }]) !== null;

  it.each([
    [{ prefix: '/a' }, { prefix: '/a' }],
    [{ prefix: '/a' }, { prefix: '/ab' }],
    [{ prefix: '/a' }, { exact: '/ab' }],
    [{ exact: '/a' }, { exact: '/a' }],
  ])('%j has %j in it', (root, own) => {
    for (const field of wider) expect(fits(root, own, field)).toBe(true);
    for (const field of ['headers', 'withoutHeaders', 'queryParams'])
      expect(fits({ x: root }, { x: own }, field)).toBe(true);
  });

  it.each([
    [{ prefix: '/ab' }, { prefix: '/a' }],
    [{ prefix: '/ab' }, { exact: '/a' }],
    [{ exact: '/a' }, { exact: '/b' }],
    [{ exact: '/a' }, { prefix: '/a' }],
    [{ regex: '/a' }, { exact: '/a' }],
    [{ regex: '/a' }, { prefix: '/a' }],
    [{ regex: '/a' }, { regex: '/a' }],
    [{ prefix: '/a' }, { regex: '/a' }],
    [{ exact: '/a' }, { regex: '/a' }],
  ])('%j has %j not', (root, own) => {
    for (const field of wider) expect(fits(root, own, field)).toBe(false);
    for (const field of ['headers', 'withoutHeaders', 'queryParams'])
      expect(fits({ x: root }, { x: own }, field)).toBe(false);
  });

  it('where only one of them has a header, both hold', () => {
    expect(fits({ x: { exact: 'a' } }, { y: { exact: 'b' } }, 'headers')).toBe(true);
  });
});

describe('conditions that can’t hold together', () => {
  it.each([
    [{ port: 80 }, { port: 81 }],
    [{ sourceNamespace: 'shop' }, { sourceNamespace: 'billing' }],
    [{ sourceNamespace: 'shop' }, {}],
    [{ sourceLabels: { app: 'a' } }, { sourceLabels: { app: 'b' } }],
    [{ ignoreUriCase: true }, {}],
    [{}, { ignoreUriCase: true }],
    [{ gateways: ['mesh'] }, { gateways: ['edge'] }],
    [{ gateways: ['mesh'] }, { gateways: ['mesh', 'edge'] }],
  ])('%j and %j', (root, own) => {
    expect(matches([root], [own])).toBeNull();
  });

  it.each([
    [{ port: 80 }, { port: 80 }],
    [{ port: 80 }, {}],
    [{}, { port: 80 }],
    [{ sourceLabels: { app: 'a' } }, { sourceLabels: { app: 'a', v: '1' } }],
    [{ sourceLabels: { app: 'a' } }, { sourceLabels: { v: '1' } }],
    [{ gateways: ['mesh', 'edge'] }, { gateways: ['edge'] }],
    [{}, { gateways: ['edge'] }],
    [{ gateways: ['edge'] }, {}],
  ])('unlike %j and %j', (root, own) => {
    expect(matches([root], [own])).not.toBeNull();
  });

  it('the delegate’s port and gateways win where both hold', () => {
    expect(matches([{ gateways: ['mesh', 'edge'] }], [{ gateways: ['edge'], port: 80 }])).toEqual([
      { gateways: ['edge'], port: 80 },
    ]);
  });
});

describe('a root', () => {
  const root = (delegate: object, more: object = {}) =>
    object('VirtualService', {
      hosts: ['reviews'],
      http: [
        { match: [{ uri: { prefix: '/a' } }], delegate, ...more },
        { route: [{ destination: { host: 'reviews' } }] },
      ],
    });
  const delegate = (spec: object = {}, metadata: object = {}) =>
    object(
      'VirtualService',
      { http: [{ name: 'd', route: [{ destination: { host: 'ratings' } }] }], ...spec },
      { name: 'two', ...metadata },
    );
  const names = (...texts: string[]) => routesOf(told(texts), REVIEWS).map(({ name }) => name);

  it('has its delegate’s routes in the place of its own, each from where it is written', () => {
    const [first, second] = routesOf(told([root({ name: 'two' }), delegate()]), REVIEWS);
    expect(first).toMatchObject({
      name: 'd',
      match: { path: { kind: 'prefix', value: '/a' } },
      source: { name: 'two', index: 0 },
      action: { destinations: [{ cluster: 'outbound|80||ratings.shop.svc.cluster.local' }] },
    });
    expect(second).toMatchObject({ source: { name: 'one', index: 1 } });
  });

  it('finds it by name and namespace, its own if none is named', () => {
    expect(names(root({ name: 'two', namespace: 'shop' }), delegate())).toEqual(['d', '']);
    expect(names(root({ name: 'three' }), delegate())).toEqual(['']);
    expect(names(root({ name: 'two', namespace: 'billing' }), delegate())).toEqual(['']);
    expect(names(root({ name: 'two' }), delegate({}, { namespace: 'billing' }))).toEqual(['']);
    const there = routesOf(
      told([root({ name: 'two', namespace: 'billing' }), delegate({}, { namespace: 'billing' })]),
      REVIEWS,
    );
    expect(there[0]?.action).toMatchObject({
      destinations: [{ cluster: 'outbound|80||ratings.billing.svc.cluster.local' }],
    });
  });

  it('has nothing of one that isn’t exported to it, or that has hosts of its own', () => {
    const other = { namespace: 'billing' };
    const shown = (exportTo: string[], metadata: object = other) =>
      names(root({ name: 'two', ...metadata }), delegate({ exportTo }, metadata)).length === 2;
    expect([shown(['*']), shown(['shop']), shown(['x', 'shop'])]).toEqual([true, true, true]);
    expect([shown(['.']), shown(['billing']), shown(['x'])]).toEqual([false, false, false]);
    expect(shown(['.'], {})).toBe(true);
    expect(names(root({ name: 'two' }), delegate({ hosts: ['ratings'] }))).toEqual(['']);
  });

  it('drops a delegate’s routes that can’t be within it', () => {
    const http = ['/b', '/ab'].map((prefix) => ({
      name: prefix,
      match: [{ uri: { prefix } }],
      route: [{ destination: { host: 'ratings' } }],
    }));
    expect(names(root({ name: 'two' }), delegate({ http }))).toEqual(['/ab', '']);
  });

  it('is none for itself: a delegate alone routes nothing', () => {
    expect(onlyRoute(told([delegate()]), REVIEWS).name).toBe('default');
  });
});
