/** The layout of a shape; the last one stays on screen until the next is ready. */
import { useEffect, useMemo, useState } from 'react';
import { type Layout, layoutGraph, type Room, type Shape } from './layout.ts';

const EMPTY: Layout = { nodes: new Map(), edges: new Map(), width: 1, height: 1 };

interface Sketch {
  nodes: readonly { id: string }[];
  edges: readonly { id: string; from: string; to: string }[];
}

/** Lays `sketch` out again when its nodes, its edges or the room change, and only then. */
export function useLayout(sketch: Sketch, room: Room): { layout: Layout; key: string } {
  const key = `${room.width}×${room.height} ${sketch.nodes.map((node) => node.id).join(',')} ${sketch.edges.map((edge) => edge.id).join(',')}`;
  const shape = useMemo<Shape>(
    () => ({
      room,
      nodes: sketch.nodes.map((node) => node.id),
      edges: sketch.edges.map(({ id, from, to }) => ({ id, from, to })),
    }),
    // The key says everything that the shape has.
    [key],
  );
  const [placed, setPlaced] = useState<{ layout: Layout; key: string }>({ layout: EMPTY, key: '' });
  useEffect(() => {
    let wanted = true;
    layoutGraph(shape).then(
      (layout) => {
        if (wanted) setPlaced({ layout, key });
      },
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [shape, key]);
  return placed;
}
