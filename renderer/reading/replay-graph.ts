/** The topology on which a replay plays: the mesh, the pairs that talk, and the hops of this scenario. */
import type { SessionState } from '../../model/session-state.ts';
import { type Edges, edgeId, OUTSIDE } from '../store/edges.ts';
import { buildGraph, type Graph, type GraphEdge, type GraphNode, workloadNamed } from './graph.ts';
import { ATTACKER, type Frame, type Hop } from './replay.ts';

const STRANGERS: Readonly<Record<string, string>> = {
  [ATTACKER]: 'outside the mesh',
  [OUTSIDE]: 'no identity of this mesh',
};
const SILENT = {
  total: 0,
  denied: 0,
  perSecond: 0,
  lock: 'none',
  mutualShare: 0,
  p50: null,
  p99: null,
} as const;

function hopEdge(hop: Hop): GraphEdge {
  return {
    id: edgeId(hop.from, hop.to),
    from: hop.from,
    to: hop.to,
    reading: SILENT,
    onlyDenied: hop.outcome === 'stopped',
  };
}

function stranger(id: string): GraphNode {
  const subtitle = STRANGERS[id] ?? 'not in this mesh';
  return { id, title: id, subtitle, health: 'ready', inbound: 0, foreign: true, namespace: null };
}

/** The picture for `frames`; only pairs of workloads that were let through come from the live traffic. */
export function replayGraph(session: SessionState, edges: Edges, frames: readonly Frame[]): Graph {
  const live = [...edges].filter(([, edge]) => {
    const known = workloadNamed(session, edge.from) && workloadNamed(session, edge.to);
    return known && edge.total > edge.denied;
  });
  const graph = buildGraph(session, new Map(live), 0, null);
  const drawn = new Map(graph.edges.map((edge) => [edge.id, { ...edge, onlyDenied: false }]));
  for (const { hop } of frames) {
    if (hop && !drawn.has(edgeId(hop.from, hop.to))) drawn.set(edgeId(hop.from, hop.to), hopEdge(hop));
  }
  const all = [...drawn.values()];
  const known = new Set(graph.nodes.map((node) => node.id));
  const strangers = [...new Set(all.flatMap((edge) => [edge.from, edge.to]))].filter((id) => !known.has(id));
  return { nodes: [...graph.nodes, ...strangers.map(stranger)], edges: all };
}
