/** The last sixty seconds of some edges: the line, and its numbers in words. */
import type { ReactNode } from 'react';
import { Section } from '../../components/inspector.tsx';
import { Sparkline } from '../../components/sparkline.tsx';
import { duration, plural, rate } from '../../reading/format.ts';
import { minuteOf, quantile, readEdge } from '../../store/edge-window.ts';
import type { EdgeStats } from '../../store/edges.ts';
import { useWindow } from '../../store/window-store.ts';

/** The section. */
export function Minute({ edges, now }: { edges: readonly EdgeStats[]; now: number }): ReactNode {
  const samples = useWindow((state) => state.overhead.samples);
  const { total, denied } = minuteOf(edges, now);
  const requests = total.reduce((all, one) => all + one, 0);
  const denials = denied.reduce((all, one) => all + one, 0);
  const readings = edges.map((edge) => readEdge(edge, now));
  const slowest = (field: 'p50' | 'p99'): number | null => {
    const values = readings.map((one) => one[field]).filter((one) => one !== null);
    return field === 'p50' ? quantile(values, 0.5) : values.length > 0 ? Math.max(...values) : null;
  };
  return (
    <Section title="Last 60 seconds">
      <Sparkline
        total={total}
        denied={denied}
        label={`${plural(requests, 'request')} in the last 60 seconds, ${denials} denied`}
      />
      <div className="figures">
        <Figure name="requests">{rate(requests)}</Figure>
        <Figure name="denied" tone={denials > 0 ? 'deny' : ''}>
          {denials > 0 ? `✕ ${denials}` : '0'}
        </Figure>
        <Figure name="p50">{duration(slowest('p50'))}</Figure>
        <Figure name="p99">{duration(slowest('p99'))}</Figure>
        <Figure name="sidecars">{duration(quantile(samples, 0.5))}</Figure>
      </div>
    </Section>
  );
}

function Figure({
  name,
  tone = '',
  children,
}: {
  name: string;
  tone?: string;
  children: ReactNode;
}): ReactNode {
  return (
    <div>
      <div className="sub">{name}</div>
      <b className={tone}>{children}</b>
    </div>
  );
}
