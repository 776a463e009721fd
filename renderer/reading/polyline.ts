/** Points of a routed edge as an SVG path with rounded corners. */
export interface Point {
  x: number;
  y: number;
}

function towards(from: Point, to: Point, by: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const share = Math.min(by / length, 0.5);
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

const at = (point: Point): string => `${point.x.toFixed(1)} ${point.y.toFixed(1)}`;

/** `M… L… Q…`; empty of fewer than two points. */
export function roundedPath(points: readonly Point[], radius: number): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (!first || !last) return '';
  const parts = [`M${at(first)}`];
  rest.slice(0, -1).forEach((corner, index) => {
    const before = points[index] ?? first;
    const after = points[index + 2] ?? last;
    parts.push(
      `L${at(towards(corner, before, radius))}`,
      `Q${at(corner)} ${at(towards(corner, after, radius))}`,
    );
  });
  parts.push(`L${at(last)}`);
  return parts.join(' ');
}
