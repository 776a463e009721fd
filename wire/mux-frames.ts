/**
 * Frames of a connection that two of our sidecars share for many connections' bytes. A frame: u8 kind, u24 length of
 * what follows its head, u32 stream. Only sidecars that agreed on `MUX_ALPN` in their handshake speak it; what is
 * inside a stream is what a connection of its own would carry, byte for byte.
 */

/** Said in the handshake, besides Istio's own names. */
export const MUX_ALPN = 'greenroom-mux';
/** What a stream speaks, and a connection of its own would have agreed on: so events tell it. */
export const STREAM_ALPN = 'http/1.1';
export const FRAME_HEAD = 8;
/** The longest piece of content of one frame. */
export const MAX_DATA = 128 * 1_024;
/** What a side may send of one stream before the other has taken some of it. */
export const MUX_WINDOW = 256 * 1_024;
export const MAX_TAG = 512;
const NOTHING = new Uint8Array(0);

export const FRAME = {
  /** A stream begins; their numbers go up by one. */
  open: 0,
  /** Content. */
  data: 1,
  /** Nothing follows in this direction. */
  end: 2,
  /** The stream is no more. */
  reset: 3,
  /** So many bytes (u32) were taken: as many may be sent again. */
  credit: 4,
  /** Whose request comes next, as rehearsals mark them (UTF-8, empty = nobody's). */
  tag: 5,
} as const;
export type FrameKind = keyof typeof FRAME;

/** Whom frames are for. `lent` is good during the call only. */
export interface FrameSink {
  open(stream: number): void;
  data(stream: number, lent: Uint8Array): void;
  end(stream: number): void;
  reset(stream: number): void;
  credit(stream: number, bytes: number): void;
  /** UTF-8; empty = nobody's. */
  tag(stream: number, lent: Uint8Array): void;
}

const KINDS: readonly FrameKind[] = ['open', 'data', 'end', 'reset', 'credit', 'tag'];
const LENGTHS: Readonly<Record<FrameKind, readonly [least: number, most: number]>> = {
  open: [0, 0],
  data: [1, MAX_DATA],
  end: [0, 0],
  reset: [0, 0],
  credit: [4, 4],
  tag: [0, MAX_TAG],
};

/** Writes a frame's head to the start of `to`. */
export function writeFrameHead(to: Uint8Array, kind: FrameKind, stream: number, length: number): void {
  to[0] = FRAME[kind];
  to[1] = length >>> 16;
  to[2] = length >>> 8;
  to[3] = length;
  writeU32(to, 4, stream);
}

export function writeU32(to: Uint8Array, at: number, value: number): void {
  to[at] = value >>> 24;
  to[at + 1] = value >>> 16;
  to[at + 2] = value >>> 8;
  to[at + 3] = value;
}

function readU32(from: Uint8Array, at: number): number {
  return (
    (((from[at] ?? 0) << 24) |
      ((from[at + 1] ?? 0) << 16) |
      ((from[at + 2] ?? 0) << 8) |
      (from[at + 3] ?? 0)) >>>
    0
  );
}

/** Reads frames from bytes that come in any pieces. What breaks the framing ends it for good. */
export class FrameReader {
  readonly #sink: FrameSink;
  /** A head, or the rest of a frame that isn't content, as far as it has come. */
  readonly #part = new Uint8Array(MAX_TAG);
  #had = 0;
  #kind: FrameKind = 'data';
  #stream = 0;
  /** Bytes of the frame that are still to come; 0 = a head is next. */
  #left = 0;
  #broken = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Gives the sink what `chunk` completes; false: the other side doesn't keep to the framing. */
  feed(chunk: Uint8Array): boolean {
    for (let at = 0; at < chunk.length && !this.#broken; )
      at = this.#left > 0 ? this.#takeRest(chunk, at) : this.#takeHead(chunk, at);
    return !this.#broken;
  }

  #takeHead(chunk: Uint8Array, from: number): number {
    if (this.#had === 0 && chunk.length - from >= FRAME_HEAD) {
      this.#begin(chunk, from);
      return from + FRAME_HEAD;
    }
    const to = this.#gather(chunk, from, FRAME_HEAD);
    if (this.#had === FRAME_HEAD) {
      this.#had = 0;
      this.#begin(this.#part, 0);
    }
    return to;
  }

  #gather(chunk: Uint8Array, from: number, wanted: number): number {
    const to = Math.min(chunk.length, from + wanted - this.#had);
    this.#part.set(chunk.subarray(from, to), this.#had);
    this.#had += to - from;
    return to;
  }

  #begin(head: Uint8Array, at: number): void {
    const kind = KINDS[head[at] ?? KINDS.length];
    const length = readU32(head, at) & 0xffffff;
    const stream = readU32(head, at + 4);
    if (kind === undefined || stream === 0 || length < LENGTHS[kind][0] || length > LENGTHS[kind][1]) {
      this.#broken = true;
      return;
    }
    this.#kind = kind;
    this.#stream = stream;
    this.#left = length;
    if (length > 0) return;
    if (kind === 'tag') this.#sink.tag(stream, NOTHING);
    else if (kind === 'open') this.#sink.open(stream);
    else if (kind === 'end') this.#sink.end(stream);
    else this.#sink.reset(stream);
  }

  #takeRest(chunk: Uint8Array, from: number): number {
    if (this.#kind === 'data') {
      const to = Math.min(chunk.length, from + this.#left);
      this.#left -= to - from;
      this.#sink.data(this.#stream, from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to));
      return to;
    }
    const to = this.#gather(chunk, from, this.#left);
    if (this.#had < this.#left) return to;
    const bytes = this.#part.subarray(0, this.#left);
    this.#had = 0;
    this.#left = 0;
    if (this.#kind === 'credit') this.#sink.credit(this.#stream, readU32(bytes, 0));
    else this.#sink.tag(this.#stream, bytes);
    return to;
  }
}
