/**
 * The topology as data: nodes of the mesh, edges of the traffic, each with what the picture and its table say.
 * No coordinates; those come from the layout.
 */
import type { SessionState, WorkloadState } from '../../model/session-state.ts';
import { type EdgeReading, readEdge } from '../store/edge-window.ts';
import { type Edges, type EdgeStats, OUTSIDE } from '../store/edges.ts';

export type Health = 'ready' | 'starting' | 'failed' | 'stopped';

export interface GraphNode {
  id: string;
  title: string;
  /** `sa/orders · 2 inst.`, or what it waits for. */
  subtitle: string;
  health: Health;
  /** Requests that came in during the last minute. */
  inbound: number;
  /** Not a workload: callers from outside, or an attacker. */
  foreign: boolean;
  namespace: string | null;
}

export interface GraphEdge {
  id: string;
  from: string;
  to: string;
  reading: EdgeReading;
  /** Whether nothing at all came through in the window. */
  onlyDenied: boolean;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

/** The worst of its instances says how a workload is. */
export function healthOf(workload: WorkloadState): Health {
  const statuses = workload.instances.map((instance) => instance.status);
  if (statuses.includes('failed')) return 'failed';
  if (statuses.length > 0 && statuses.every((status) => status === 'ready')) return 'ready';
  return statuses.some((status) => status === 'stopped' || status === 'stopping') ? 'stopped' : 'starting';
}

function subtitleOf(workload: WorkloadState, health: Health, home: string): string {
  if (health !== 'ready') {
    const waiting = workload.instances.find((instance) => instance.status !== 'ready');
    return waiting ? (waiting.detail ?? waiting.status) : 'no instance';
  }
  const parts = [...(workload.kind === undefined ? [] : [workload.kind]), `sa/${workload.serviceAccount}`];
  if (workload.namespace !== home) parts.push(`ns ${workload.namespace}`);
  if (workload.instances.length > 1) parts.push(`${workload.instances.length} inst.`);
  return parts.join(' · ');
}

function foreignNode(id: string): GraphNode {
  return {
    id,
    title: id,
    subtitle: id === OUTSIDE ? 'no identity of this mesh' : 'not in this mesh',
    health: 'ready',
    inbound: 0,
    foreign: true,
    namespace: null,
  };
}

/** Which workload a name off an event means: its id, else the one of that name. */
export function workloadNamed(session: SessionState, name: string): WorkloadState | undefined {
  return (
    session.workloads.find((one) => one.id === name) ?? session.workloads.find((one) => one.name === name)
  );
}

function graphEdge(edge: EdgeStats, now: number): GraphEdge {
  const reading = readEdge(edge, now);
  const [denied, total] = reading.total > 0 ? [reading.denied, reading.total] : [edge.denied, edge.total];
  return { id: edge.id, from: edge.from, to: edge.to, reading, onlyDenied: denied === total };
}

/** The picture of a session and its traffic at `now`; `namespace` null shows all. */
export function buildGraph(
  session: SessionState,
  edges: Edges,
  now: number,
  namespace: string | null,
): Graph {
  const workloads = session.workloads.filter((one) => namespace === null || one.namespace === namespace);
  const inGraph = new Set(workloads.map((one) => one.id));
  const all = [...edges.values()];
  const isForeign = (name: string): boolean => !workloadNamed(session, name);
  const shown = all.filter(
    (edge) =>
      edge.from !== edge.to &&
      (inGraph.has(edge.from) || isForeign(edge.from)) &&
      (inGraph.has(edge.to) || isForeign(edge.to)),
  );
  const graphEdges = shown.map((edge) => graphEdge(edge, now)).sort((a, b) => a.id.localeCompare(b.id));
  const inbound = new Map<string, number>();
  for (const edge of graphEdges) inbound.set(edge.to, (inbound.get(edge.to) ?? 0) + edge.reading.total);
  const nodes = workloads.map((workload): GraphNode => {
    const health = healthOf(workload);
    return {
      id: workload.id,
      title: workload.name,
      subtitle: subtitleOf(workload, health, session.namespace),
      health,
      inbound: inbound.get(workload.id) ?? 0,
      foreign: false,
      namespace: workload.namespace,
    };
  });
  const foreign = new Set(graphEdges.flatMap((edge) => [edge.from, edge.to]).filter(isForeign));
  return { nodes: [...nodes, ...[...foreign].sort().map(foreignNode)], edges: graphEdges };
}
