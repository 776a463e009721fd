/**
 * Events on their way out of the data plane: in the order they ended, in small batches, none lost before `flush`
 * answers. It holds no history; that is the recorder's.
 */
import type { TrafficEvent } from '../model/traffic-event.ts';

const BATCH_DELAY_MS = 3;
const BATCH_SIZE = 256;
/** Turns of the event loop that a flush waits, so that ends already on the wire are seen. */
const SETTLE_TURNS = 8;

export class TrafficLog {
  readonly #deliver: (events: TrafficEvent[]) => void;
  #batch: TrafficEvent[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(deliver: (events: TrafficEvent[]) => void) {
    this.#deliver = deliver;
  }

  add(event: TrafficEvent): void {
    this.#batch.push(event);
    if (this.#batch.length >= BATCH_SIZE) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), BATCH_DELAY_MS);
  }

  /** Delivers what ended before the call, closes that the kernel already knows of included. */
  async flush(): Promise<void> {
    for (let turn = 0; turn < SETTLE_TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    this.#send();
  }

  #send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#batch.length === 0) return;
    const events = this.#batch;
    this.#batch = [];
    this.#deliver(events);
  }
}
