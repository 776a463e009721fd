/** A pair that talks: a routed line, its lock, its rate, its denials; and the token that a replay sends along it. */
import { type Edge, EdgeLabelRenderer, type EdgeProps } from '@xyflow/react';
import type { ReactNode } from 'react';
import { plural, rate } from '../../reading/format.ts';
import type { GraphEdge } from '../../reading/graph.ts';
import { type Point, roundedPath } from '../../reading/polyline.ts';
import type { Hop } from '../../reading/replay.ts';
import { LockIcon, lockWords } from './lock.tsx';

export type FlowEdge = Edge<
  {
    edge: GraphEdge;
    points: readonly Point[];
    label: Point;
    hop: Hop | null;
    /** Changes with every frame, so that the token travels anew. */
    hopKey: string;
    quiet: boolean;
    onSelect: (id: string) => void;
  },
  'talk'
>;

const CORNER = 9;

function EdgeLabel({
  id,
  data,
  selected,
}: {
  id: string;
  data: NonNullable<FlowEdge['data']>;
  selected: boolean;
}): ReactNode {
  const { edge, hop } = data;
  const { reading } = edge;
  const say = `${edge.from} to ${edge.to}: ${rate(reading.total)}, ${lockWords(reading)}, ${plural(reading.denied, 'denial')}`;
  const tone = hop ? (hop.outcome === 'arrived' ? 'allow' : 'deny') : edge.onlyDenied ? 'deny' : '';
  return (
    <button
      type="button"
      tabIndex={-1}
      className={`edge-label nodrag nopan ${tone} ${selected ? 'selected' : ''} ${hop ? 'lit' : ''}`}
      title={say}
      onClick={() => data.onSelect(id)}
      style={{ transform: `translate(-50%, -50%) translate(${data.label.x}px, ${data.label.y}px)` }}
    >
      {hop ? (
        <>
          {hop.outcome === 'arrived' ? '✓' : '✕'} {hop.label}
        </>
      ) : (
        <EdgeNumbers edge={edge} />
      )}
    </button>
  );
}

function EdgeNumbers({ edge }: { edge: GraphEdge }): ReactNode {
  const { reading } = edge;
  if (edge.onlyDenied)
    return <span className="denials">✕ {reading.total > 0 ? `${reading.denied} denied` : 'denied'}</span>;
  return (
    <>
      <LockIcon lock={reading.lock} />
      <span>{rate(reading.total - reading.denied)}</span>
      {reading.denied > 0 ? <span className="denials">✕{reading.denied}</span> : null}
    </>
  );
}

/** Drawn by the graph for every edge. */
export function TalkEdge({ id, data, selected = false }: EdgeProps<FlowEdge>): ReactNode {
  if (!data) return null;
  const { edge, hop } = data;
  const path = roundedPath(data.points, CORNER);
  const kind = hop
    ? `lit-${hop.outcome}`
    : edge.onlyDenied
      ? 'denied'
      : edge.reading.total === 0 || data.quiet
        ? 'idle'
        : '';
  const marker = hop
    ? hop.outcome === 'arrived'
      ? 'accent'
      : 'deny'
    : edge.onlyDenied
      ? 'deny'
      : selected
        ? 'accent'
        : 'line';
  return (
    <>
      <path d={path} className="edge-hit react-flow__edge-interaction" />
      <path
        d={path}
        className={`edge ${kind} ${selected ? 'selected' : ''}`}
        markerEnd={`url(#arrow-${marker})`}
      />
      {hop ? (
        <circle
          key={data.hopKey}
          r={6}
          className={`token ${hop.outcome}`}
          style={{ offsetPath: `path("${path}")` }}
        />
      ) : null}
      {data.quiet && !hop ? null : (
        <EdgeLabelRenderer>
          <EdgeLabel id={id} data={data} selected={selected} />
        </EdgeLabelRenderer>
      )}
    </>
  );
}
