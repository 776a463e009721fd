/** A socket whose bytes are looked at on their way: whether what came back is what was sent. */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** So much of a ClientHello is compared: its random bytes are among them. */
const COMPARED = 32;

export class Tap extends Duplex {
  readonly #raw: Socket;
  #sent = Buffer.alloc(0);
  #got = Buffer.alloc(0);

  constructor(raw: Socket) {
    super();
    this.#raw = raw;
    raw.on('data', (chunk: Buffer) => {
      if (this.#got.length < COMPARED) this.#got = Buffer.concat([this.#got, chunk]);
      this.push(chunk);
    });
    raw.once('end', () => this.push(null));
    raw.once('close', () => this.destroy());
  }

  /** An echo spoke, no TLS. */
  sawItself(): boolean {
    const sent = this.#sent.subarray(0, COMPARED);
    return sent.length === COMPARED && sent.equals(this.#got.subarray(0, COMPARED));
  }

  override _read(): void {
    // The socket flows by itself: nothing here is long.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#sent.length < COMPARED) this.#sent = Buffer.concat([this.#sent, chunk]);
    this.#raw.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#raw.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#raw.destroy();
    done(error);
  }
}
