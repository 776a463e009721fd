/** From the bytes of one writer to segments: follows which contexts are in use, and keeps no others. */
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { EventSegment, SharedContext } from './event-segment.ts';
import { Octets } from './octets.ts';
import {
  bytesOf,
  flagsAt,
  flagsOf,
  forgetRecord,
  httpContextAt,
  jsonContextAt,
  jsonSize,
  KIND,
  kindAt,
  nextRecord,
  readJson,
  writeJson,
} from './record-layout.ts';

export class SegmentReader {
  readonly #stream: number;
  readonly #live = new Map<number, SharedContext>();

  constructor(stream: number) {
    this.#stream = stream;
  }

  /**
   * The events in `lent`, which are whole records in the order they were written; null when there are none. An
   * exchange of a context that its writer has released can't be told any more: it counts as lost.
   */
  read(lent: Uint8Array, dropped = 0): EventSegment | null {
    const bytes = bytesOf(lent);
    const offsets: number[] = [];
    const flags: number[] = [];
    const contexts = new Map<number, SharedContext>();
    let lost = dropped;
    for (let at = 0; at < lent.length; at = nextRecord(bytes, at)) {
      switch (kindAt(bytes, at)) {
        case KIND.http: {
          const number = httpContextAt(bytes, at);
          if (!contexts.has(number)) {
            const known = this.#live.get(number);
            if (known === undefined) {
              // Nobody who reads these bytes later shall take it for an event either.
              forgetRecord(bytes, at);
              lost += 1;
              break;
            }
            contexts.set(number, known);
          }
          offsets.push(at);
          flags.push(flagsAt(bytes, at));
          break;
        }
        case KIND.event:
          offsets.push(at);
          flags.push(flagsAt(bytes, at));
          break;
        case KIND.context:
          this.#live.set(jsonContextAt(bytes, at), new SharedContext(readJson(bytes, at)));
          break;
        case KIND.released:
          this.#live.delete(jsonContextAt(bytes, at));
          break;
      }
    }
    if (offsets.length === 0 && lost === 0) return null;
    const octets = Octets.keep(lent);
    return new EventSegment({ stream: this.#stream, octets, offsets, flags, contexts, lost });
  }
}

/** Where the events of `octets` begin, and their flags; for bytes that hold nothing but records. */
export function eventsIn(octets: Uint8Array): { offsets: number[]; flags: number[] } {
  const bytes = bytesOf(octets);
  const offsets: number[] = [];
  for (let at = 0; at < octets.length; at = nextRecord(bytes, at)) {
    const kind = kindAt(bytes, at);
    if (kind === KIND.http || kind === KIND.event) offsets.push(at);
  }
  return { offsets, flags: offsets.map((at) => flagsAt(bytes, at)) };
}

/** Events that are objects already, as a segment. */
export function segmentOf(events: readonly TrafficEvent[]): EventSegment {
  const texts = events.map((event) => new TextEncoder().encode(JSON.stringify(event)));
  const octets = new Uint8Array(texts.reduce((sum, { length }) => sum + jsonSize(length), 0));
  const bytes = bytesOf(octets);
  let at = 0;
  texts.forEach((text, index) => {
    const event = events[index];
    writeJson(bytes, at, KIND.event, event === undefined ? 0 : flagsOf(event), 0, text);
    at += jsonSize(text.length);
  });
  return new EventSegment({
    stream: 0,
    octets: Octets.of(octets),
    ...eventsIn(octets),
    contexts: new Map(),
  });
}
