/** Requests of the last minute as an area, denials as bars. The numbers below it are its twin in words. */
import { type ReactNode, useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { useTheme } from '../store/theme.ts';

interface SparklineProps {
  total: readonly number[];
  denied: readonly number[];
  label: string;
}

const HEIGHT = 64;

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function options(width: number): uPlot.Options {
  const bars = uPlot.paths.bars?.({ size: [0.7, 3], align: 0 });
  return {
    width,
    height: HEIGHT,
    padding: [4, 0, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    select: { show: false, left: 0, top: 0, width: 0, height: 0 },
    axes: [{ show: false }, { show: false }],
    scales: { x: { time: false }, y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.15)] } },
    series: [
      {},
      { stroke: token('--accent'), width: 1.5, fill: token('--accent-soft'), points: { show: false } },
      {
        stroke: token('--deny'),
        fill: token('--deny'),
        width: 0,
        points: { show: false },
        ...(bars ? { paths: bars } : {}),
      },
    ],
  };
}

/** The picture. */
export function Sparkline({ total, denied, label }: SparklineProps): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useTheme((state) => state.theme);
  const data: uPlot.AlignedData = [total.map((_, index) => index), [...total], [...denied]];
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const made = new uPlot(options(element.clientWidth), latest.current, element);
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = null;
    };
    // Colours are read once a drawing: another theme is another plot.
  }, [theme]);

  useEffect(() => {
    plot.current?.setData(data);
  });

  return <div ref={place} className="spark" role="img" aria-label={label} />;
}
