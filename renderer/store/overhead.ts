/**
 * What the pair of sidecars costs: the caller's sidecar and the callee's record the same call under one request id,
 * and the difference of their durations is what lies between the two.
 */
import type { TrafficEvent } from '../../model/traffic-event.ts';

const WAITING = 512;
const SAMPLES = 512;

export interface Overhead {
  /** One side of a call, by request id, until the other arrives. */
  readonly waiting: ReadonlyMap<string, { direction: TrafficEvent['direction']; durationMs: number }>;
  readonly samples: readonly number[];
}

export const NO_OVERHEAD: Overhead = { waiting: new Map(), samples: [] };

/** Joins what can be joined; both lists stay bounded. */
export function addToOverhead(overhead: Overhead, events: readonly TrafficEvent[]): Overhead {
  const waiting = new Map(overhead.waiting);
  const samples = [...overhead.samples];
  for (const event of events) {
    if (event.kind !== 'http' || event.requestId === null || event.decision.verdict === 'deny') continue;
    const other = waiting.get(event.requestId);
    if (!other || other.direction === event.direction) {
      waiting.set(event.requestId, { direction: event.direction, durationMs: event.durationMs });
      continue;
    }
    waiting.delete(event.requestId);
    samples.push(Math.abs(event.durationMs - other.durationMs));
  }
  for (const id of waiting.keys()) {
    if (waiting.size <= WAITING) break;
    waiting.delete(id);
  }
  return { waiting, samples: samples.slice(-SAMPLES) };
}
