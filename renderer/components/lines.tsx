/** Two or more series as thin lines over one scale, newest at the right. The table beside it says the same in numbers. */
import type { ReactNode } from 'react';

export interface Series {
  name: string;
  /** Null = not measured then: a gap. */
  values: readonly (number | null)[];
  tone: 'main' | 'second';
}

const WIDTH = 240;
const HEIGHT = 48;

/** Points of a series as SVG path data, scaled so that `top` is the upper edge. */
export function linePath(values: readonly (number | null)[], slots: number, top: number): string {
  const step = WIDTH / Math.max(1, slots - 1);
  let pen = 'M';
  return values
    .flatMap((value, index) => {
      if (value === null) {
        pen = 'M';
        return [];
      }
      const x = WIDTH - (values.length - 1 - index) * step;
      const y = HEIGHT - 1 - (value / top) * (HEIGHT - 2);
      const part = `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = 'L';
      return [part];
    })
    .join(' ');
}

/** The picture. `least`: what the upper edge stands for at least, so that idle looks idle. */
export function Lines({
  series,
  slots,
  least,
  label,
}: {
  series: readonly Series[];
  slots: number;
  least: number;
  label: string;
}): ReactNode {
  const top = Math.max(least, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  return (
    <svg
      className="lines"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {series.map(({ name, values, tone }) => (
        <path key={name} className={tone} d={linePath(values, slots, top)} />
      ))}
    </svg>
  );
}
