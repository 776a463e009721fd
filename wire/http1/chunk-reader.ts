/**
 * The chunked coding (RFC 9112 §7.1), strict and incremental: gives the pieces of the content, drops extensions, keeps
 * trailers. What it takes ends at the same byte for every parser.
 */
import { CR, LF, NO, VALUE } from './bytes.ts';
import { readFieldLines } from './field-lines.ts';

/** What a step of reading came to. */
export type ChunkStep =
  /** A piece of the content: `[from, to)` of the bytes given. */
  | 'piece'
  /** All bytes were used; more are needed. */
  | 'more'
  /** The last chunk and its trailers are read; `to` is behind them. */
  | 'end'
  | 'broken';

type State =
  | 'size'
  | 'extension'
  | 'size-end'
  | 'content'
  | 'content-cr'
  | 'content-lf'
  | 'trailers'
  | 'done';

/** 2^40 bytes in one chunk are no chunk. */
const MAX_DIGITS = 10;
const MAX_EXTENSION = 4_096;
const MAX_TRAILERS = 16 * 1_024;
const MAX_TRAILER_FIELDS = 50;

export class ChunkReader {
  /** Range of the last `piece`. */
  from = 0;
  /** End of that range, or of the message. */
  to = 0;
  /** Fields behind the last chunk, names lower-case. */
  readonly trailers: [string, string][] = [];
  #state: State = 'size';
  #left = 0;
  #digits = 0;
  #extension = 0;
  #trailer = '';

  /** Reads on at `start`; to be called again with `to` after a `piece`, and with new bytes after `more`. */
  read(bytes: Uint8Array, start: number): ChunkStep {
    const { length } = bytes;
    let at = start;
    while (at < length) {
      if (this.#state === 'content') {
        this.from = at;
        this.to = Math.min(length, at + this.#left);
        this.#left -= this.to - at;
        if (this.#left === 0) this.#state = 'content-cr';
        return 'piece';
      }
      if (this.#state === 'trailers') return this.#readTrailers(bytes, at);
      if (!this.#take(bytes[at] ?? 0)) return 'broken';
      at += 1;
    }
    this.to = at;
    return 'more';
  }

  /** One byte of a chunk's frame. */
  #take(byte: number): boolean {
    switch (this.#state) {
      case 'size':
        return this.#takeSize(byte);
      case 'extension':
        this.#extension += 1;
        if (byte === CR) this.#state = 'size-end';
        return byte === CR || (VALUE[byte] !== NO && this.#extension <= MAX_EXTENSION);
      case 'size-end':
        this.#state = this.#left === 0 ? 'trailers' : 'content';
        return byte === LF;
      case 'content-cr':
        this.#state = 'content-lf';
        return byte === CR;
      case 'content-lf':
        this.#state = 'size';
        this.#digits = 0;
        this.#extension = 0;
        return byte === LF;
      default:
        return false;
    }
  }

  #takeSize(byte: number): boolean {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#left = this.#left * 16 + digit;
      this.#digits += 1;
      return this.#digits <= MAX_DIGITS;
    }
    if (this.#digits === 0) return false;
    this.#state = byte === CR ? 'size-end' : 'extension';
    return byte === CR || byte === 0x3b;
  }

  #readTrailers(bytes: Uint8Array, start: number): ChunkStep {
    let at = start;
    for (; at < bytes.length; at += 1) {
      this.#trailer += String.fromCharCode(bytes[at] ?? 0);
      const { length } = this.#trailer;
      if (length > MAX_TRAILERS) return 'broken';
      const ended = this.#trailer === '\r\n' || this.#trailer.endsWith('\r\n\r\n');
      if (!ended) continue;
      this.#state = 'done';
      this.to = at + 1;
      return readFieldLines(this.#trailer, 0, this.trailers, MAX_TRAILER_FIELDS) === length
        ? 'end'
        : 'broken';
    }
    this.to = at;
    return 'more';
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
