/** Nothing is selected: the mesh as a whole. */
import type { ReactNode } from 'react';
import type { SessionState } from '../../../model/session-state.ts';
import { Facts, Inspector, Section } from '../../components/inspector.tsx';
import { count, plural } from '../../reading/format.ts';
import { sendSample } from '../../store/actions.ts';
import { useWindow } from '../../store/window-store.ts';
import { Denials } from './denials.tsx';
import { Minute } from './minute.tsx';

const CONTAINMENT = {
  full: 'full: a service reaches its sidecar and nothing else',
  partial: 'partial: some scenarios can’t be green here',
  none: 'none: every local process can knock at another’s door',
};

/** Null = every service was started by us. */
function attachedWords({ workloads }: SessionState): string | null {
  const attached = workloads.flatMap(({ instances }) => instances.filter((one) => one.attached));
  if (attached.length === 0) return null;
  const names = attached.map(({ id }) => id).join(', ');
  return `${names}: containment partial, everybody on this machine can knock there`;
}

/** The inspector of the mesh. */
export function MeshInspector({ session, now }: { session: SessionState; now: number }): ReactNode {
  const edges = useWindow((state) => state.edges);
  const all = [...edges.values()];
  return (
    <Inspector
      title={session.mesh}
      sub={`${plural(session.workloads.length, 'service')} · ${session.trustDomain}`}
      aside={
        <button type="button" className="btn s" onClick={() => void sendSample()}>
          Send a sample request
        </button>
      }
    >
      <Minute edges={all} now={now} />
      <Section title="This session">
        <Facts
          of={[
            ['runtime', session.runtime],
            ['containment', CONTAINMENT[session.containment]],
            ['attached', attachedWords(session)],
            [
              'policies',
              `v${session.snapshot.inForce ?? '–'} in force on ${session.snapshot.acknowledged} of ${session.snapshot.sidecars} sidecars`,
            ],
            [
              'recorded',
              `${plural(session.recording.events, 'event')}, ${count(session.recording.denied)} denied${session.recording.dropped > 0 ? `, ${count(session.recording.dropped)} dropped` : ''}`,
            ],
            [
              'clock',
              session.clockOffsetMs === 0 ? null : `moved by ${Math.round(session.clockOffsetMs / 1_000)} s`,
            ],
          ]}
        />
      </Section>
      <Denials events={all.flatMap((edge) => edge.denials)} />
    </Inspector>
  );
}
