/**
 * What came in while nobody read. Small pieces are gathered: each costs memory besides its bytes, and who sends a
 * window byte by byte would have a hundred times of it kept.
 */

const GATHERED_BYTES = 4_096;

export class KeptBytes {
  readonly #pieces: Buffer[] = [];
  /** The last of them, where it is still being filled. */
  #open: Buffer | null = null;
  #filled = 0;

  get isEmpty(): boolean {
    return this.#pieces.length === 0 && this.#open === null;
  }

  /** Copies what is lent. */
  add(lent: Buffer): void {
    if (this.#open !== null && lent.length <= GATHERED_BYTES - this.#filled) {
      this.#filled += lent.copy(this.#open, this.#filled);
      return;
    }
    this.#close();
    if (lent.length > GATHERED_BYTES / 2) {
      this.#pieces.push(Buffer.from(lent));
      return;
    }
    this.#open = Buffer.allocUnsafeSlow(GATHERED_BYTES);
    this.#filled = lent.copy(this.#open);
  }

  /** The oldest of what is kept; null = nothing is. */
  take(): Buffer | null {
    if (this.#pieces.length === 0) this.#close();
    return this.#pieces.shift() ?? null;
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#open = null;
  }

  #close(): void {
    if (this.#open !== null) this.#pieces.push(this.#open.subarray(0, this.#filled));
    this.#open = null;
  }
}
