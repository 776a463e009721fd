/**
 * DATA on its way out: within the peer's windows (RFC 9113 §5.2) and what the socket takes, in turns between streams.
 * What doesn't fit waits in its stream, and whoever sent it learns of each byte that left: so back-pressure goes
 * from a slow reader through to the sender.
 */
import type { FloodGuard } from './flood-guard.ts';
import { writeData } from './frame-writer.ts';
import type { OutputBuffer } from './output-buffer.ts';
import { DEFAULT_MAX_FRAME_SIZE, DEFAULT_WINDOW, FLAG } from './protocol.ts';
import type { Http2Stream, Then } from './stream.ts';

/** Not more than this is written ahead of the socket. */
const MAX_OUTPUT_BYTES = 256 * 1024;

export interface SenderHooks<C> {
  /** Body bytes of the stream were written, or will never be, since it is over: they wait no more. */
  sent(stream: Http2Stream<C>, count: number): void;
  /** The stream's last byte was written, and what ended it. */
  ended(stream: Http2Stream<C>): void;
  /** Writes the trailers that end the stream. */
  trailers(stream: Http2Stream<C>): void;
}

export class DataSender<C> {
  /** The connection's own window. */
  window = DEFAULT_WINDOW;
  /** Whether the socket takes more. */
  writable = true;
  readonly #output: OutputBuffer;
  readonly #guard: FloodGuard;
  readonly #hooks: SenderHooks<C>;
  readonly #blocked = new Set<Http2Stream<C>>();

  constructor(output: OutputBuffer, guard: FloodGuard, hooks: SenderHooks<C>) {
    this.#output = output;
    this.#guard = guard;
    this.#hooks = hooks;
  }

  /** Sends, or keeps for later; the bytes are ours from now on. */
  send(stream: Http2Stream<C>, bytes: Uint8Array, then: Then): void {
    if (then === 'end') stream.ending = { kind: 'data' };
    if (bytes.length > 0) {
      stream.waiting.push({ bytes, sent: 0 });
      stream.waitingBytes += bytes.length;
    }
    this.#turn(stream, Number.POSITIVE_INFINITY);
  }

  /** Sends what ends the stream after what still waits. */
  finish(stream: Http2Stream<C>): void {
    this.#turn(stream, Number.POSITIVE_INFINITY);
  }

  /** Goes on where a window, the socket or the taking of the output made room: a frame a stream and turn. */
  pump(): void {
    let moved = true;
    while (moved && this.#blocked.size > 0 && this.#hasRoom()) {
      moved = false;
      for (const stream of this.#blocked) if (this.#turn(stream, DEFAULT_MAX_FRAME_SIZE)) moved = true;
    }
  }

  forget(stream: Http2Stream<C>): void {
    this.#blocked.delete(stream);
    const dropped = stream.waitingBytes;
    stream.waiting.length = 0;
    stream.waitingBytes = 0;
    if (dropped > 0) this.#hooks.sent(stream, dropped);
  }

  #hasRoom(): boolean {
    return this.writable && this.window > 0 && this.#output.length < MAX_OUTPUT_BYTES;
  }

  /** Sends at most `limit` bytes of the stream; whether anything went out. */
  #turn(stream: Http2Stream<C>, limit: number): boolean {
    let left = limit;
    let moved = false;
    while (left > 0 && stream.waiting.length > 0 && stream.sendWindow > 0 && this.#hasRoom()) {
      left -= this.#sendSome(stream, left);
      moved = true;
    }
    if (stream.waiting.length > 0) {
      this.#blocked.add(stream);
      return moved;
    }
    this.#blocked.delete(stream);
    if (stream.closed || stream.localEnded || stream.ending.kind === 'none') return moved;
    this.#end(stream);
    return true;
  }

  /** One frame of what waits first. */
  #sendSome(stream: Http2Stream<C>, limit: number): number {
    const first = stream.waiting[0] as (typeof stream.waiting)[number];
    const { bytes, sent } = first;
    const count = Math.min(
      bytes.length - sent,
      limit,
      stream.sendWindow,
      this.window,
      DEFAULT_MAX_FRAME_SIZE,
    );
    const last = stream.waiting.length === 1 && sent + count === bytes.length;
    const ends = last && stream.ending.kind === 'data';
    writeData(this.#output, stream.id, bytes, sent, sent + count, ends ? FLAG.END_STREAM : 0);
    this.#guard.dataSent();
    stream.sendWindow -= count;
    this.window -= count;
    first.sent += count;
    if (first.sent === bytes.length) stream.waiting.shift();
    stream.waitingBytes -= count;
    this.#hooks.sent(stream, count);
    if (ends) this.#hooks.ended(stream);
    return count;
  }

  #end(stream: Http2Stream<C>): void {
    if (stream.ending.kind === 'trailers') this.#hooks.trailers(stream);
    else writeData(this.#output, stream.id, NOTHING, 0, 0, FLAG.END_STREAM);
    this.#hooks.ended(stream);
  }
}

const NOTHING = new Uint8Array(0);
