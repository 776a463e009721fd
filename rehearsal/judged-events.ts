/** Finds the traffic events that a step caused, and among them the one that tells its decision. */
import { setTimeout as delay } from 'node:timers/promises';
import type { TrafficEvent } from '../model/traffic-event.ts';
import type { Workload } from '../model/mesh.ts';
import type { Session } from '../mesh/session.ts';

const POLL_MS = 5;
const PAGE = 10_000;

export interface JudgedEvents {
  /** All events of the attempt, in order. */
  all: TrafficEvent[];
  decisive: TrafficEvent;
}

/**
 * The callee's sidecar decides. Only where the call never got so far does the gateway that it came in by, or the
 * caller's own: it refused to let it out, or found no way. `upstream` isn't such an end: there the callee hung up, and
 * its own event is on its way; unless a fault of the scenario's own kept the call from it, or nobody was called.
 */
function findDecisive(events: readonly TrafficEvent[], { to, gateway }: Awaited): TrafficEvent | null {
  const atCallee = (event: TrafficEvent): boolean =>
    event.direction === 'inbound' && to.instances.some((instance) => instance.id === event.owner);
  const last = events.findLast(atCallee);
  if (last) return last;
  if (gateway !== null) return events.findLast((event) => event.owner === gateway && isEnd(event)) ?? null;
  return events.findLast((event) => event.direction === 'outbound' && isEnd(event)) ?? null;
}

function isEnd(event: TrafficEvent): boolean {
  const { verdict, phase, reason } = event.decision;
  return verdict === 'deny' && (phase !== 'upstream' || NEVER_TRIED.has(reason) || wasInjected(event));
}

/** Failures before anybody was called: nothing more is on its way. */
const NEVER_TRIED: ReadonlySet<string> = new Set(['cluster-not-found', 'no-healthy-upstream']);

function wasInjected({ findings }: TrafficEvent): boolean {
  return findings.some(({ code }) => code === 'fault-injected');
}

/** All events of `tag` above `after`, in order. */
export function eventsOf(session: Session, tag: string, after: number): TrafficEvent[] {
  return session.events({ tag, after, limit: PAGE }).sort((a, b) => a.id - b.id);
}

export interface Awaited {
  tag: string;
  after: number;
  to: Workload;
  /** Whether the call left through a sidecar, which then records a hop of its own. */
  through: 'sidecar' | 'nobody';
  /** Instance of the gateway that the call came in by. */
  gateway: string | null;
}

/** Waits until the events of an attempt hold a decisive one; rejects by `signal`. */
export async function awaitJudgement(
  session: Session,
  awaited: Awaited,
  signal: AbortSignal,
): Promise<JudgedEvents> {
  for (;;) {
    // Our end of the connection is closed, but the sidecar learns that in its own time.
    await session.flush();
    const all = eventsOf(session, awaited.tag, awaited.after);
    const decisive = findDecisive(all, awaited);
    const { through, gateway } = awaited;
    const whole =
      gateway === null
        ? through === 'nobody' || all.some((event) => event.direction === 'outbound')
        : all.some((event) => event.owner === gateway);
    if (decisive && whole) return { all, decisive };
    await delay(POLL_MS, undefined, { signal });
  }
}
