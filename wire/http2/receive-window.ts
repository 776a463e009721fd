/** The connection's own receive window (RFC 9113 §5.2): given back in halves, so that small bodies cost no frames. */
import { writeWindowUpdate } from './frame-writer.ts';
import type { OutputBuffer } from './output-buffer.ts';
import { DEFAULT_WINDOW } from './protocol.ts';

export class ReceiveWindow {
  readonly #output: OutputBuffer;
  readonly #size: number;
  #left = DEFAULT_WINDOW;
  #uncredited = 0;

  constructor(output: OutputBuffer, size: number) {
    this.#output = output;
    this.#size = Math.max(size, DEFAULT_WINDOW);
  }

  /** Opens it to its size. */
  begin(): void {
    if (this.#size === this.#left) return;
    writeWindowUpdate(this.#output, 0, this.#size - this.#left);
    this.#left = this.#size;
  }

  /** Takes what came; false = the peer sent more than it was allowed. */
  take(count: number): boolean {
    this.#left -= count;
    return this.#left >= 0;
  }

  /** Gives back; true = a frame was written. */
  credit(count: number): boolean {
    this.#uncredited += count;
    if (this.#uncredited * 2 < this.#size) return false;
    writeWindowUpdate(this.#output, 0, this.#uncredited);
    this.#left += this.#uncredited;
    this.#uncredited = 0;
    return true;
  }
}
