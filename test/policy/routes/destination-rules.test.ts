/** Which DestinationRule a client follows: istiod's push_context, in its order. Told by the pool's `maxConnections`. */
import { describe, expect, it } from 'vitest';
import { createRuleFinder } from '../../../policy/routes/destination-rules.ts';
import { readRoutingObjects } from '../../../policy/routes/routing-objects.ts';
import type { RouteClient } from '../../../policy/routes/sidecar-scope.ts';
import { CART, cluster, object, objects, REVIEWS, service, WEB } from '../../support/routing.ts';

const pool = (maxConnections: number) => ({ connectionPool: { tcp: { maxConnections } } });
const rule = (mark: number, spec: object, metadata: object = {}) =>
  object('DestinationRule', { trafficPolicy: pool(mark), ...spec }, { name: `r${mark}`, ...metadata });

/** The mark of the rule that `client` follows towards a service; null: none. */
function followed(rules: string[], to = REVIEWS, client: RouteClient = WEB): number | null {
  const read = readRoutingObjects(objects(...rules)).destinationRules;
  const found = createRuleFinder(read, client, 'istio-system')(service(to));
  return found?.trafficPolicy?.connectionPool?.tcp?.maxConnections ?? null;
}
const from = (namespace: string): RouteClient => ({ namespace, labels: { app: 'web' } });

describe('the rule of a host', () => {
  it('names it: short within its own namespace, in full, or by the longest wildcard', () => {
    expect(followed([])).toBeNull();
    expect(followed([rule(1, { host: 'reviews' })])).toBe(1);
    expect(
      followed([rule(1, { host: 'reviews' }, { namespace: 'billing' })], REVIEWS, from('billing')),
    ).toBeNull();
    expect(followed([rule(1, { host: 'ratings' })])).toBeNull();
    expect(followed([rule(1, { host: REVIEWS }, { namespace: 'billing' })], REVIEWS, from('billing'))).toBe(
      1,
    );
    const wild = [
      rule(1, { host: '*' }),
      rule(2, { host: '*.shop.svc.cluster.local' }),
      rule(3, { host: '*.local' }),
    ];
    expect(followed(wild)).toBe(2);
    expect(followed([...wild, rule(4, { host: 'reviews' })])).toBe(4);
  });

  it('that is a wildcard itself is no rule of one name', () => {
    expect(followed([rule(1, { host: 'a.example' })], '*.example')).toBeNull();
    expect(followed([rule(1, { host: '*.example' })], '*.example')).toBe(1);
    expect(followed([rule(1, { host: '*' })], '*.example')).toBe(1);
  });
});

describe('the client’s own namespace', () => {
  const own = (spec: object) => rule(1, { host: CART, ...spec }, { namespace: 'shop' });
  const theirs = rule(2, { host: CART }, { namespace: 'billing' });

  it('goes before the service’s', () => {
    expect(followed([theirs, own({})], CART)).toBe(1);
    expect(followed([theirs, own({})], CART, from('other'))).toBe(2);
  });

  it.each([[['.']], [['*']], [['shop']], [['other', 'shop']]])(
    'has rules that are exported to %j',
    (exportTo) => {
      expect(followed([theirs, own({ exportTo })], CART)).toBe(1);
    },
  );

  it('has none that is exported to others alone', () => {
    expect(followed([theirs, own({ exportTo: ['other'] })], CART)).toBe(2);
    expect(followed([rule(1, { host: 'reviews', exportTo: ['other'] })])).toBeNull();
  });

  it('has a rule that selects other workloads: those follow none', () => {
    const selecting = (labels: object) => own({ workloadSelector: { matchLabels: labels } });
    expect(followed([theirs, selecting({ app: 'web' })], CART)).toBe(1);
    expect(followed([theirs, selecting({ app: 'web', version: 'v2' })], CART)).toBeNull();
    expect(followed([theirs, selecting({ app: 'web' }), rule(3, { host: CART })], CART)).toBe(1);
    expect(followed([theirs, selecting({ app: 'api' }), rule(3, { host: CART })], CART)).toBe(3);
  });

  it('is not that of the root namespace, unless the rule is private there', () => {
    const root = (spec: object) => rule(1, { host: CART, ...spec }, { namespace: 'istio-system' });
    const client = from('istio-system');
    expect(followed([theirs, root({})], CART, client)).toBe(2);
    expect(followed([theirs, root({ exportTo: ['.'] })], CART, client)).toBe(1);
    expect(followed([theirs, root({ exportTo: ['istio-system'] })], CART, client)).toBe(1);
    expect(followed([theirs, root({ exportTo: ['.', 'shop'] })], CART, client)).toBe(2);
    expect(followed([theirs, root({ exportTo: ['shop'] })], CART, client)).toBe(2);
    expect(
      followed([theirs, root({ workloadSelector: { matchLabels: { app: 'web' } } })], CART, client),
    ).toBe(1);
  });
});

