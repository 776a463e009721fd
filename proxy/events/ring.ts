/**
 * Bytes from one thread to another without a message each: a single writer, a single reader, shared memory. A full
 * ring refuses the record; nobody ever waits. Records are multiples of eight bytes and stand in one piece.
 */
import { bytesOf, KIND, writeHeader, type Bytes } from './record-layout.ts';

/** Places in the head of the shared memory, as 32-bit words. Positions run on and wrap at 2^32. */
const WRITTEN = 0;
const READ = 1;
const DROPPED = 2;
const ANNOUNCED = 3;
const HEAD_BYTES = 64;

/** A ring's memory; `capacity` is a power of two. */
export function createRingMemory(capacity: number): SharedArrayBuffer {
  if (capacity < 64 || (capacity & (capacity - 1)) !== 0) throw new Error(`${capacity} is no power of two`);
  return new SharedArrayBuffer(HEAD_BYTES + capacity);
}

class Ring {
  protected readonly words: Int32Array;
  protected readonly bytes: Bytes;
  protected readonly capacity: number;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory, 0, HEAD_BYTES / 4);
    this.bytes = bytesOf(new Uint8Array(memory, HEAD_BYTES));
    this.capacity = memory.byteLength - HEAD_BYTES;
  }
}

export class RingWriter extends Ring {
  #position = Atomics.load(this.words, WRITTEN) >>> 0;

  /** Room for a record of `size` bytes, or -1. What is written there is seen by nobody before `publish`. */
  reserve(size: number): number {
    const used = (this.#position - Atomics.load(this.words, READ)) >>> 0;
    const at = this.#position & (this.capacity - 1);
    const toEnd = this.capacity - at;
    if (size <= toEnd) return used + size <= this.capacity ? at : -1;
    if (used + toEnd + size > this.capacity) return -1;
    writeHeader(this.bytes, at, toEnd, KIND.gap, 0);
    this.#position = (this.#position + toEnd) >>> 0;
    return 0;
  }

  /** The memory to write to. */
  get target(): Bytes {
    return this.bytes;
  }

  /** The record of `size` bytes at the place that `reserve` gave is whole. */
  publish(size: number): void {
    this.#position = (this.#position + size) >>> 0;
    Atomics.store(this.words, WRITTEN, this.#position | 0);
  }

  /** Counts an event for which there was no room. */
  drop(): void {
    Atomics.add(this.words, DROPPED, 1);
  }

  get empty(): boolean {
    return this.#position === Atomics.load(this.words, READ) >>> 0;
  }

  get halfFull(): boolean {
    return (this.#position - Atomics.load(this.words, READ)) >>> 0 > this.capacity / 2;
  }

  /** True for the first who asks since the reader last read: then the reader must be told. */
  announce(): boolean {
    return Atomics.exchange(this.words, ANNOUNCED, 1) === 0;
  }

  /** Whether the reader has been told and hasn't read since. */
  get announced(): boolean {
    return Atomics.load(this.words, ANNOUNCED) === 1;
  }
}

export class RingReader extends Ring {
  #told = 0;
  /** Grows to what one reading has needed. */
  #memory = Buffer.alloc(0);

  /** All that was written so far, copied out in one piece that is good until the next call; null when there is nothing. */
  read(): Uint8Array | null {
    // First, so that what comes while we read is announced anew.
    Atomics.store(this.words, ANNOUNCED, 0);
    const from = Atomics.load(this.words, READ) >>> 0;
    const size = (Atomics.load(this.words, WRITTEN) - from) >>> 0;
    if (size === 0) return null;
    const at = from & (this.capacity - 1);
    const first = Math.min(size, this.capacity - at);
    if (this.#memory.length < size) this.#memory = Buffer.allocUnsafeSlow(size);
    const copy = this.#memory.subarray(0, size);
    copy.set(this.bytes.octets.subarray(at, at + first));
    copy.set(this.bytes.octets.subarray(0, size - first), first);
    Atomics.store(this.words, READ, (from + size) | 0);
    return copy;
  }

  /** Events dropped since the last time it was asked. */
  dropped(): number {
    const all = Atomics.load(this.words, DROPPED) >>> 0;
    const fresh = (all - this.#told) >>> 0;
    this.#told = all;
    return fresh;
  }
}
