/** The status line: what is recorded, what it costs, which policies are in force, where we listen. */
import type { ReactNode } from 'react';
import type { SessionState } from '../../../model/session-state.ts';
import { count, duration, plural } from '../../reading/format.ts';
import { quantile } from '../../store/edge-window.ts';
import { useWindow } from '../../store/window-store.ts';

const LINK_WORDS = {
  connecting: 'connecting',
  live: 'recording',
  lost: 'disconnected',
  refused: 'refused',
} as const;

function policies({ snapshot, problems }: SessionState): string {
  const acknowledged = `acknowledged by ${snapshot.acknowledged} of ${snapshot.sidecars} sidecars`;
  const refused = problems.some((one) => one.severity === 'error') ? ' · last edit refused' : '';
  return `policies v${snapshot.inForce ?? snapshot.published} ${acknowledged}${refused}`;
}

/** The line. */
export function Footer({ session }: { session: SessionState | null }): ReactNode {
  const link = useWindow((state) => state.link.status);
  const samples = useWindow((state) => state.overhead.samples);
  const overhead = quantile(samples, 0.5);
  const recording = session?.recording;
  return (
    <footer>
      <span>
        <span className={`live ${link}`} aria-hidden="true">
          {link === 'live' ? '●' : '○'}
        </span>{' '}
        {LINK_WORDS[link]}
        {recording ? ` · ${plural(recording.events, 'event')} · ${count(recording.denied)} denied` : ''}
        {recording && recording.dropped > 0 ? ` · ! ${count(recording.dropped)} dropped` : ''}
      </span>
      {overhead === null ? null : (
        <span title="Difference between what the caller’s and the callee’s sidecar measured">
          p50 {duration(overhead)} between sidecars
        </span>
      )}
      <span className="grow" />
      {session ? (
        <>
          <span>{policies(session)}</span>
          <span>
            {session.runtime === 'process'
              ? 'listening on 127.0.0.1 only'
              : 'listening on loopback and the engine’s bridges only'}
          </span>
        </>
      ) : null}
    </footer>
  );
}
