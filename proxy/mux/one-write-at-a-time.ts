/**
 * Writes to a TLS socket, one after the other. Node joins whatever waits for a socket in one piece of memory before it
 * encrypts it, and it tells of a write's end only when the turn of the event loop is over: what many streams send within
 * a turn would nearly all be copied once more.
 */
import type { Duplex } from 'node:stream';

interface Write {
  bytes: Buffer;
  done: () => void;
}

export class OneWriteAtATime {
  readonly #socket: Duplex;
  readonly #written: () => void;
  readonly #writes: Write[] = [];
  #isWriting = false;
  /** Bytes that the socket hasn't written yet. */
  writableLength = 0;

  /** `written`: called after each write, when less waits than before. */
  constructor(socket: Duplex, written: () => void) {
    this.#socket = socket;
    this.#written = written;
  }

  get destroyed(): boolean {
    return this.#socket.destroyed;
  }

  /** `done`: called when they are written, or never will be. */
  write(bytes: Buffer, done: () => void = () => undefined): void {
    this.#writes.push({ bytes, done });
    this.writableLength += bytes.length;
    if (!this.#isWriting) this.#next();
  }

  #next(): void {
    const write = this.#writes.shift();
    this.#isWriting = write !== undefined;
    if (write === undefined) return;
    this.#socket.write(write.bytes, () => {
      this.writableLength -= write.bytes.length;
      write.done();
      this.#next();
      this.#written();
    });
  }
}
