import { describe, expect, it } from 'vitest';
import { chooseRoute, hostFor, pick } from '../../../policy/routes/choose-route.ts';
import { prepareRoutes, type HostTable } from '../../../policy/routes/route-table.ts';
import { asked, CART, decided, object, RATINGS, REVIEWS, reached, told } from '../../support/routing.ts';

const virtual = (http: object[], hosts = ['reviews']) => object('VirtualService', { hosts, http });
const to = (host: string, more: object = {}) => ({ route: [{ destination: { host } }], ...more });
const prefix = (uri: string) => ({ match: [{ uri: { prefix: uri } }] });

describe('the Host', () => {
  const table = (domains: string[]): HostTable => {
    const { compiled, listeners } = prepareRoutes({
      listeners: [
        {
          address: '0.0.0.0',
          port: 80,
          tcp: [],
          http: domains.map((name) => ({ domains: [name], routes: [] })),
        },
      ],
      clusters: {},
      outboundTrafficPolicy: 'ALLOW_ANY',
    });
    expect(compiled.listeners.length).toBe(1);
    const hosts = listeners.get('0.0.0.0:80')?.hosts;
    if (!hosts) throw new Error('no hosts');
    return hosts;
  };
  const domains = ['a.example', '*.example', '*.b.example', '*-x.example', '*'];
  const found = (host: string, names = domains) => {
    const hosts = table(names);
    const prepared = hostFor(hosts, host);
    if (prepared === null) return null;
    if (prepared === hosts.any) return '*';
    const [name] = [...hosts.exact].find(([, one]) => one === prepared) ?? [];
    return name ?? `*${hosts.suffixes.find(([, one]) => one === prepared)?.[0]}`;
  };

  it.each([
    ['a.example', 'a.example'],
    ['A.Example:8080', 'a.example'],
    ['c.example', '*.example'],
    ['c.b.example', '*.b.example'],
    ['C.B.EXAMPLE', '*.b.example'],
    ['c-x.example', '*-x.example'],
    ['.example', '*'],
    ['example', '*'],
    ['b.example', '*.example'],
    ['a.example.', '*'],
    ['', '*'],
  ])('%s is that of %s', (host, wanted) => {
    expect(found(host)).toBe(wanted);
  });

  it('is nobody’s without a name for all', () => {
    expect(found('b.other', ['a.example', '*.example'])).toBeNull();
  });
});

describe('a request', () => {
  it('takes the first route that takes it, and none is an answer too', () => {
    const compiled = told([
      virtual([to('ratings', prefix('/a')), to('reviews', prefix('/ab')), to(CART, prefix('/b'))]),
    ]);
    expect(reached(compiled, { path: '/abc' })).toBe(`outbound|80||${RATINGS}`);
    expect(reached(compiled, { path: '/b' })).toBe(`outbound|80||${CART}`);
    expect(decided(compiled, { path: '/c' })).toEqual({ kind: 'no-route' });
  });

  it('is told what its route answers', () => {
    const compiled = told([
      virtual([
        { ...prefix('/direct'), directResponse: { status: 418, body: { string: 'tea' } } },
        { ...prefix('/moved'), redirect: { uri: '/new', redirectCode: 308 } },
        to('nobody.example'),
      ]),
    ]);
    expect(decided(compiled, { path: '/direct' })).toMatchObject({
      kind: 'direct-response',
      status: 418,
      body: 'tea',
      route: { source: { index: 0 } },
    });
    expect(decided(compiled, { path: '/moved' })).toMatchObject({
      kind: 'redirect',
      status: 308,
      location: 'http://reviews/new',
      route: { source: { index: 1 } },
    });
    expect(decided(compiled, {})).toMatchObject({
      kind: 'forward',
      cluster: null,
      route: { source: { index: 2 } },
    });
    expect(decided(compiled, { host: 'nobody' })).toMatchObject({
      kind: 'unknown-host',
      route: { name: 'block_all' },
    });
    const open = told([], { config: { outboundTrafficPolicy: 'ALLOW_ANY' } });
    expect(decided(open, { host: 'nobody' })).toMatchObject({
      kind: 'passthrough',
      route: { name: 'allow_any' },
    });
  });

  it('of a host that isn’t there has no route', () => {
    const compiled = told([]);
    expect(chooseRoute({ exact: new Map(), suffixes: [], any: null }, compiled, asked(), () => 0)).toEqual({
      kind: 'no-route',
    });
  });

  it('goes by the weights of its route’s destinations', () => {
    const route = [
      { destination: { host: 'reviews' }, weight: 1 },
      { destination: { host: 'ratings' }, weight: 0 },
      { destination: { host: CART }, weight: 3 },
    ];
    const compiled = told([virtual([{ route }])]);
    const at = (draw: number) => reached(compiled, { draw });
    expect([at(0), at(0.249)]).toEqual([`outbound|80||${REVIEWS}`, `outbound|80||${REVIEWS}`]);
    expect([at(0.25), at(0.999)]).toEqual([`outbound|80||${CART}`, `outbound|80||${CART}`]);
  });
});

describe('one of several', () => {
  const one = (cluster: string, weight: number) => ({
    cluster,
    weight,
    requestHeaders: { remove: [], change: [] },
    responseHeaders: { remove: [], change: [] },
    host: null,
  });
  const picked = (weights: number[], draw: number) =>
    pick(
      weights.map((weight, at) => one(String(at), weight)),
      () => draw,
    )?.cluster ?? null;

  it('is drawn by weight', () => {
    expect([0, 0.19, 0.2, 0.49, 0.5, 0.99].map((draw) => picked([2, 3, 5], draw))).toEqual([
      '0',
      '0',
      '1',
      '1',
      '2',
      '2',
    ]);
    expect(picked([0, 1], 0)).toBe('1');
  });

  it('is the only one without a draw, the last where the draw is past all, and none of none', () => {
    expect(
      pick([one('0', 0)], () => {
        throw new Error('drawn');
      })?.cluster,
    ).toBe('0');
    expect(picked([1, 1], 1)).toBe('1');
    expect(picked([], 0)).toBeNull();
  });
});
