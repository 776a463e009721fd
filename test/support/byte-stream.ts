/** Bytes that arrive on a socket, read as a conversation: until a mark, so many, or to the end. */
import type { Duplex } from 'node:stream';

export class ByteStream {
  readonly socket: Duplex;
  #buffer: Buffer = Buffer.alloc(0);
  #over = false;
  #wake: (() => void) | null = null;

  constructor(socket: Duplex) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#wake?.();
    });
    const over = (): void => {
      this.#over = true;
      this.#wake?.();
    };
    socket.once('end', over);
    socket.once('close', over);
    socket.on('error', over);
  }

  /** Up to and with `mark`; null when the stream ends before it. */
  async until(mark: string): Promise<Buffer | null> {
    for (let from = 0; ; ) {
      const at = this.#buffer.indexOf(mark, from, 'latin1');
      if (at >= 0) return this.#cut(at + mark.length);
      from = Math.max(0, this.#buffer.length - mark.length + 1);
      if (!(await this.#more())) return null;
    }
  }

  /** Exactly so many; null when the stream ends before. */
  async take(length: number): Promise<Buffer | null> {
    while (this.#buffer.length < length) if (!(await this.#more())) return null;
    return this.#cut(length);
  }

  /** All that comes until the end. */
  async rest(): Promise<Buffer> {
    while (await this.#more());
    return this.#cut(this.#buffer.length);
  }

  #cut(length: number): Buffer {
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }

  /** false at the end. */
  async #more(): Promise<boolean> {
    if (this.#over) return false;
    const had = this.#buffer.length;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = null;
    return this.#buffer.length > had || !this.#over;
  }
}
