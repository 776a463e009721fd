/**
 * Contexts of the events of an HTTP/2 connection. Its exchanges overlap, and one that ends may have begun under an older
 * snapshot than the one before it: so a context is known by everything that it says, not by what was true last.
 */
import type { EventContext, EventWriter } from '../event-writer.ts';

/** More of them on one connection aren't kept. */
const MOST = 16;

export class WayContexts {
  readonly #writer: EventWriter;
  #made: { way: readonly unknown[]; context: number }[] = [];
  #closed = false;

  constructor(writer: EventWriter) {
    this.#writer = writer;
  }

  /** The context of `way`, all that it depends on, compared one by one; `made` is asked for it once. null: it is over. */
  of(way: readonly unknown[], made: () => EventContext): number | null {
    if (this.#closed) return null;
    for (const known of this.#made) if (isSame(known.way, way)) return known.context;
    if (this.#made.length >= MOST) this.#release();
    const context = this.#writer.context(made());
    this.#made.push({ way, context });
    return context;
  }

  /** The connection is no more, and nothing is told of it this way. */
  close(): void {
    this.#closed = true;
    this.#release();
  }

  #release(): void {
    for (const { context } of this.#made) this.#writer.release(context);
    this.#made = [];
  }
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  for (let index = 0; index < one.length; index += 1) if (one[index] !== other[index]) return false;
  return true;
}
