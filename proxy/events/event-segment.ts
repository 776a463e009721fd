/**
 * Events as bytes, of which an object is made only when somebody looks. Immutable. A segment holds what its events
 * share (contexts), and knows without decoding how many there are, which were denied, and their tags.
 */
import type { TrafficEvent } from '../../model/traffic-event.ts';
import type { EventContext } from '../event-writer.ts';
import { exchangeEvent } from './exchange-event.ts';
import {
  bytesOf,
  FLAG,
  flagsAt,
  httpContextAt,
  KIND,
  kindAt,
  readHttp,
  readJson,
  type Bytes,
} from './record-layout.ts';

/** A context as it was told: text, until it is looked at. */
export class SharedContext {
  readonly json: string;
  #value: EventContext | null = null;

  constructor(json: string) {
    this.json = json;
  }

  get value(): EventContext {
    this.#value ??= JSON.parse(this.json) as EventContext;
    return this.#value;
  }
}

export interface SegmentParts {
  /** Which writer made it: contexts are numbered by their writer. */
  stream: number;
  octets: Uint8Array;
  /** Where the records of events begin, in order. */
  offsets: readonly number[];
  contexts: ReadonlyMap<number, SharedContext>;
  /** Events that were dropped before these. */
  lost?: number;
  /** Number of the first event; 0 = not numbered. */
  firstId?: number;
}

export class EventSegment implements Iterable<TrafficEvent> {
  readonly parts: SegmentParts;
  readonly firstId: number;
  readonly lost: number;
  readonly #bytes: Bytes;

  constructor(parts: SegmentParts) {
    this.parts = parts;
    this.firstId = parts.firstId ?? 0;
    this.lost = parts.lost ?? 0;
    this.#bytes = bytesOf(parts.octets);
  }

  get length(): number {
    return this.parts.offsets.length;
  }

  /** The same events, numbered from `firstId` on. */
  numbered(firstId: number): EventSegment {
    return new EventSegment({ ...this.parts, firstId });
  }

  isDenied(index: number): boolean {
    return (this.#flags(index) & FLAG.denied) !== 0;
  }

  isTagged(index: number): boolean {
    return (this.#flags(index) & FLAG.tagged) !== 0;
  }

  denied(): number {
    let count = 0;
    for (let index = 0; index < this.length; index += 1) if (this.isDenied(index)) count += 1;
    return count;
  }

  /** Tags of its events, each once. */
  tags(): string[] {
    const tags = new Set<string>();
    for (let index = 0; index < this.length; index += 1) {
      if (!this.isTagged(index)) continue;
      const { tag } = this.shared(index);
      if (tag !== null) tags.add(tag);
    }
    return [...tags];
  }

  /** What an event shares with others, without a look at its heads. */
  shared(index: number): Pick<TrafficEvent, 'from' | 'to' | 'tag'> {
    const at = this.#at(index);
    return kindAt(this.#bytes, at) === KIND.http ? this.#context(at) : this.event(index);
  }

  event(index: number): TrafficEvent {
    const at = this.#at(index);
    const event =
      kindAt(this.#bytes, at) === KIND.http
        ? exchangeEvent(this.#context(at), readHttp(this.#bytes, at))
        : (JSON.parse(readJson(this.#bytes, at)) as TrafficEvent);
    event.id = this.firstId === 0 ? 0 : this.firstId + index;
    return event;
  }

  *[Symbol.iterator](): Iterator<TrafficEvent> {
    for (let index = 0; index < this.length; index += 1) yield this.event(index);
  }

  #at(index: number): number {
    const at = this.parts.offsets[index];
    if (at === undefined) throw new RangeError(`a segment of ${this.length} events has no event ${index}`);
    return at;
  }

  #flags(index: number): number {
    return flagsAt(this.#bytes, this.#at(index));
  }

  #context(at: number): EventContext {
    const number = httpContextAt(this.#bytes, at);
    const context = this.parts.contexts.get(number);
    if (context === undefined)
      throw new Error(`an exchange names context ${number}, of which nothing is known`);
    return context.value;
  }
}
