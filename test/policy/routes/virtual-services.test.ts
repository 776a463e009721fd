import { describe, expect, it } from 'vitest';
import { readRoutingObjects } from '../../../policy/routes/routing-objects.ts';
import { meshVirtualServices } from '../../../policy/routes/virtual-services.ts';
import { object, objects, RATINGS, REVIEWS } from '../../support/routing.ts';

const route = [{ destination: { host: 'ratings' } }];
const read = (...texts: string[]) =>
  meshVirtualServices(readRoutingObjects(objects(...texts)).virtualServices);
const virtual = (spec: object, metadata: object = {}) =>
  object('VirtualService', { hosts: ['reviews'], http: [{ route }], ...spec }, metadata);
const first = (spec: object) => read(virtual(spec))[0];

describe('a VirtualService of the mesh', () => {
  it('names the mesh, or no gateway', () => {
    const count = (gateways: string[]) => read(virtual({ gateways })).length;
    expect([
      count([]),
      count(['mesh']),
      count(['edge', 'mesh']),
      count(['edge']),
      count(['shop/mesh']),
    ]).toEqual([1, 1, 1, 0, 0]);
    expect(read(object('VirtualService', { http: [{ route }] }))).toEqual([]);
  });

  it('has its own facts, and names in full', () => {
    const made = read(
      virtual(
        { hosts: ['reviews', 'a.example', '*'], exportTo: ['.'], tcp: [{ match: [{ port: 1 }], route }] },
        { creationTimestamp: '2026-01-01T00:00:00Z' },
      ),
    );
    expect(made).toMatchObject([
      {
        name: 'one',
        namespace: 'shop',
        created: '2026-01-01T00:00:00Z',
        hosts: [REVIEWS, 'a.example', '*'],
        exportTo: ['.'],
        gatewayApi: false,
        http: [{ spec: { route: [{ destination: { host: RATINGS } }] } }],
        tcp: [{ spec: { match: [{ port: 1 }], route: [{ destination: { host: RATINGS } }] } }],
      },
    ]);
  });

  it('has mirrors in full too, and none where there are none', () => {
    const mirrored = first({ http: [{ route, mirror: { host: 'ratings', subset: 'v1' } }] })?.http[0]?.spec;
    expect(mirrored?.mirror).toEqual({ host: RATINGS, subset: 'v1' });
    expect(mirrored?.mirrors).toEqual([]);
    const mirrors = [{ destination: { host: 'ratings' }, percentage: { value: 3 } }];
    expect(first({ http: [{ route, mirrors }] })?.http[0]?.spec.mirrors).toEqual([
      { destination: { host: RATINGS, subset: '' }, percentage: { value: 3 } },
    ]);
    expect(first({})?.http[0]?.spec.mirror).toBeUndefined();
  });

  it('has gateways of matches by namespace and name', () => {
    const match = [{ gateways: ['mesh', 'edge', 'other/edge'], uri: { prefix: '/a' } }];
    expect(first({ http: [{ route, match }] })?.http[0]?.spec.match).toMatchObject([
      { gateways: ['mesh', 'shop/edge', 'other/edge'], uri: { prefix: '/a' } },
    ]);
  });
});

describe('the place of a route', () => {
  it('is that of the object that wrote it, a delegate’s too', () => {
    const root = virtual({ http: [{ route }, { delegate: { name: 'two' } }], tcp: [{ route }, { route }] });
    const delegate = object(
      'VirtualService',
      { http: [{ route }, { route, match: [{ port: 1 }] }] },
      { name: 'two' },
    );
    const text = [root, delegate].join('\n---\n');
    const [made] = read(root, delegate);
    const shown = (at: { line: number; column: number } | undefined) =>
      text.split('\n')[(at?.line ?? 0) - 1]?.slice((at?.column ?? 0) - 1) ?? '';
    const http = made?.http.map(
      ({ source }) => `${source.kind} ${source.namespace}/${source.name} ${source.index}`,
    );
    expect(http).toEqual([
      'VirtualService shop/one 0',
      'VirtualService shop/two 0',
      'VirtualService shop/two 1',
    ]);
    expect(made?.http.map(({ source }) => shown(source.at).slice(0, 10))).toEqual([
      '{"route":[',
      '{"route":[',
      '{"route":[',
    ]);
    expect(shown(made?.http[2]?.source.at)).toContain('"match":[{"port":1}]');
    expect(shown(made?.http[1]?.source.at)).toContain('},{"route"');
    const tcp = made?.tcp.map(({ source }) => `${source.kind} ${source.name} ${source.index}`);
    expect(tcp).toEqual(['VirtualService one 0', 'VirtualService one 1']);
    expect(shown(made?.tcp[0]?.source.at)).toMatch(/^\{"route":\[.*\]\},\{"route":\[.*\]\}\]\}\}$/);
    expect(shown(made?.tcp[1]?.source.at)).toMatch(/^\{"route":\[[^\]]*\]\}\]\}\}$/);
  });
});
