/** Contexts of a connection's events, each made once while what it says stays true. */
import type { EventContext, EventWriter } from '../event-writer.ts';

/** More of them on one connection aren't kept. */
const MOST = 16;

export class EventContexts<K> {
  readonly #writer: EventWriter;
  readonly #made = new Map<K, number>();

  constructor(writer: EventWriter) {
    this.#writer = writer;
  }

  /** The context of `key`; `made` is asked for it once. */
  of(key: K, made: () => EventContext): number {
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    if (this.#made.size >= MOST) this.release();
    const context = this.#writer.context(made());
    this.#made.set(key, context);
    return context;
  }

  /** None of them is true any more. */
  release(): void {
    if (this.#made.size === 0) return;
    for (const context of this.#made.values()) this.#writer.release(context);
    this.#made.clear();
  }
}
