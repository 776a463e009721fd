import { describe, expect, it } from 'vitest';
import { buildGraph, healthOf } from '../../../renderer/reading/graph.ts';
import { addToEdges, OUTSIDE } from '../../../renderer/store/edges.ts';
import { denied, event, peer } from '../fixtures/events.ts';
import { shopState } from '../fixtures/session.ts';

const NOW = 1_700_000_001_000;

describe('the graph', () => {
  it('shows every workload before anything was sent', () => {
    const graph = buildGraph(shopState(), new Map(), NOW, null);
    expect(graph.nodes.map((node) => node.id)).toEqual(['web', 'orders', 'payments', 'inventory', 'reviews']);
    expect(graph.nodes[1]?.subtitle).toBe('sa/orders · 2 inst.');
  });

  it('says of a gateway that it is one', () => {
    const state = shopState();
    const workloads = state.workloads.map((one) =>
      one.id === 'web' ? { ...one, kind: 'gateway' as const } : one,
    );
    const graph = buildGraph({ ...state, workloads }, new Map(), NOW, null);
    expect(graph.nodes[0]?.subtitle).toBe('gateway · sa/web');
  });

  it('marks a pair of which nothing came through, and only that', () => {
    const edges = addToEdges(new Map(), [event(1), denied(2), denied(3, { from: peer('orders') })]);
    const graph = buildGraph(shopState(), edges, NOW, null);
    expect(graph.edges.map((edge) => [edge.id, edge.onlyDenied])).toEqual([
      ['inventory→payments', true],
      ['orders→payments', false],
    ]);
  });

  it('adds a node for callers from outside, and hides pairs of another namespace', () => {
    const edges = addToEdges(new Map(), [event(1, { from: peer(null) })]);
    expect(buildGraph(shopState(), edges, NOW, null).nodes.at(-1)).toMatchObject({
      id: OUTSIDE,
      foreign: true,
    });
    expect(buildGraph(shopState(), edges, NOW, 'elsewhere')).toEqual({ nodes: [], edges: [] });
  });

  it('is as healthy as the worst instance', () => {
    const [, orders] = shopState().workloads;
    if (!orders) throw new Error('the shop has orders');
    const [first, second] = orders.instances;
    if (!first || !second) throw new Error('orders has two instances');
    expect(healthOf(orders)).toBe('ready');
    expect(healthOf({ ...orders, instances: [first, { ...second, status: 'starting' }] })).toBe('starting');
    expect(healthOf({ ...orders, instances: [first, { ...second, status: 'failed' }] })).toBe('failed');
  });
});
