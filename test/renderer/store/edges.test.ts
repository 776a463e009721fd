import { describe, expect, it } from 'vitest';
import { minuteOf, quantile, readEdge } from '../../../renderer/store/edge-window.ts';
import { addToEdges, edgeId, OUTSIDE } from '../../../renderer/store/edges.ts';
import type { TlsFacts, TrafficEvent } from '../../../model/traffic-event.ts';
import { denied, event, peer } from '../fixtures/events.ts';

const NOW = 1_700_000_060_000;
const at = (id: number, secondsAgo: number, over: Partial<TrafficEvent> = {}) =>
  event(id, { at: NOW - secondsAgo * 1_000, ...over });
const plain = (one: TrafficEvent): TrafficEvent => ({ ...one, tls: null });
const edgeOf = (events: TrafficEvent[], id = edgeId('orders', 'payments')) => {
  const edge = addToEdges(new Map(), events).get(id);
  if (!edge) throw new Error(`no edge ${id}`);
  return edge;
};

describe('an edge', () => {
  it('has an open lock as soon as one request came in plaintext, and a ring when all did', () => {
    expect(readEdge(edgeOf([at(1, 5), plain(at(2, 5))]), NOW).lock).toBe('open');
    expect(readEdge(edgeOf([plain(at(1, 5))]), NOW).lock).toBe('ring');
    expect(readEdge(edgeOf([at(1, 5), at(2, 4)]), NOW).lock).toBe('closed');
  });

  it('tells no lock by refused handshakes: no request came', () => {
    const handshake = at(1, 5, { kind: 'handshake', tls: { mutual: false } as TlsFacts });
    expect(readEdge(edgeOf([handshake]), NOW).lock).toBe('none');
  });

  it('forgets what is older than a minute but keeps its lock', () => {
    const reading = readEdge(edgeOf([at(1, 200)]), NOW);
    expect([reading.total, reading.lock]).toEqual([0, 'closed']);
  });

  it('counts a call once although both sidecars saw it, and a denial wherever it fell', () => {
    const edge = edgeOf([at(1, 2, { direction: 'outbound' }), at(2, 2)]);
    expect(edge.total).toBe(1);
    const refused = denied(3, { direction: 'outbound', at: NOW });
    expect(edgeOf([refused], edgeId('inventory', 'payments')).denied).toBe(1);
  });

  it('draws a caller without an identity as one from outside', () => {
    const edges = addToEdges(new Map(), [at(1, 1, { from: peer(null) })]);
    expect([...edges.keys()]).toEqual([edgeId(OUTSIDE, 'payments')]);
  });

  it('keeps the rule that let it through and the newest denials', () => {
    const own = (id: number) => denied(id, { from: peer('orders'), at: NOW });
    const edge = edgeOf([at(1, 3), ...Array.from({ length: 20 }, (_, index) => own(index + 2))]);
    expect([...edge.rules.values()].map(({ ref, hits }) => [ref.name, hits])).toEqual([
      ['payments-from-orders', 1],
    ]);
    expect(edge.denials.length).toBe(8);
    expect(edge.denials[0]?.id).toBe(21);
  });

  it('spreads its minute over sixty points', () => {
    const { total, denied: bars } = minuteOf([edgeOf([at(1, 0), at(2, 0), at(3, 59)])], NOW);
    expect([total.length, total[0], total[59], bars[59]]).toEqual([60, 1, 2, 0]);
  });
});

describe('a quantile', () => {
  it('of nothing is nothing', () => {
    expect(quantile([], 0.5)).toBeNull();
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([1, 2], 0.99)).toBe(2);
  });
});
