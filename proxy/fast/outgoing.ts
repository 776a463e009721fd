/**
 * An answer's bytes on their way to a client. What comes in pieces (TLS gives 16 KB at a time) is gathered in memory
 * that is used again and again, and goes on in one write: when it is whole, when the memory is full, else when the turn
 * of the event loop is over.
 */
import type { Writable } from 'node:stream';

const CHUNK_BYTES = 128 * 1_024;
/** Chunks that a thread keeps for later: what some dozen connections have under way. */
const MOST_FREE = 64;
/** Less than this is copied out, so that no slow client holds chunks that are nearly empty. */
const SMALL_BYTES = CHUNK_BYTES / 4;
/** What may wait for a client before its upstream is held back. */
const MOST_WAITING = CHUNK_BYTES;

const free: Buffer[] = [];

function give(chunk: Buffer): void {
  if (free.length < MOST_FREE) free.push(chunk);
}

export class Outgoing {
  readonly #stream: Writable;
  #chunk: Buffer | null = null;
  #length = 0;
  #scheduled = false;
  readonly #turnOver = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** One character a byte. */
  text(text: string): void {
    const { length } = text;
    if (length > CHUNK_BYTES) {
      this.flush();
      this.#stream.write(text, 'latin1');
      return;
    }
    if (length > CHUNK_BYTES - this.#length) this.flush();
    this.#open().write(text, this.#length, 'latin1');
    this.#length += length;
  }

  /** Copies what is lent. */
  bytes(lent: Buffer): void {
    for (let from = 0; from < lent.length; ) {
      const copied = lent.copy(this.#open(), this.#length, from);
      from += copied;
      this.#length += copied;
      if (this.#length === CHUNK_BYTES) this.flush();
    }
  }

  #open(): Buffer {
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#turnOver);
    }
    return (this.#chunk ??= free.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES));
  }

  /** Writes what was gathered. */
  flush(): void {
    const chunk = this.#chunk;
    if (chunk === null) return;
    const bytes = chunk.subarray(0, this.#length);
    this.#length = 0;
    if (this.#stream.destroyed) this.#drop(chunk);
    else if (bytes.length < SMALL_BYTES) {
      this.#drop(chunk);
      this.#stream.write(Buffer.from(bytes));
    } else {
      this.#chunk = null;
      this.#stream.write(bytes, () => give(chunk));
    }
  }

  #drop(chunk: Buffer): void {
    this.#chunk = null;
    give(chunk);
  }

  /** More waits for the client than may be; its stream tells of a drain. */
  get full(): boolean {
    return this.#stream.writableLength > MOST_WAITING;
  }
}
