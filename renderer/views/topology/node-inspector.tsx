/** What is known about one workload: how it runs, who it is, who may call it and who it calls. */
import type { ReactNode } from 'react';
import type { WorkloadState } from '../../../model/session-state.ts';
import { Facts, Inspector, Section } from '../../components/inspector.tsx';
import { Tag } from '../../components/tag.tsx';
import { rate, span } from '../../reading/format.ts';
import { healthOf } from '../../reading/graph.ts';
import { safeText } from '../../reading/safe-text.ts';
import { readEdge } from '../../store/edge-window.ts';
import type { EdgeStats } from '../../store/edges.ts';
import { goTo, select } from '../../store/selection.ts';
import { useWindow } from '../../store/window-store.ts';
import { Denials } from './denials.tsx';
import { Minute } from './minute.tsx';

const TONES = { ready: 'allow', starting: 'warn', stopped: 'quiet', failed: 'deny' } as const;

interface NodeInspectorProps {
  workload: WorkloadState;
  now: number;
  onClose: () => void;
}

function Pairs({
  title,
  edges,
  other,
  now,
}: {
  title: string;
  edges: readonly EdgeStats[];
  other: 'from' | 'to';
  now: number;
}): ReactNode {
  if (edges.length === 0) return null;
  return (
    <Section title={title}>
      <ul className="pair-list">
        {edges.map((edge) => {
          const reading = readEdge(edge, now);
          return (
            <li key={edge.id}>
              <button type="button" onClick={() => select({ edge: edge.id, node: '' })}>
                <b>{edge[other]}</b>
                <span className="num">{rate(reading.total)}</span>
                <span className={edge.denied > 0 ? 'num denials' : 'num sub'}>
                  {edge.denied > 0 ? `✕ ${edge.denied} denied` : 'none denied'}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

function modeTone(mode: string): 'allow' | 'warn' {
  return mode === 'STRICT' ? 'allow' : 'warn';
}

/** The inspector of a workload. */
export function NodeInspector({ workload, now, onClose }: NodeInspectorProps): ReactNode {
  const edges = useWindow((state) => state.edges);
  const offset = useWindow((state) => state.session?.clockOffsetMs ?? 0);
  const inbound = [...edges.values()].filter((edge) => edge.to === workload.id);
  const outbound = [...edges.values()].filter((edge) => edge.from === workload.id);
  const health = healthOf(workload);
  return (
    <Inspector
      title={workload.name}
      sub={`namespace ${workload.namespace}`}
      aside={
        <>
          <Tag tone={TONES[health]}>{health}</Tag>
          <button
            type="button"
            className="btn s"
            onClick={() => goTo('services', { instance: workload.instances[0]?.id ?? '' })}
          >
            Logs
          </button>
        </>
      }
      onClose={onClose}
    >
      <Minute edges={inbound} now={now} />
      <Section title="Identity">
        <Facts
          of={[
            ['identity', <code key="i">{workload.spiffeId}</code>],
            [
              'certificate',
              workload.certificate
                ? `valid ${span(workload.certificate.notAfter - now - offset)}, renews in ${span(workload.certificate.renewAt - now - offset)}`
                : 'none yet',
            ],
          ]}
        />
      </Section>
      <Section title="Ports">
        <ul className="port-list">
          {workload.ports.map((port) => (
            <li key={port.port}>
              <code>
                {port.port}
                {port.targetPort === port.port ? '' : ` → ${port.targetPort}`}
              </code>
              <span className="sub">
                {port.name || 'unnamed'} · {port.protocol}
              </span>
              <Tag tone={modeTone(port.mtls)}>{port.mtls}</Tag>
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Instances">
        {workload.instances.map((instance) => (
          <p key={instance.id}>
            <code>{instance.id}</code>{' '}
            <span className="sub">
              {instance.podIp} · {instance.status}
              {instance.detail ? `: ${safeText(instance.detail)}` : ''}
            </span>
          </p>
        ))}
      </Section>
      <Pairs title="Called by" edges={inbound} other="from" now={now} />
      <Pairs title="Calls" edges={outbound} other="to" now={now} />
      <Denials events={inbound.flatMap((edge) => edge.denials)} />
    </Inspector>
  );
}
