/** What must be known whatever the view: the line is down, the mesh starts or failed, an edit was refused. */
import type { ReactNode } from 'react';
import type { SessionState } from '../../../model/session-state.ts';
import { useNow } from '../../components/use-now.ts';
import { safeText } from '../../reading/safe-text.ts';
import { reconnect } from '../../store/actions.ts';
import { goTo } from '../../store/selection.ts';
import { useWindow } from '../../store/window-store.ts';

function Strip({
  tone,
  children,
  action,
}: {
  tone: 'deny' | 'warn' | 'info';
  children: ReactNode;
  action?: { label: string; run: () => void };
}): ReactNode {
  return (
    <div className={`strip ${tone}`} role={tone === 'info' ? 'status' : 'alert'}>
      <span className="cut">{children}</span>
      {action ? (
        <button type="button" className="btn s" onClick={action.run}>
          {action.label}
        </button>
      ) : null}
    </div>
  );
}

function LostLine({ reason, retryAt }: { reason: string; retryAt: number }): ReactNode {
  const now = useNow(500);
  const seconds = Math.max(0, Math.ceil((retryAt - now) / 1_000));
  return (
    <Strip tone="deny" action={{ label: 'Try now', run: reconnect }}>
      ✕ <b>Disconnected:</b> {safeText(reason)}. What you see is as of then.{' '}
      {seconds > 0 ? `Trying again in ${seconds} s…` : 'Trying…'}
    </Strip>
  );
}

function MeshStrip({ session }: { session: SessionState }): ReactNode {
  if (session.phase === 'starting')
    return (
      <Strip tone="info">Starting the mesh: {safeText(session.progress ?? 'reading the project')}</Strip>
    );
  if (session.phase === 'stopping')
    return (
      <Strip tone="info">
        Stopping the mesh: {safeText(session.progress ?? 'every service is asked to end')}
      </Strip>
    );
  if (session.phase === 'stopped')
    return <Strip tone="warn">! The mesh is stopped. Start it again from the terminal.</Strip>;
  const failed = session.workloads.flatMap((one) => one.instances).find((one) => one.status === 'failed');
  if (!failed)
    return session.phase === 'failed' ? (
      <Strip tone="deny">✕ The mesh failed: {safeText(session.progress ?? 'no reason was given')}</Strip>
    ) : null;
  return (
    <Strip
      tone="deny"
      action={{ label: 'Show its log', run: () => goTo('services', { instance: failed.id }) }}
    >
      ✕ <b>{failed.id} failed:</b> {safeText(failed.detail ?? 'no reason was given')}
    </Strip>
  );
}

function EngineAway({ session }: { session: SessionState }): ReactNode {
  const now = useNow(1_000);
  const absence = session.engineAbsence;
  if (!absence) return null;
  const seconds = Math.max(0, Math.floor((now - absence.since) / 1_000));
  return (
    <Strip tone="deny">
      ✕ <b>The Docker engine is away</b> since {seconds} s: {safeText(absence.why)}. Start it again: what
      ended with it comes back by itself. Sidecars go on refusing what they must.
    </Strip>
  );
}

function RefusedEdit({ session }: { session: SessionState }): ReactNode {
  const problem = session.problems.find((one) => one.severity === 'error');
  if (!problem) return null;
  const place = problem.at ? `${problem.at.file}:${problem.at.line}` : 'the project';
  return (
    <Strip
      tone="warn"
      action={{
        label: 'Show',
        run: () => goTo('policies', { file: problem.at?.file ?? '', line: String(problem.at?.line ?? '') }),
      }}
    >
      ! <b>The last edit is refused</b>, v{session.snapshot.inForce ?? '–'} stays in force. {safeText(place)}:{' '}
      {safeText(problem.message)}
    </Strip>
  );
}

/** All that apply. */
export function Banners({ session }: { session: SessionState | null }): ReactNode {
  const link = useWindow((state) => state.link);
  return (
    <div className="banners">
      {link.status === 'lost' && session ? <LostLine reason={link.reason} retryAt={link.retryAt} /> : null}
      {session ? <EngineAway session={session} /> : null}
      {session ? <MeshStrip session={session} /> : null}
      {session ? <RefusedEdit session={session} /> : null}
    </div>
  );
}
