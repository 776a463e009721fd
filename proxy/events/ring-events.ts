/**
 * The data plane's event writer over a ring. Owns when the reader is told (at most every few ms, or when the ring is
 * half full), and that an exchange never stands in the ring before its context.
 */
import type { TrafficEvent } from '../../model/traffic-event.ts';
import type { EventContext, EventWriter, HttpExchange } from '../event-writer.ts';
import { FLAG, flagsOf, httpSize, jsonSize, KIND, writeHttp, writeJson } from './record-layout.ts';
import { RingWriter } from './ring.ts';

/** How long the reader may not know of an event. A sooner word wakes its thread, which takes a core from ours. */
const TELL_AFTER_MS = 50;
/** Turns of the event loop that a flush waits, so that ends already on the wire are seen. */
const SETTLE_TURNS = 8;
/** A context's number carries the flags of its exchanges in its lowest bits. */
const FLAG_BITS = 2;
const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();

export class RingEvents implements EventWriter {
  readonly #ring: RingWriter;
  readonly #tell: () => void;
  /** Contexts that aren't in the ring yet. */
  readonly #unsent = new Map<number, EventContext>();
  #unreleased: number[] = [];
  #contexts = 0;
  #timer: NodeJS.Timeout | null = null;

  /** `tell` says to the reader that there is something to read. */
  constructor(memory: SharedArrayBuffer, tell: () => void) {
    this.#ring = new RingWriter(memory);
    this.#tell = tell;
  }

  context(shared: EventContext): number {
    this.#contexts += 1;
    const number = ((this.#contexts << FLAG_BITS) | flagsOf(shared)) >>> 0;
    this.#unsent.set(number, shared);
    return number;
  }

  release(context: number): void {
    if (!this.#unsent.delete(context)) this.#unreleased.push(context);
  }

  http(context: number, exchange: HttpExchange): void {
    if (!this.#settle(context)) {
      this.#ring.drop();
      return;
    }
    const size = httpSize(exchange);
    const at = this.#ring.reserve(size);
    if (at < 0) {
      this.#ring.drop();
      return;
    }
    writeHttp(this.#ring.target, at, context, context & (FLAG.denied | FLAG.tagged), exchange);
    this.#ring.publish(size);
    this.#wake();
  }

  event(event: TrafficEvent): void {
    const written =
      this.#settle(0) && this.#json(KIND.event, flagsOf(event), 0, encoder.encode(JSON.stringify(event)));
    if (!written) this.#ring.drop();
    this.#wake();
  }

  /** What ended before the call is in the ring, closes that the kernel already knows of included. */
  async flush(): Promise<void> {
    for (let turn = 0; turn < SETTLE_TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Forgets the timer; what is in the ring stays readable. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Brings into the ring what must stand before an exchange of `context`; false when there is no room. */
  #settle(context: number): boolean {
    while (this.#unreleased.length > 0) {
      if (!this.#json(KIND.released, 0, this.#unreleased.at(-1) as number, NOTHING)) return false;
      this.#unreleased.pop();
    }
    if (this.#unsent.size === 0) return true;
    const shared = this.#unsent.get(context);
    if (shared === undefined) return true;
    if (!this.#json(KIND.context, 0, context, encoder.encode(JSON.stringify(shared)))) return false;
    this.#unsent.delete(context);
    return true;
  }

  #json(kind: Parameters<typeof writeJson>[2], flags: number, context: number, json: Uint8Array): boolean {
    const size = jsonSize(json.length);
    const at = this.#ring.reserve(size);
    if (at < 0) return false;
    writeJson(this.#ring.target, at, kind, flags, context, json);
    this.#ring.publish(size);
    return true;
  }

  #wake(): void {
    if (this.#ring.halfFull) this.#announce();
    else if (this.#timer === null && !this.#ring.announced)
      this.#timer = setTimeout(() => {
        this.#timer = null;
        this.#announce();
      }, TELL_AFTER_MS);
  }

  #announce(): void {
    if (!this.#ring.empty && this.#ring.announce()) this.#tell();
  }
}
