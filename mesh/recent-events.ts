/** The newest events of a session in memory, as segments; bounded by their number and by their bytes. */
import type { EventQuery } from '../model/event-query.ts';
import type { TrafficEvent } from '../model/traffic-event.ts';
import type { EventSegment } from '../proxy/events/event-segment.ts';
import { searchSegment } from './search-segment.ts';

const DEFAULT_EVENTS = 100_000;
/** Heads may have 60 KiB each; 100,000 usual events have about 80 MB, or 8 where they came fast and are packed. */
const MAX_BYTES = 128 * 1024 * 1024;

export class RecentEvents {
  readonly #maxEvents: number;
  /** Rising by id, without gaps. */
  #segments: EventSegment[] = [];
  /** Segments at the front that are forgotten already; cut off in strides. */
  #forgotten = 0;
  #events = 0;
  #bytes = 0;

  constructor(maxEvents = DEFAULT_EVENTS) {
    this.#maxEvents = maxEvents;
  }

  /** Takes a numbered segment, the next one; forgets the oldest as a whole. */
  add(segment: EventSegment): void {
    this.#segments.push(segment);
    this.#events += segment.length;
    this.#bytes += segment.parts.octets.size;
    for (
      let oldest = this.#oldest;
      oldest !== segment && this.#isFullWithout(oldest);
      oldest = this.#oldest
    ) {
      this.#events -= oldest?.length ?? 0;
      this.#bytes -= oldest?.parts.octets.size ?? 0;
      this.#forgotten += 1;
    }
    if (this.#forgotten * 2 > this.#segments.length) {
      this.#segments = this.#segments.slice(this.#forgotten);
      this.#forgotten = 0;
    }
  }

  /** null when there is none. */
  get oldestId(): number | null {
    return this.#oldest?.firstId ?? null;
  }

  event(id: number): TrafficEvent | null {
    const segment = this.#segments[this.#indexOf(id)];
    const index = segment === undefined ? -1 : id - segment.firstId;
    return segment !== undefined && index >= 0 && index < segment.length ? segment.event(index) : null;
  }

  /** Rising by id; see `EventQuery`. */
  query(query: EventQuery): TrafficEvent[] {
    const found: TrafficEvent[] = [];
    const full = (): boolean => found.length >= query.limit;
    if (query.after !== undefined) {
      const from = Math.max(this.#forgotten, this.#indexOf(query.after + 1));
      for (let index = from; index < this.#segments.length && !full(); index += 1)
        this.#search(index, query, found);
      return found;
    }
    const to = query.before === undefined ? this.#segments.length - 1 : this.#indexOf(query.before - 1);
    for (let index = to; index >= this.#forgotten && !full(); index -= 1) this.#search(index, query, found);
    return found.reverse();
  }

  #search(index: number, query: EventQuery, found: TrafficEvent[]): void {
    const segment = this.#segments[index];
    if (segment !== undefined) searchSegment(segment, query, found);
  }

  get #oldest(): EventSegment | undefined {
    return this.#segments[this.#forgotten];
  }

  /** Whether there is more than may be, even when `oldest` is forgotten: so many events stay at least. */
  #isFullWithout(oldest: EventSegment | undefined): boolean {
    return this.#events - (oldest?.length ?? 0) >= this.#maxEvents || this.#bytes > MAX_BYTES;
  }

  /** Index of the last segment that begins at or before `id`. */
  #indexOf(id: number): number {
    let low = this.#forgotten;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#segments[middle]?.firstId ?? 0) <= id) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
