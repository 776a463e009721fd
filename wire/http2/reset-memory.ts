/**
 * Streams that were reset: what the other side had already sent on them is no fault of its. Bounded; of streams so
 * old that they were forgotten the best is believed.
 */
const MAX_REMEMBERED = 1_024;

export class ResetMemory {
  readonly #ids = new Set<number>();
  /** Up to here anything may have been reset. */
  #forgotten = 0;

  add(id: number): void {
    this.#ids.add(id);
    if (this.#ids.size <= MAX_REMEMBERED) return;
    const oldest = this.#ids.values().next();
    if (oldest.done) return;
    this.#ids.delete(oldest.value);
    this.#forgotten = Math.max(this.#forgotten, oldest.value);
  }

  has(id: number): boolean {
    return id <= this.#forgotten || this.#ids.has(id);
  }
}
