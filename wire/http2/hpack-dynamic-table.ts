/**
 * HPACK's dynamic table (RFC 7541 §2.3.2, §4): the newest entry has the lowest index, the oldest leave when the size
 * is used up. A ring, so that nothing is moved.
 */
import { fieldSize, type HeaderField } from './header-field.ts';

export class DynamicTable {
  #ring: (HeaderField | null)[] = Array.from({ length: 16 }, () => null);
  #oldest = 0;
  #count = 0;
  #bytes = 0;
  #capacity: number;
  readonly #evicted: ((field: HeaderField) => void) | null;

  /** `evicted` is told what leaves, oldest first. */
  constructor(capacity: number, evicted: ((field: HeaderField) => void) | null = null) {
    this.#capacity = capacity;
    this.#evicted = evicted;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** The entry at `index`, 0 = the newest; undefined = there is none. */
  at(index: number): HeaderField | undefined {
    if (index >= this.#count) return undefined;
    return this.#ring[(this.#oldest + this.#count - 1 - index) & (this.#ring.length - 1)] ?? undefined;
  }

  /** A field larger than the table empties it, which is no error (§4.4). */
  add(field: HeaderField): void {
    const size = fieldSize(field);
    this.#shrinkTo(this.#capacity - size);
    if (size > this.#capacity) return;
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[(this.#oldest + this.#count) & (this.#ring.length - 1)] = field;
    this.#count += 1;
    this.#bytes += size;
  }

  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#shrinkTo(capacity);
  }

  #shrinkTo(bytes: number): void {
    while (this.#bytes > bytes && this.#count > 0) {
      const field = this.#ring[this.#oldest] as HeaderField;
      this.#ring[this.#oldest] = null;
      this.#oldest = (this.#oldest + 1) & (this.#ring.length - 1);
      this.#count -= 1;
      this.#bytes -= fieldSize(field);
      this.#evicted?.(field);
    }
  }

  /** The length stays a power of two: an index is cut to the ring by a mask. */
  #grow(): void {
    const { length } = this.#ring;
    const entries = Array.from(
      { length },
      (_, index) => this.#ring[(this.#oldest + index) & (length - 1)] ?? null,
    );
    this.#ring = [...entries, ...entries.map(() => null)];
    this.#oldest = 0;
  }
}
