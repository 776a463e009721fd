/**
 * A header block out of HEADERS and CONTINUATION frames (RFC 9113 §4.3). Between them no other frame may come, and
 * neither their number nor their size is the peer's choice (CVE-2024-27919, CVE-2024-30255).
 */
import type { Frame } from './frame-reader.ts';
import { ERROR, FLAG, FRAME, type ConnectionFault } from './protocol.ts';

/** As many as a list may have fields. Envoy sets no bound of its own. */
const MAX_CONTINUATIONS = 100;
/** Coded; a list of 60 KiB that no table and no Huffman code made smaller fits well. */
const MAX_BLOCK_BYTES = 128 * 1024;

/** A block that is complete: coded bytes from `from` up to `to`. */
export interface WholeBlock {
  stream: number;
  endStream: boolean;
  bytes: Uint8Array;
  from: number;
  to: number;
}

export type Assembled =
  | { kind: 'more' }
  | { kind: 'whole'; block: WholeBlock }
  | { kind: 'fault'; fault: ConnectionFault };

const MORE: Assembled = { kind: 'more' };

export class HeaderAssembler {
  #stream = 0;
  #endStream = false;
  #pieces: Uint8Array[] = [];
  #length = 0;

  /** Whether a block is under way: then only its CONTINUATION may come. */
  get open(): boolean {
    return this.#stream !== 0;
  }

  take(frame: Frame): Assembled {
    return frame.type === FRAME.HEADERS ? this.#begin(frame) : this.#continue(frame);
  }

  #begin(frame: Frame): Assembled {
    const { bytes, flags, stream } = frame;
    let { from, to } = frame;
    if ((flags & FLAG.PADDED) !== 0) {
      if (from >= to) return fault(ERROR.FRAME_SIZE_ERROR, 'headers-too-short');
      to -= bytes[from] as number;
      from += 1;
    }
    // Priorities are read over (§5.3.2).
    if ((flags & FLAG.PRIORITY) !== 0) from += 5;
    if (from > to) return fault(ERROR.PROTOCOL_ERROR, 'headers-padding-too-long');
    const endStream = (flags & FLAG.END_STREAM) !== 0;
    if ((flags & FLAG.END_HEADERS) !== 0)
      return { kind: 'whole', block: { stream, endStream, bytes, from, to } };
    this.#stream = stream;
    this.#endStream = endStream;
    this.#pieces = [bytes.subarray(from, to)];
    this.#length = to - from;
    return MORE;
  }

  #continue({ bytes, from, to, flags, stream }: Frame): Assembled {
    if (stream !== this.#stream) return fault(ERROR.PROTOCOL_ERROR, 'continuation-of-another-stream');
    this.#pieces.push(bytes.subarray(from, to));
    this.#length += to - from;
    if (this.#length > MAX_BLOCK_BYTES || this.#pieces.length > MAX_CONTINUATIONS + 1)
      return fault(ERROR.ENHANCE_YOUR_CALM, 'continuation-flood');
    if ((flags & FLAG.END_HEADERS) === 0) return MORE;
    const whole = new Uint8Array(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    const block = { stream, endStream: this.#endStream, bytes: whole, from: 0, to: whole.length };
    this.#stream = 0;
    this.#pieces = [];
    return { kind: 'whole', block };
  }
}

function fault(code: number, reason: string): Assembled {
  return { kind: 'fault', fault: { code, reason } };
}
