/** Services: every instance, how it is, what it said. */
import { Server, SquareTerminal } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { refusalWords } from '../../../model/refusals.ts';
import type { InstanceState, SessionState } from '../../../model/session-state.ts';
import { Facts, Inspector, Section } from '../../components/inspector.tsx';
import { Notice } from '../../components/notice.tsx';
import { Tag } from '../../components/tag.tsx';
import { useListKeys } from '../../components/use-list-keys.ts';
import { useNow } from '../../components/use-now.ts';
import type { Tone } from '../../reading/event-words.ts';
import { plural } from '../../reading/format.ts';
import { safeText } from '../../reading/safe-text.ts';
import { useRefusals } from '../../store/host-data.ts';
import { select, usePlace } from '../../store/selection.ts';
import { LifeControls } from './life-controls.tsx';
import { LogPanel } from './log-panel.tsx';
import { ScaleControl } from './scale-control.tsx';
import { TerminalPanel } from './terminal-panel.tsx';
import { Usage } from './usage.tsx';

const TONES: Record<InstanceState['status'], Tone> = {
  pending: 'quiet',
  starting: 'warn',
  ready: 'allow',
  paused: 'warn',
  restarting: 'warn',
  stopping: 'quiet',
  stopped: 'quiet',
  failed: 'deny',
};

/** A read starts a container for a moment: seldom. */
const REFUSALS_EVERY_MS = 15_000;

function RefusalCount({ instance }: { instance: string }): ReactNode {
  const tick = Math.floor(useNow(REFUSALS_EVERY_MS) / REFUSALS_EVERY_MS);
  const refusals = useRefusals(instance, tick);
  if (refusals.status === 'loading') return 'asking…';
  if (refusals.status === 'failed') return refusals.error;
  return refusals.value === null ? 'no rules keep it to its sidecar' : refusalWords(refusals.value);
}

/** The view. */
export function ServicesView({ session }: { session: SessionState }): ReactNode {
  const { params } = usePlace();
  const [terminal, setTerminal] = useState<string | null>(null);
  const rows = session.workloads.flatMap((workload) =>
    workload.instances.map((instance) => ({ workload, instance })),
  );
  const selected = rows.find((row) => row.instance.id === params['instance']) ?? rows[0];
  const keys = useListKeys({
    length: rows.length,
    at: rows.findIndex((row) => row === selected),
    move: (index) => select({ instance: rows[index]?.instance.id ?? '' }),
  });
  if (!selected)
    return (
      <Notice icon={Server} title="No service">
        The project declares none.
      </Notice>
    );
  const { instance, workload } = selected;
  return (
    <div className="view with-side services">
      <div className="column">
        <div className="filters">
          <h2>Services</h2>
          <span className="sub">
            {plural(session.workloads.length, 'service')}, {plural(rows.length, 'instance')} ·{' '}
            {session.runtime}
          </span>
        </div>
        <div className="scroll" tabIndex={0} onKeyDown={keys} role="region" aria-label="Instances">
          <table className="list">
            <colgroup>
              <col />
              <col className="w-name" />
              <col className="w-name" />
              <col className="w-num" />
            </colgroup>
            <thead>
              <tr>
                <th>instance</th>
                <th>namespace</th>
                <th>status</th>
                <th className="num">restarts</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr
                  key={row.instance.id}
                  className={row === selected ? 'on' : ''}
                  aria-selected={row === selected}
                  onClick={() => select({ instance: row.instance.id })}
                >
                  <td>
                    <b>{row.instance.id}</b>
                  </td>
                  <td className="sub">{row.workload.namespace}</td>
                  <td>
                    <Tag tone={TONES[row.instance.status]}>{row.instance.status}</Tag>
                  </td>
                  <td className="num">{row.instance.restarts}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {terminal === null ? (
          <LogPanel workload={workload} instance={instance.id} />
        ) : (
          <TerminalPanel key={terminal} instance={terminal} onClose={() => setTerminal(null)} />
        )}
      </div>
      <Inspector title={instance.id} sub={workload.spiffeId}>
        {workload.kind === 'gateway' ? null : (
          <Section title="Life">
            <LifeControls key={instance.id} instance={instance} />
          </Section>
        )}
        {workload.kind === 'gateway' ? null : (
          <Section title="Terminal">
            {session.runtime === 'docker' ? (
              <button
                type="button"
                className="btn s"
                disabled={terminal === instance.id}
                onClick={() => setTerminal(instance.id)}
              >
                <SquareTerminal size={12} /> {terminal === instance.id ? 'It is open' : 'Open a terminal'}
              </button>
            ) : (
              <p className="sub">Only containers have one: this is a process of your own machine.</p>
            )}
          </Section>
        )}
        <Section title="State">
          <Facts
            of={[
              ['status', instance.status],
              ['detail', instance.detail ? safeText(instance.detail, 600) : null],
              [
                'past its sidecar',
                workload.kind === 'gateway' ? null : <RefusalCount key="refusals" instance={instance.id} />,
              ],
              [
                'instances',
                workload.kind === 'gateway' ? null : <ScaleControl key={workload.id} workload={workload} />,
              ],
              ['pod address', <code key="ip">{instance.podIp}</code>],
              [
                'labels',
                Object.entries(workload.labels)
                  .map(([name, value]) => `${name}=${value}`)
                  .join(', ') || 'none',
              ],
            ]}
          />
        </Section>
        {workload.kind === 'gateway' ? null : <Usage instance={instance.id} />}
      </Inspector>
    </div>
  );
}
