/** Bytes on their way out: one growing buffer that frames are written into and that the I/O takes away. */

const INITIAL_BYTES = 4_096;
/** What is taken in one piece instead of copied: from here on a copy costs more than a new buffer. */
const HAND_OVER_BYTES = 16_384;

export class OutputBuffer {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The buffer itself; anew after each `reserve`, which may have moved it. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Makes room for `count` more bytes, which the caller fills; the offset of the first. */
  reserve(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    this.#length = needed;
    return at;
  }

  append(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Forgets what stands from `length` on. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** Everything so far, the taker's to keep. */
  take(): Uint8Array {
    const length = this.#length;
    this.#length = 0;
    if (length < HAND_OVER_BYTES) return this.#bytes.slice(0, length);
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = new Uint8Array(INITIAL_BYTES);
    return taken;
  }
}
