/** The picture of who talks to whom. It draws a graph, says what was picked, and plays one hop when told to. */
import {
  Background,
  BackgroundVariant,
  Controls,
  type EdgeChange,
  getViewportForBounds,
  type NodeChange,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStoreApi,
} from '@xyflow/react';
import { type ReactNode, type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { plural, rate } from '../../reading/format.ts';
import type { Graph, GraphEdge } from '../../reading/graph.ts';
import type { Hop } from '../../reading/replay.ts';
import { edgeId } from '../../store/edges.ts';
import { type FlowEdge, TalkEdge } from './graph-edge.tsx';
import { type FlowNode, WorkloadNode } from './graph-node.tsx';
import { type Layout, NODE_HEIGHT, NODE_WIDTH, type Room } from './layout.ts';
import { useLayout } from './use-layout.ts';

export interface Picked {
  node?: string;
  edge?: string;
}

type Quiet = 'numbers' | 'no-numbers';

interface TopologyGraphProps {
  graph: Graph;
  picked: Picked;
  onPick: (picked: Picked) => void;
  /** The hop that a replay lights, with a key that changes from frame to frame. */
  hop?: { hop: Hop; key: string } | null;
  /** Draws the edges beside the lit one without their numbers. */
  quiet?: Quiet;
}

const STEP = 40;
const MIN_ZOOM = 0.25;
const MOST_FITTED_ZOOM = 1.15;
/** Share of the room that stays free around the picture. */
const FIT_PADDING = 0.05;
const NODE_TYPES = { workload: WorkloadNode };
const EDGE_TYPES = { talk: TalkEdge };
const HANDLES = [
  {
    type: 'source' as const,
    position: Position.Right,
    x: NODE_WIDTH,
    y: NODE_HEIGHT / 2,
    width: 1,
    height: 1,
  },
  { type: 'target' as const, position: Position.Left, x: 0, y: NODE_HEIGHT / 2, width: 1, height: 1 },
];

function litNode(id: string, hop: Hop | null): FlowNode['data']['lit'] {
  if (!hop) return null;
  if (hop.to === id) return hop.outcome;
  return hop.from === id ? 'sender' : null;
}

function flowNodes(graph: Graph, layout: Layout, picked: Picked, hop: Hop | null, quiet: Quiet): FlowNode[] {
  return graph.nodes.flatMap((node) => {
    const position = layout.nodes.get(node.id);
    if (!position) return [];
    return {
      id: node.id,
      type: 'workload' as const,
      position,
      width: NODE_WIDTH,
      height: NODE_HEIGHT,
      measured: { width: NODE_WIDTH, height: NODE_HEIGHT },
      handles: HANDLES,
      selected: picked.node === node.id,
      draggable: false,
      connectable: false,
      ariaLabel: `${node.title}, ${node.health}, ${node.subtitle}, ${rate(node.inbound)}`,
      data: { node, lit: litNode(node.id, hop), quiet },
    };
  });
}

function edgeLabel(edge: GraphEdge): string {
  return `${edge.from} to ${edge.to}, ${rate(edge.reading.total)}, ${plural(edge.reading.denied, 'denial')}`;
}

/** The room for the picture, in steps, so that a pixel more is no new layout. */
function useRoom(): { box: RefObject<HTMLDivElement | null>; room: Room; size: string } {
  const box = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState({ width: 900, height: 700 });
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const step = (pixels: number): number => Math.max(STEP, Math.round(pixels / STEP) * STEP);
    const watcher = new ResizeObserver(() =>
      setRoom({ width: step(element.clientWidth), height: step(element.clientHeight) }),
    );
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  return { box, room, size: `${room.width}×${room.height}` };
}

/**
 * Fits the picture, lines and labels too, when its shape or its room changes, never because a number did. The graph's
 * own fit looks at nodes alone.
 */
function FitOnChange({ when, layout }: { when: string; layout: Layout }): ReactNode {
  const { setViewport } = useReactFlow();
  const store = useStoreApi();
  const { width, height } = layout;
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      const pane = store.getState();
      const bounds = { x: 0, y: 0, width, height };
      void setViewport(
        getViewportForBounds(bounds, pane.width, pane.height, MIN_ZOOM, MOST_FITTED_ZOOM, FIT_PADDING),
      );
    });
    return () => cancelAnimationFrame(frame);
  }, [setViewport, store, when, width, height]);
  return null;
}

function Arrows(): ReactNode {
  return (
    <svg className="arrows" aria-hidden="true">
      <defs>
        {['line', 'accent', 'deny'].map((name) => (
          <marker
            key={name}
            id={`arrow-${name}`}
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="8"
            markerHeight="8"
            orient="auto"
            markerUnits="userSpaceOnUse"
          >
            <path d="M0 0 8 4 0 8z" className={`arrow ${name}`} />
          </marker>
        ))}
      </defs>
    </svg>
  );
}

/** The graph with pan, zoom and keyboard. */
export function TopologyGraph({
  graph,
  picked,
  onPick,
  hop = null,
  quiet = 'numbers',
}: TopologyGraphProps): ReactNode {
  const { box, room, size } = useRoom();
  const { layout, key } = useLayout(graph, room);
  const onSelect = useCallback((edge: string) => onPick({ edge }), [onPick]);
  const nodes = useMemo(
    () => flowNodes(graph, layout, picked, hop?.hop ?? null, quiet),
    [graph, layout, picked, hop, quiet],
  );
  const edges = useMemo(
    () =>
      graph.edges.flatMap((edge): FlowEdge[] => {
        const route = layout.edges.get(edge.id);
        if (!route || route.points.length === 0) return [];
        const lit = hop && edgeId(hop.hop.from, hop.hop.to) === edge.id;
        return [
          {
            id: edge.id,
            type: 'talk',
            source: edge.from,
            target: edge.to,
            selected: picked.edge === edge.id,
            ariaLabel: edgeLabel(edge),
            zIndex: lit || picked.edge === edge.id ? 2 : edge.onlyDenied ? 1 : 0,
            data: {
              edge,
              ...route,
              hop: lit ? hop.hop : null,
              hopKey: hop?.key ?? '',
              quiet: quiet === 'no-numbers',
              onSelect,
            },
          },
        ];
      }),
    [graph, layout, picked, hop, quiet, onSelect],
  );
  const onNodes = (changes: NodeChange<FlowNode>[]): void => {
    for (const change of changes)
      if (change.type === 'select' && change.selected) onPick({ node: change.id });
  };
  const onEdges = (changes: EdgeChange<FlowEdge>[]): void => {
    for (const change of changes)
      if (change.type === 'select' && change.selected) onPick({ edge: change.id });
  };
  return (
    <div ref={box} className={`graph ${hop ? 'playing' : ''}`} data-ready={key !== ''}>
      <Arrows />
      <ReactFlowProvider>
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          onNodesChange={onNodes}
          onEdgesChange={onEdges}
          onPaneClick={() => onPick({})}
          nodesDraggable={false}
          nodesConnectable={false}
          deleteKeyCode={null}
          selectionKeyCode={null}
          multiSelectionKeyCode={null}
          zoomOnDoubleClick={false}
          minZoom={MIN_ZOOM}
          maxZoom={2}
        >
          <Background variant={BackgroundVariant.Dots} gap={22} size={1.4} />
          <Controls showInteractive={false} position="bottom-right" />
          <FitOnChange when={`${key} ${size}`} layout={layout} />
        </ReactFlow>
      </ReactFlowProvider>
    </div>
  );
}
