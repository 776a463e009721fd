/**
 * One HTTP/2 connection as a state machine without I/O (RFC 9113 §3.4, §5, §6): bytes in, calls to the owner and bytes
 * out. It judges no header field, knows no policy and never waits. A fault of the peer's becomes a GOAWAY that says so,
 * and nothing of the connection is read after it. Priorities are ignored, pushes refused.
 */
import type { HeaderList } from '../../model/request-facts.ts';
import { ConnectionState } from './connection-state.ts';
import { FrameReader } from './frame-reader.ts';
import { DRAIN_PING, FrameReceiver } from './frame-receiver.ts';
import { writeGoAway, writePing, writeSettings } from './frame-writer.ts';
import type { Http2Handlers } from './handlers.ts';
import { DEFAULT_HTTP2_LIMITS, type Http2Limits } from './http2-limits.ts';
import { DEFAULT_MAX_FRAME_SIZE, ERROR, MAX_STREAM_ID, PREFACE, SETTING } from './protocol.ts';
import type { Http2Stream, Then } from './stream.ts';

export class Http2Connection<C> {
  readonly #state: ConnectionState<C>;
  readonly #receiver: FrameReceiver<C>;
  readonly #reader: FrameReader;
  #prefaceSeen = 0;

  constructor(
    role: 'server' | 'client',
    handlers: Http2Handlers<C>,
    limits: Http2Limits = DEFAULT_HTTP2_LIMITS,
  ) {
    this.#state = new ConnectionState(role, handlers, limits);
    this.#receiver = new FrameReceiver(this.#state);
    this.#reader = new FrameReader(DEFAULT_MAX_FRAME_SIZE, (frame) => this.#receiver.take(frame));
    this.#begin();
  }

  /** Streams that are open. */
  get streams(): number {
    return this.#state.streams.size;
  }

  /** Whether a client may open one more. */
  get accepts(): boolean {
    const { streams, peer, lastStream, over, drain } = this.#state;
    return (
      !over && drain === 'no' && streams.size < peer.maxConcurrentStreams && lastStream < MAX_STREAM_ID - 2
    );
  }

  /** Whether something has begun that must not take long: the preface and the settings, or a header block. */
  get awaitsHead(): boolean {
    return !this.#state.over && this.#receiver.awaitsHead;
  }

  /** Whether there is anything to write. */
  get hasOutput(): boolean {
    return this.#state.output.length > 0;
  }

  /** Reads what came; `nowMs` on a monotonic clock. */
  receive(chunk: Uint8Array, nowMs: number): void {
    const state = this.#state;
    if (state.over) return;
    state.nowMs = nowMs;
    const start = state.role === 'server' ? this.#readPreface(chunk) : 0;
    const fault =
      start < 0 ? { code: ERROR.PROTOCOL_ERROR, reason: 'bad-preface' } : this.#reader.read(chunk, start);
    if (fault !== null) state.fail(fault);
    this.#tellOutput();
  }

  /** Everything to write now; then what waited for room goes on. */
  takeOutput(): Uint8Array {
    const taken = this.#state.output.take();
    if (!this.#state.over) this.#state.sender.pump();
    return taken;
  }

  /** The socket takes no more for now (`full`), or again (`drained`). */
  socketIs(what: 'full' | 'drained'): void {
    const { sender, guard, over } = this.#state;
    sender.writable = what === 'drained';
    if (what === 'full' || over) return;
    guard.drained();
    sender.pump();
    this.#tellOutput();
  }

  /** Client: opens a stream with a request; null = not on this connection. */
  open(
    fields: HeaderList,
    neverIndexed: ReadonlySet<string>,
    then: Then,
    nowMs: number,
  ): Http2Stream<C> | null {
    if (!this.accepts) return null;
    const state = this.#state;
    state.nowMs = nowMs;
    const stream = state.open(state.lastStream === 0 ? 1 : state.lastStream + 2);
    this.sendHead(stream, fields, neverIndexed, then);
    return stream;
  }

  /** A response's head (informational ones with `more`). */
  sendHead(stream: Http2Stream<C>, fields: HeaderList, neverIndexed: ReadonlySet<string>, then: Then): void {
    if (stream.closed || stream.localEnded) return;
    this.#state.writeBlock(stream, fields, neverIndexed, then);
    if (then === 'end') this.#state.endLocal(stream);
    this.#tellOutput();
  }

  /** Body bytes, ours from now on; they leave as windows allow. */
  sendData(stream: Http2Stream<C>, bytes: Uint8Array, then: Then): void {
    if (stream.closed || stream.localEnded) return;
    this.#state.sender.send(stream, bytes, then);
    this.#tellOutput();
  }

  /** Ends the message with these, after the body that still waits. */
  sendTrailers(stream: Http2Stream<C>, fields: HeaderList): void {
    if (stream.closed || stream.localEnded) return;
    stream.ending = { kind: 'trailers', fields };
    this.#state.sender.finish(stream);
    this.#tellOutput();
  }

  /** Ends the stream at once; its owner isn't told. */
  reset(stream: Http2Stream<C>, code: number): void {
    this.#state.reset(stream, code);
  }

  /** Our side has done with so many body bytes of the stream, which may be over by now. */
  consume(stream: Http2Stream<C>, count: number): void {
    this.#state.consume(stream, count);
  }

  /** Takes no new streams and ends with the last one (RFC 9113 §6.8). */
  drain(): void {
    const state = this.#state;
    if (state.over || state.drain !== 'no') return;
    const server = state.role === 'server';
    state.drain = server ? 'announced' : 'final';
    writeGoAway(state.output, server ? MAX_STREAM_ID : 0, ERROR.NO_ERROR);
    if (server) writePing(state.output, DRAIN_PING, 0);
    this.#tellOutput();
    state.finishIfDrained();
  }

  /** Ends at once, with a word to the peer. */
  end(code: number, reason: string): void {
    if (!this.#state.over) this.#state.fail({ code, reason });
  }

  /** The socket is gone: so is every stream. */
  abandon(): void {
    const state = this.#state;
    state.over = true;
    for (const stream of state.streams.all()) {
      state.close(stream, 'broken');
      state.handlers.reset(stream, ERROR.CANCEL, 'connection');
    }
  }

  #begin(): void {
    const { role, output, window, limits } = this.#state;
    if (role === 'client') output.append(PREFACE);
    writeSettings(output, [
      role === 'client'
        ? [SETTING.ENABLE_PUSH, 0]
        : [SETTING.MAX_CONCURRENT_STREAMS, limits.maxConcurrentStreams],
      [SETTING.INITIAL_WINDOW_SIZE, limits.streamWindow],
      [SETTING.MAX_HEADER_LIST_SIZE, limits.maxHeaderListBytes],
    ]);
    window.begin();
  }

  /** Where the frames begin in the chunk; −1 = this is no preface. */
  #readPreface(chunk: Uint8Array): number {
    let at = 0;
    while (at < chunk.length && this.#prefaceSeen < PREFACE.length) {
      if (chunk[at] !== PREFACE[this.#prefaceSeen]) return -1;
      at += 1;
      this.#prefaceSeen += 1;
    }
    return at;
  }

  #tellOutput(): void {
    if (this.#state.output.length > 0) this.#state.handlers.output();
  }
}
