/**
 * The recorded traffic as a persistent list: appending copies one chunk, not 200,000 events, so that a pure reducer
 * stays cheap at any rate. Ordered by id; an id is never in it twice; beyond the cap the oldest chunk falls off.
 */
import type { TrafficEvent } from '../../model/traffic-event.ts';

const CHUNK = 1024;

/** What the window keeps of a recording; older events stay with the host. */
export const LOG_CAP = 200_000;

export interface EventLog {
  /** Every chunk but the last is full. */
  readonly chunks: readonly (readonly TrafficEvent[])[];
  readonly length: number;
  /** Highest id; 0 when empty. */
  readonly lastId: number;
}

export const EMPTY_LOG: EventLog = { chunks: [], length: 0, lastId: 0 };

function chunked(events: readonly TrafficEvent[]): TrafficEvent[][] {
  const chunks: TrafficEvent[][] = [];
  for (let start = 0; start < events.length; start += CHUNK) chunks.push(events.slice(start, start + CHUNK));
  return chunks;
}

/** Rising ids without repeats, which is what an append takes. */
export function ordered(events: readonly TrafficEvent[]): TrafficEvent[] {
  const sorted = [...events].sort((a, b) => a.id - b.id);
  return sorted.filter((event, index) => index === 0 || event.id !== sorted[index - 1]?.id);
}

/** Adds what is newer than the log; an event that it already has, or that is older than its last, is dropped. */
export function appendEvents(log: EventLog, events: readonly TrafficEvent[], cap = LOG_CAP): EventLog {
  const fresh = ordered(events).filter((event) => event.id > log.lastId);
  const last = fresh.at(-1);
  if (!last) return log;
  const tail = log.chunks.at(-1) ?? [];
  const kept = tail.length < CHUNK ? log.chunks.slice(0, -1) : log.chunks;
  const chunks = [...kept, ...chunked(tail.length < CHUNK ? [...tail, ...fresh] : fresh)];
  let length = log.length + fresh.length;
  while (length > cap && chunks.length > 1) length -= chunks.shift()?.length ?? 0;
  return { chunks, length, lastId: last.id };
}

/** Puts an older page in front, for scrolling back; stops at the cap. */
export function prependEvents(log: EventLog, older: readonly TrafficEvent[], cap = LOG_CAP): EventLog {
  const first = eventAt(log, 0)?.id ?? Number.POSITIVE_INFINITY;
  const fresh = ordered(older).filter((event) => event.id < first);
  const all = [...fresh, ...log.chunks.flat()].slice(-cap);
  return { chunks: chunked(all), length: all.length, lastId: all.at(-1)?.id ?? 0 };
}

/** The event at `index`, oldest first. */
export function eventAt(log: EventLog, index: number): TrafficEvent | undefined {
  return log.chunks[Math.floor(index / CHUNK)]?.[index % CHUNK];
}

/** Index of the first event whose id is at least `id`; the length when there is none. */
export function indexFrom(log: EventLog, id: number): number {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((eventAt(log, middle)?.id ?? 0) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The event with this id, if the window still has it. */
export function eventById(log: EventLog, id: number): TrafficEvent | undefined {
  const event = eventAt(log, indexFrom(log, id));
  return event?.id === id ? event : undefined;
}
