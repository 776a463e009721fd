/**
 * Where nodes and edges go: ELK's layered layout, in a worker of our own origin, asked only when the shape changes.
 * Labels take part in it, so none lies on another or on a line that isn't its own.
 */
import ELK, { type ElkExtendedEdge, type ElkNode } from 'elkjs/lib/elk-api.js';
import workerUrl from 'elkjs/lib/elk-worker.min.js?url';
import type { Point } from '../../reading/polyline.ts';

export const NODE_WIDTH = 176;
export const NODE_HEIGHT = 58;
const LABEL_WIDTH = 96;
const LABEL_HEIGHT = 22;
const GRID_GAP = 56;

type Direction = 'RIGHT' | 'DOWN';

/** The room that the picture has. */
export interface Room {
  width: number;
  height: number;
}

export interface Shape {
  nodes: readonly string[];
  edges: readonly { id: string; from: string; to: string }[];
  room: Room;
}

export interface Layout extends Room {
  nodes: ReadonlyMap<string, Point>;
  edges: ReadonlyMap<string, { points: readonly Point[]; label: Point }>;
}

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.spacing.nodeNode': '44',
  'elk.spacing.edgeNode': '24',
  'elk.spacing.edgeEdge': '14',
  'elk.spacing.edgeLabel': '0',
  'elk.spacing.componentComponent': '44',
  'elk.layered.spacing.nodeNodeBetweenLayers': '34',
  'elk.layered.spacing.edgeNodeBetweenLayers': '20',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '14',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.nodePlacement.favorStraightEdges': 'true',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.edgeLabels.sideSelection': 'ALWAYS_UP',
  'elk.layered.edgeLabels.centerLabelPlacementStrategy': 'MEDIAN_LAYER',
};

let elk: InstanceType<typeof ELK> | null = null;

function engine(): InstanceType<typeof ELK> {
  elk ??= new ELK({ workerFactory: () => new Worker(workerUrl) });
  return elk;
}

function pointsOf(edge: ElkExtendedEdge): Point[] {
  const section = edge.sections?.[0];
  return section ? [section.startPoint, ...(section.bendPoints ?? []), section.endPoint] : [];
}

function labelOf(edge: ElkExtendedEdge, points: readonly Point[]): Point {
  const label = edge.labels?.[0];
  if (label?.x !== undefined && label.y !== undefined) {
    return { x: label.x + LABEL_WIDTH / 2, y: label.y + LABEL_HEIGHT / 2 };
  }
  return points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 };
}

/** How large the picture can be drawn in its room; more than natural size is no gain. */
function fit(layout: Layout, room: Room): number {
  return Math.min(1, room.width / layout.width, room.height / layout.height);
}

/** Nobody talks yet: rows of nodes, as wide as the room is. */
function gridLayout({ nodes, room }: Shape): Layout {
  const pitch = { x: NODE_WIDTH + GRID_GAP, y: NODE_HEIGHT + GRID_GAP };
  const columns = Math.max(1, Math.min(nodes.length, 3, Math.floor(room.width / pitch.x)));
  const rows = Math.ceil(nodes.length / columns);
  const place = (index: number): Point => ({
    x: (index % columns) * pitch.x,
    y: Math.floor(index / columns) * pitch.y,
  });
  return {
    nodes: new Map(nodes.map((id, index) => [id, place(index)])),
    edges: new Map(),
    width: columns * pitch.x - GRID_GAP,
    height: rows * pitch.y - GRID_GAP,
  };
}

/** Places a shape: from left to right, or from top to bottom where that can be drawn larger. */
export async function layoutGraph(shape: Shape): Promise<Layout> {
  if (shape.edges.length === 0) return gridLayout(shape);
  const [right, down] = await Promise.all([place(shape, 'RIGHT'), place(shape, 'DOWN')]);
  return fit(right, shape.room) >= fit(down, shape.room) * 0.95 ? right : down;
}

async function place(shape: Shape, direction: Direction): Promise<Layout> {
  const asked: ElkNode = {
    id: 'root',
    layoutOptions: {
      ...OPTIONS,
      'elk.direction': direction,
      'elk.aspectRatio': String(shape.room.width / shape.room.height),
    },
    children: shape.nodes.map((id) => ({ id, width: NODE_WIDTH, height: NODE_HEIGHT })),
    edges: shape.edges.map(({ id, from, to }) => ({
      id,
      sources: [from],
      targets: [to],
      labels: [
        {
          text: id,
          width: LABEL_WIDTH,
          height: LABEL_HEIGHT,
          layoutOptions: { 'elk.edgeLabels.placement': 'CENTER', 'elk.edgeLabels.inline': 'true' },
        },
      ],
    })),
  };
  const placed: ElkNode = await engine().layout(asked);
  const edges = (placed.edges ?? []).map((edge) => {
    const points = pointsOf(edge);
    return [edge.id, { points, label: labelOf(edge, points) }] as const;
  });
  const nodes = (placed.children ?? []).map((node) => [node.id, { x: node.x ?? 0, y: node.y ?? 0 }] as const);
  return {
    nodes: new Map(nodes),
    edges: new Map(edges),
    width: placed.width ?? 1,
    height: placed.height ?? 1,
  };
}
