/** What the recording says of a worker that died: that its listeners were closed, and that they are open again. */
import type { Decision } from '../model/decision.ts';
import type { PeerRef, TrafficEvent } from '../model/traffic-event.ts';
import { WorkerHung } from './heartbeat.ts';
import { makeEvent } from './make-event.ts';
import type { Moment } from './moment.ts';
import type { Snapshot } from './snapshot.ts';
import { shareOf } from './share.ts';
import type { Share } from './worker-messages.ts';

const NOBODY: PeerRef = {
  workload: null,
  namespace: null,
  instance: null,
  spiffeId: null,
  ip: '',
  port: null,
};

export interface Crash {
  at: Moment;
  reason: Error;
  share: Share;
  /** In force when it happened; null = none. */
  snapshot: Snapshot | null;
}

function crashEvent({ at, share, snapshot }: Crash, decision: Decision, sentence: string): TrafficEvent {
  return makeEvent({
    kind: 'proxy',
    direction: 'inbound',
    owner: `data plane ${share.index}`,
    at,
    from: NOBODY,
    to: NOBODY,
    decision,
    explanation: {
      sentence,
      trail: [
        {
          phase: decision.phase,
          outcome: decision.verdict === 'deny' ? 'denied' : 'passed',
          note: sentence,
          rules: [],
        },
      ],
      nearest: null,
    },
    snapshotVersion: snapshot?.version ?? 0,
  });
}

/** Names of the instances whose sidecars were on the worker. */
function namesOf({ snapshot, share }: Crash): string {
  const names = snapshot === null ? [] : shareOf(snapshot, share).map(({ id }) => id);
  if (names.length === 0) return 'no sidecar';
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5
    ? `the sidecars of ${shown} and ${names.length - 5} more`
    : `the sidecars of ${shown}`;
}

/** The worker died: until it is back, nothing passes its sidecars. */
export function crashedEvent(crash: Crash): TrafficEvent {
  const reason = crash.reason instanceof WorkerHung ? 'worker-hung' : 'worker-crashed';
  return crashEvent(
    crash,
    { verdict: 'deny', phase: 'upstream', reason, matched: null },
    `A thread of the data plane ended (${crash.reason.message}); ${namesOf(crash)} let nothing pass until it is back.`,
  );
}

/** The worker is back, with the snapshot that was in force, on the same ports. */
export function restartedEvent(crash: Crash): TrafficEvent {
  return crashEvent(
    crash,
    { verdict: 'allow', phase: 'upstream', reason: 'worker-restarted', matched: null },
    `The data plane's thread was started again; ${namesOf(crash)} listen where they did.`,
  );
}