describe('the service’s namespace, then the root namespace', () => {
  const theirs = (spec: object) => rule(1, { host: CART, ...spec }, { namespace: 'billing' });
  const root = (spec: object) => rule(2, { host: CART, ...spec }, { namespace: 'istio-system' });

  it('have rules for clients of other namespaces', () => {
    expect(followed([root({}), theirs({})], CART)).toBe(1);
    expect(followed([root({})], CART)).toBe(2);
    expect(followed([rule(3, { host: CART }, { namespace: 'third' })], CART)).toBeNull();
  });

  it.each([[['*']], [['shop']], [['other', 'shop']]])('as far as they are exported: to %j', (exportTo) => {
    expect(followed([root({}), theirs({ exportTo })], CART)).toBe(1);
  });

  it.each([[['.']], [['billing']], [['other']], [['.', 'other']]])('but not: to %j', (exportTo) => {
    expect(followed([root({}), theirs({ exportTo })], CART)).toBe(2);
  });

  it('have the most specific one hide others of theirs, even from whom it isn’t exported to', () => {
    const wide = rule(3, { host: '*.billing.svc.cluster.local' }, { namespace: 'billing' });
    expect(followed([wide], CART)).toBe(3);
    expect(followed([wide, theirs({ exportTo: ['other', 'third'] })], CART)).toBeNull();
  });

  it('have no rule with a workloadSelector', () => {
    expect(followed([theirs({ workloadSelector: { matchLabels: {} } })], CART)).toBeNull();
  });

  it('export `.` to clients of their own', () => {
    const second = rule(3, { host: CART, exportTo: ['.', 'shop'] }, { namespace: 'istio-system' });
    expect(followed([second], CART, from('istio-system'))).toBe(3);
    expect(followed([second], CART, from('other'))).toBeNull();
  });
});

describe('rules of one host', () => {
  const found = (...rules: string[]) =>
    createRuleFinder(
      readRoutingObjects(objects(...rules)).destinationRules,
      WEB,
      'istio-system',
    )(service(REVIEWS));

  it('are one: all subsets, of one name the first, and the first policy', () => {
    const merged = found(
      object(
        'DestinationRule',
        { host: 'reviews', subsets: [{ name: 'v1', labels: { a: '1' } }] },
        { name: 'a' },
      ),
      object(
        'DestinationRule',
        {
          host: 'reviews',
          subsets: [
            { name: 'v1', labels: { a: '2' } },
            { name: 'v2', labels: { a: '3' } },
          ],
          trafficPolicy: pool(7),
        },
        { name: 'b' },
      ),
      object('DestinationRule', { host: 'reviews', trafficPolicy: pool(8) }, { name: 'c' }),
    );
    expect(merged?.subsets).toEqual([
      { name: 'v1', labels: { a: '1' } },
      { name: 'v2', labels: { a: '3' } },
    ]);
    const names = (...all: string[]) =>
      object(
        'DestinationRule',
        { host: 'reviews', subsets: all.map((name) => ({ name })) },
        { name: all.join('-') },
      );
    expect(found(names('a', 'b'), names('b', 'c'))?.subsets.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(merged?.trafficPolicy?.connectionPool?.tcp?.maxConnections).toBe(7);
  });
});

describe('the settings of a subset', () => {
  const balance = (simple: string) => ({ loadBalancer: { simple } });
  const at = (number: number, settings: object) => ({
    portLevelSettings: [{ port: { number }, ...settings }],
  });
  const marks = (spec: object, subset = '') => {
    const { balance: by, pool: bounds } = cluster(spec, { subset });
    return [by.kind, bounds.maxConnections];
  };
  const subsets = (trafficPolicy?: object) => [
    { name: 'v1', ...(trafficPolicy && { trafficPolicy }) },
    { name: 'v2' },
  ];

  it('are the service’s, but for those that it has itself', () => {
    const trafficPolicy = { ...balance('RANDOM'), ...pool(1) };
    expect(marks({ trafficPolicy, subsets: subsets() }, 'v1')).toEqual(['random', 1]);
    expect(marks({ trafficPolicy, subsets: subsets(pool(2)) }, 'v1')).toEqual(['random', 2]);
    expect(marks({ trafficPolicy, subsets: subsets(pool(2)) }, 'v2')).toEqual(['random', 1]);
    expect(marks({ trafficPolicy, subsets: subsets(pool(2)) })).toEqual(['random', 1]);
  });

  it('of a port stand alone', () => {
    const trafficPolicy = { ...balance('RANDOM'), ...pool(1), ...at(80, pool(3)) };
    expect(marks({ trafficPolicy })).toEqual(['least-request', 3]);
    expect(marks({ trafficPolicy: { ...trafficPolicy, ...at(81, pool(3)) } })).toEqual(['random', 1]);
    const own = { ...balance('ROUND_ROBIN'), ...at(80, pool(4)) };
    expect(marks({ trafficPolicy, subsets: subsets(own) }, 'v1')).toEqual(['least-request', 4]);
    expect(
      marks({ trafficPolicy, subsets: subsets({ ...balance('ROUND_ROBIN'), ...at(81, pool(4)) }) }, 'v1'),
    ).toEqual(['round-robin', 3]);
  });

  it('are of all four kinds', () => {
    const trafficPolicy = {
      ...balance('RANDOM'),
      ...pool(1),
      outlierDetection: { consecutive5xxErrors: 9 },
      tls: { mode: 'DISABLE' },
    };
    for (const subset of ['', 'v1']) {
      const made = cluster({ trafficPolicy, subsets: subsets({}) }, { subset });
      expect([
        made.balance.kind,
        made.pool.maxConnections,
        made.outlier?.consecutive5xx,
        made.tls.mode,
      ]).toEqual(['random', 1, 9, 'DISABLE']);
    }
  });
});
