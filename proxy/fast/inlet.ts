/**
 * Where the bytes of connections that we make come in. All of a thread are read into the same memory, one after the
 * other; by itself Node makes a buffer of 64 KB for each read, and one for each record of TLS, and what it counts of
 * them starts a collection of all garbage every few hundred reads.
 */
import type { OnReadOpts } from 'node:net';

const READ_BYTES = 128 * 1_024;
/** Filled right before the reader is called, and free again when it returns. */
const memory = Buffer.allocUnsafeSlow(READ_BYTES);

export class Inlet {
  /** Gets what was read, which is good during the call only. */
  reader: (lent: Buffer) => void = () => {
    this.#early = true;
  };
  /** For `net.connect` and `tls.connect`. */
  readonly onread: OnReadOpts = {
    buffer: memory,
    callback: (length) => {
      this.reader(memory.subarray(0, length));
      return true;
    },
  };
  #early = false;

  /** The other side spoke before there was a reader. */
  get spokeEarly(): boolean {
    return this.#early;
  }
}
