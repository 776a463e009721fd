/**
 * Events as bytes, of which an object is made only when somebody looks. Immutable. A segment holds what its events
 * share (contexts), and knows without decoding how many there are, which were denied, and their tags.
 */
import type { TrafficEvent } from '../../model/traffic-event.ts';
import type { EventContext } from '../event-writer.ts';
import { exchangeEvent } from './exchange-event.ts';
import type { Octets } from './octets.ts';
import { FLAG, httpContextAt, KIND, kindAt, readHttp, readJson, type Bytes } from './record-layout.ts';

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
  octets: Octets;
  /** Where the records of events begin, in order. */
  offsets: readonly number[];
  /** Those of each event: what is asked of many without a look at their bytes. */
  flags: readonly number[];
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

  constructor(parts: SegmentParts) {
    this.parts = parts;
    this.firstId = parts.firstId ?? 0;
    this.lost = parts.lost ?? 0;
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
    const { bytes } = this.parts.octets;
    return kindAt(bytes, at) === KIND.http ? this.#context(bytes, at) : this.event(index);
  }

  event(index: number): TrafficEvent {
    const at = this.#at(index);
    const { bytes } = this.parts.octets;
    const event =
      kindAt(bytes, at) === KIND.http
        ? exchangeEvent(this.#context(bytes, at), readHttp(bytes, at))
        : (JSON.parse(readJson(bytes, at)) as TrafficEvent);
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
    return this.parts.flags[index] ?? 0;
  }

  #context(bytes: Bytes, at: number): EventContext {
    const number = httpContextAt(bytes, at);
    const context = this.parts.contexts.get(number);
    if (context === undefined)
      throw new Error(`an exchange names context ${number}, of which nothing is known`);
    return context.value;
  }
}
