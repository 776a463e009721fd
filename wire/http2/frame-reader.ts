/**
 * Cuts a byte stream into frames (RFC 9113 §4.1), bounded by the frame size that we promised. What it hands out is
 * the receiver's to keep: it writes over nothing that it has handed out.
 */
import { ERROR, FRAME_HEADER_BYTES, type ConnectionFault } from './protocol.ts';

/** One frame: its payload is `bytes` from `from` up to `to`. */
export interface Frame {
  type: number;
  flags: number;
  stream: number;
  bytes: Uint8Array;
  from: number;
  to: number;
}

/** Takes a frame; what it returns ends the connection. The frame object is used again for the next one. */
export type FrameSink = (frame: Frame) => ConnectionFault | null;

const EMPTY = new Uint8Array(0);
const TOO_LARGE: ConnectionFault = { code: ERROR.FRAME_SIZE_ERROR, reason: 'frame-too-large' };

export class FrameReader {
  readonly #maxFrameSize: number;
  readonly #sink: FrameSink;
  readonly #frame: Frame = { type: 0, flags: 0, stream: 0, bytes: EMPTY, from: 0, to: 0 };
  /** A frame whose end hasn't come yet; at least its header's length. */
  #held: Uint8Array = EMPTY;
  #heldLength = 0;

  constructor(maxFrameSize: number, sink: FrameSink) {
    this.#maxFrameSize = maxFrameSize;
    this.#sink = sink;
  }

  /** Reads the chunk to its end, or up to what ends the connection. */
  read(chunk: Uint8Array, start = 0): ConnectionFault | null {
    let at = start;
    while (this.#heldLength > 0 && at < chunk.length) {
      at = this.#complete(chunk, at);
      if (at < 0) return TOO_LARGE;
      // At least a header's, also where that isn't whole yet.
      const total = this.#heldTotal();
      if (this.#heldLength < total) continue;
      const held = this.#held;
      this.#held = EMPTY;
      this.#heldLength = 0;
      const fault = this.#emit(held, 0, total);
      if (fault !== null) return fault;
    }
    while (chunk.length - at >= FRAME_HEADER_BYTES) {
      const length = payloadLength(chunk, at);
      if (length > this.#maxFrameSize) return TOO_LARGE;
      const end = at + FRAME_HEADER_BYTES + length;
      if (end > chunk.length) break;
      const fault = this.#emit(chunk, at, end);
      if (fault !== null) return fault;
      at = end;
    }
    if (at < chunk.length) this.#hold(chunk, at);
    return null;
  }

  /** Adds to the held frame what it lacks; the place in the chunk after it, −1 = the frame is too large. */
  #complete(chunk: Uint8Array, at: number): number {
    const missing =
      (this.#heldLength < FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES : this.#heldTotal()) - this.#heldLength;
    const taken = Math.min(missing, chunk.length - at);
    this.#held.set(chunk.subarray(at, at + taken), this.#heldLength);
    this.#heldLength += taken;
    if (this.#heldLength === FRAME_HEADER_BYTES) {
      const length = payloadLength(this.#held, 0);
      if (length > this.#maxFrameSize) return -1;
      const whole = new Uint8Array(FRAME_HEADER_BYTES + length);
      whole.set(this.#held.subarray(0, FRAME_HEADER_BYTES));
      this.#held = whole;
    }
    return at + taken;
  }

  #hold(chunk: Uint8Array, at: number): void {
    const known = chunk.length - at >= FRAME_HEADER_BYTES;
    this.#held = new Uint8Array(FRAME_HEADER_BYTES + (known ? payloadLength(chunk, at) : 0));
    this.#held.set(chunk.subarray(at));
    this.#heldLength = chunk.length - at;
  }

  #heldTotal(): number {
    return FRAME_HEADER_BYTES + payloadLength(this.#held, 0);
  }

  #emit(bytes: Uint8Array, at: number, end: number): ConnectionFault | null {
    const frame = this.#frame;
    frame.type = bytes[at + 3] as number;
    frame.flags = bytes[at + 4] as number;
    // The reserved bit is ignored.
    frame.stream = readUint32(bytes, at + 5) & 0x7f_ff_ff_ff;
    frame.bytes = bytes;
    frame.from = at + FRAME_HEADER_BYTES;
    frame.to = end;
    return this.#sink(frame);
  }
}

function payloadLength(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}

/** Unsigned, in network order. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}
