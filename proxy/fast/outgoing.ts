/**
 * An answer's bytes on their way to a client. What comes in pieces (TLS gives 16 KB at a time) is gathered in memory
 * that is used again and again, and goes on in one write: when it is whole, when the memory is full, else when the turn
 * of the event loop is over.
 */
import { CHUNK_BYTES, giveChunk, takeChunk } from './chunk-memory.ts';

/** Less than this is copied out, so that no slow client holds chunks that are nearly empty. */
const SMALL_BYTES = CHUNK_BYTES / 4;
/** What may wait for a client before its upstream is held back. */
const MOST_WAITING = CHUNK_BYTES;

/** Where bytes go: a stream, or whoever writes to one. */
export interface OutgoingStream {
  readonly destroyed: boolean;
  readonly writableLength: number;
  /** `done`: the memory of `bytes` is free again. */
  write(bytes: Buffer, done?: () => void): unknown;
}

/** A stream that copies what it may send, at once: gathering it first would copy it twice. */
export interface SendingAtOnce {
  /** How many of the bytes it took. */
  sendNow(lent: Buffer): number;
  /** All of the text, one character a byte, or nothing. */
  sendText(text: string): boolean;
  /** It should get no more for now; if so, it tells of a drain later. */
  holdsBack(): boolean;
}

/** null: it doesn't. */
export function sendingAtOnce(stream: OutgoingStream): SendingAtOnce | null {
  return 'sendNow' in stream ? (stream as OutgoingStream & SendingAtOnce) : null;
}

export class Outgoing {
  readonly #stream: OutgoingStream;
  readonly #direct: SendingAtOnce | null;
  #chunk: Buffer | null = null;
  #length = 0;
  #scheduled = false;
  readonly #turnOver = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  constructor(stream: OutgoingStream) {
    this.#stream = stream;
    this.#direct = sendingAtOnce(stream);
  }

  /** One character a byte. */
  text(text: string): void {
    const { length } = text;
    if (length > CHUNK_BYTES) {
      this.flush();
      this.#stream.write(Buffer.from(text, 'latin1'));
      return;
    }
    if (length > CHUNK_BYTES - this.#length) this.flush();
    this.#open().write(text, this.#length, 'latin1');
    this.#length += length;
  }

  /** Copies what is lent. */
  bytes(lent: Buffer): void {
    for (let from = this.#sentAtOnce(lent); from < lent.length; ) {
      const copied = lent.copy(this.#open(), this.#length, from);
      from += copied;
      this.#length += copied;
      if (this.#length === CHUNK_BYTES) this.flush();
    }
  }

  /** How much of it is sent already. */
  #sentAtOnce(lent: Buffer): number {
    if (this.#direct === null || lent.length < SMALL_BYTES) return 0;
    this.flush();
    return this.#direct.sendNow(lent);
  }

  #open(): Buffer {
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#turnOver);
    }
    return (this.#chunk ??= takeChunk());
  }

  /** Writes what was gathered. */
  flush(): void {
    const chunk = this.#chunk;
    if (chunk === null) return;
    const gathered = chunk.subarray(0, this.#length);
    this.#chunk = null;
    this.#length = 0;
    const bytes = gathered.subarray(this.#direct?.sendNow(gathered) ?? 0);
    if (bytes.length === 0 || this.#stream.destroyed) {
      giveChunk(chunk);
    } else if (bytes.length < SMALL_BYTES) {
      const copy = Buffer.from(bytes);
      giveChunk(chunk);
      this.#stream.write(copy);
    } else {
      this.#stream.write(bytes, () => giveChunk(chunk));
    }
  }

  /** More waits for the client than may be; its stream tells of a drain. */
  get full(): boolean {
    return this.#direct?.holdsBack() ?? this.#stream.writableLength > MOST_WAITING;
  }
}
