/**
 * One HTTP/2 connection as a state machine without I/O (RFC 9113 §3.4, §5, §6): bytes in, calls to the owner and bytes
 * out. Owns streams, windows, settings, GOAWAY and the budgets against floods; it judges no header field, knows no
 * policy and never waits. A fault of the peer's becomes a GOAWAY that says so, and nothing of the connection is read
 * after it. Priorities are ignored, pushes refused.
 */
import type { HeaderList } from '../../model/request-facts.ts';
import { DataSender } from './data-sender.ts';
import { FloodGuard } from './flood-guard.ts';
import { FrameReader, readUint32, type Frame } from './frame-reader.ts';
import {
  writeGoAway,
  writeHeaders,
  writePing,
  writeReset,
  writeSettings,
  writeSettingsAck,
  writeWindowUpdate,
} from './frame-writer.ts';
import { HeaderAssembler, type WholeBlock } from './header-assembler.ts';
import { HpackDecoder, type DecodedBlock } from './hpack-decoder.ts';
import { HpackEncoder } from './hpack-encoder.ts';
import { OutputBuffer } from './output-buffer.ts';
import {
  DEFAULT_MAX_FRAME_SIZE,
  DEFAULT_WINDOW,
  ERROR,
  FLAG,
  FRAME,
  MAX_STREAM_ID,
  MAX_WINDOW,
  PREFACE,
  SETTING,
  type ConnectionFault,
} from './protocol.ts';
import { PeerSettings } from './peer-settings.ts';
import { ResetMemory } from './reset-memory.ts';
import { Http2Stream, type Then } from './stream.ts';

/** Who ended a stream before its time. `refused`: the peer never looked at it, so that it may be tried elsewhere. */
export type ResetBy = 'peer' | 'refused' | 'codec' | 'connection';

/** What a connection tells its owner. None of these may throw. */
export interface Http2Handlers<C> {
  /** A request, a response, or an informational response. */
  head(stream: Http2Stream<C>, block: DecodedBlock, then: Then): void;
  /** The bytes are the owner's; `consume` gives the window back. Empty only with `end`. */
  data(stream: Http2Stream<C>, bytes: Uint8Array, then: Then): void;
  trailers(stream: Http2Stream<C>, block: DecodedBlock): void;
  /** Gone; nothing more comes of it, and nothing can be sent on it. */
  reset(stream: Http2Stream<C>, code: number, by: ResetBy): void;
  /** So many body bytes of it have left. */
  sent(stream: Http2Stream<C>, count: number): void;
  /** A stream is over, in whatever way. */
  closed(stream: Http2Stream<C>): void;
  /** There is something to write. */
  output(): void;
  /** Nothing goes on any more: write what there is and close. */
  finished(fault: ConnectionFault | null): void;
}

/** What we promise a peer. */
export interface Http2Limits {
  maxConcurrentStreams: number;
  /** Receive window of a stream. */
  streamWindow: number;
  /** Receive window of the connection. */
  connectionWindow: number;
  /** Names and values of one header list; a longer one is cut and marked. */
  maxHeaderListBytes: number;
  maxHeaderFields: number;
}

/** Windows bound what a slow reader makes us hold; the header list is Envoy's `max_request_headers_kb`. */
export const DEFAULT_HTTP2_LIMITS: Http2Limits = {
  maxConcurrentStreams: 1_024,
  streamWindow: 256 * 1024,
  connectionWindow: 1024 * 1024,
  maxHeaderListBytes: 60 * 1024,
  // Above what any check lets through, so that the check can say so.
  maxHeaderFields: 128,
};

const TABLE_BYTES = 4_096;
const NEVER: ReadonlySet<string> = new Set();
/** The ping between the two GOAWAYs of a drain, by which everything that was under way has arrived. */
const DRAIN_PING = Uint8Array.of(0x67, 0x72, 0x6e, 0x64, 0x72, 0x61, 0x69, 0x6e);

export class Http2Connection<C> {
  readonly #role: 'server' | 'client';
  readonly #limits: Http2Limits;
  readonly #handlers: Http2Handlers<C>;
  readonly #output = new OutputBuffer();
  readonly #guard = new FloodGuard();
  readonly #assembler = new HeaderAssembler();
  readonly #encoder = new HpackEncoder();
  readonly #decoder: HpackDecoder;
  readonly #reader: FrameReader;
  readonly #sender: DataSender<C>;
  readonly #peer = new PeerSettings();
  readonly #resets = new ResetMemory();
  readonly #streams = new Map<number, Http2Stream<C>>();
  #receiveWindow = DEFAULT_WINDOW;
  #uncredited = 0;
  /** The newest stream of the peer's (server) or ours (client). */
  #lastStream = 0;
  #prefaceSeen = 0;
  #settingsSeen = false;
  #nowMs = 0;
  #drain: 'no' | 'announced' | 'final' = 'no';
  #over = false;

  constructor(
    role: 'server' | 'client',
    handlers: Http2Handlers<C>,
    limits: Http2Limits = DEFAULT_HTTP2_LIMITS,
  ) {
    this.#role = role;
    this.#handlers = handlers;
    this.#limits = limits;
    const list = { maxBytes: limits.maxHeaderListBytes, maxFields: limits.maxHeaderFields };
    this.#decoder = new HpackDecoder(list, TABLE_BYTES);
    this.#reader = new FrameReader(DEFAULT_MAX_FRAME_SIZE, (frame) => this.#frame(frame));
    this.#sender = new DataSender<C>(this.#output, this.#guard, {
      sent: (stream, count) => handlers.sent(stream, count),
      ended: (stream) => this.#endLocal(stream),
      trailers: (stream) => {
        if (stream.ending.kind === 'trailers') this.#writeBlock(stream, stream.ending.fields, NEVER, 'end');
      },
    });
    this.#begin();
  }

  /** Streams that are open. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Whether a client may open one more. */
  get accepts(): boolean {
    const room = this.#streams.size < this.#peer.maxConcurrentStreams && this.#lastStream < MAX_STREAM_ID - 2;
    return !this.#over && this.#drain === 'no' && room;
  }

  /** Whether it takes new streams at all, full or not. */
  get draining(): boolean {
    return this.#over || this.#drain !== 'no';
  }

  /** Whether something has begun that must not take long: the preface and the settings, or a header block. */
  get awaitsHead(): boolean {
    return !this.#over && (!this.#settingsSeen || this.#assembler.open);
  }

  /** Whether there is anything to write. */
  get hasOutput(): boolean {
    return this.#output.length > 0;
  }

  /** Reads what came; `nowMs` on a monotonic clock. */
  receive(chunk: Uint8Array, nowMs: number): void {
    if (this.#over) return;
    this.#nowMs = nowMs;
    let at = 0;
    if (this.#role === 'server' && this.#prefaceSeen < PREFACE.length) {
      while (at < chunk.length && this.#prefaceSeen < PREFACE.length) {
        if (chunk[at] !== PREFACE[this.#prefaceSeen]) {
          this.#fail({ code: ERROR.PROTOCOL_ERROR, reason: 'bad-preface' });
          return;
        }
        at += 1;
        this.#prefaceSeen += 1;
      }
    }
    const fault = this.#reader.read(chunk, at);
    if (fault !== null) this.#fail(fault);
    if (this.#output.length > 0) this.#handlers.output();
  }

  /** Everything to write now; then what waited for room goes on. */
  takeOutput(): Uint8Array {
    const taken = this.#output.take();
    if (!this.#over) this.#sender.pump();
    return taken;
  }

  /** The socket takes no more for now (`full`), or again (`drained`). */
  socketIs(state: 'full' | 'drained'): void {
    this.#sender.writable = state === 'drained';
    if (state === 'full' || this.#over) return;
    this.#guard.drained();
    this.#sender.pump();
    if (this.#output.length > 0) this.#handlers.output();
  }

  /** Client: opens a stream with a request; null = not on this connection. */
  open(
    fields: HeaderList,
    neverIndexed: ReadonlySet<string>,
    then: Then,
    nowMs: number,
  ): Http2Stream<C> | null {
    if (!this.accepts) return null;
    const id = this.#lastStream === 0 ? 1 : this.#lastStream + 2;
    this.#lastStream = id;
    const stream = new Http2Stream<C>(id, this.#peer.initialWindow, this.#limits.streamWindow, nowMs);
    this.#streams.set(id, stream);
    this.#guard.streamOpened();
    this.sendHead(stream, fields, neverIndexed, then);
    return stream;
  }

  /** A response's head (informational ones with `more`). */
  sendHead(stream: Http2Stream<C>, fields: HeaderList, neverIndexed: ReadonlySet<string>, then: Then): void {
    if (stream.closed || stream.localEnded) return;
    this.#writeBlock(stream, fields, neverIndexed, then);
    this.#handlers.output();
    if (then === 'end') this.#endLocal(stream);
  }

  /** Body bytes, ours from now on; they leave as windows allow. */
  sendData(stream: Http2Stream<C>, bytes: Uint8Array, then: Then): void {
    if (stream.closed || stream.localEnded) return;
    this.#sender.send(stream, bytes, then);
    if (this.#output.length > 0) this.#handlers.output();
  }

  /** Ends the message with these, after the body that still waits. */
  sendTrailers(stream: Http2Stream<C>, fields: HeaderList): void {
    if (stream.closed || stream.localEnded) return;
    stream.ending = { kind: 'trailers', fields };
    this.#sender.finish(stream);
    if (this.#output.length > 0) this.#handlers.output();
  }

  /** Ends the stream at once; its owner isn't told. */
  reset(stream: Http2Stream<C>, code: number): void {
    if (stream.closed) return;
    writeReset(this.#output, stream.id, code);
    this.#resets.add(stream.id);
    this.#close(stream, 'broken');
    this.#handlers.output();
  }

  /** Our side has done with so many body bytes of the stream, which may be over by now. */
  consume(stream: Http2Stream<C>, count: number): void {
    const credit = Math.min(count, stream.unconsumed);
    stream.unconsumed -= credit;
    this.#creditConnection(credit);
    if (stream.closed || stream.remoteEnded) return;
    stream.uncredited += credit;
    if (stream.uncredited * 2 < this.#limits.streamWindow) return;
    writeWindowUpdate(this.#output, stream.id, stream.uncredited);
    stream.receiveWindow += stream.uncredited;
    stream.uncredited = 0;
    this.#handlers.output();
  }

  /** Takes no new streams and ends with the last one (RFC 9113 §6.8). */
  drain(): void {
    if (this.#over || this.#drain !== 'no') return;
    this.#drain = this.#role === 'server' ? 'announced' : 'final';
    writeGoAway(this.#output, this.#role === 'server' ? MAX_STREAM_ID : 0, ERROR.NO_ERROR);
    if (this.#role === 'server') writePing(this.#output, DRAIN_PING, 0);
    this.#handlers.output();
    this.#finishIfDrained();
  }

  /** Ends at once, with a word to the peer. */
  end(code: number, reason: string): void {
    if (!this.#over) this.#fail({ code, reason });
  }

  /** The socket is gone: so is every stream. */
  abandon(): void {
    this.#over = true;
    for (const stream of this.#streams.values()) {
      this.#close(stream, 'broken');
      this.#handlers.reset(stream, ERROR.CANCEL, 'connection');
    }
  }

  #begin(): void {
    const { maxConcurrentStreams, streamWindow, connectionWindow, maxHeaderListBytes } = this.#limits;
    if (this.#role === 'client') this.#output.append(PREFACE);
    writeSettings(this.#output, [
      ...(this.#role === 'client'
        ? [[SETTING.ENABLE_PUSH, 0] as const]
        : [[SETTING.MAX_CONCURRENT_STREAMS, maxConcurrentStreams] as const]),
      [SETTING.INITIAL_WINDOW_SIZE, streamWindow],
      [SETTING.MAX_HEADER_LIST_SIZE, maxHeaderListBytes],
    ]);
    if (connectionWindow > DEFAULT_WINDOW) {
      writeWindowUpdate(this.#output, 0, connectionWindow - DEFAULT_WINDOW);
      this.#receiveWindow = connectionWindow;
    }
  }

  #writeBlock(
    stream: Http2Stream<C>,
    fields: HeaderList,
    neverIndexed: ReadonlySet<string>,
    then: Then,
  ): void {
    const flags = then === 'end' ? FLAG.END_STREAM : 0;
    writeHeaders(this.#output, stream.id, flags, DEFAULT_MAX_FRAME_SIZE, () => {
      this.#encoder.begin(this.#output);
      for (const [name, value] of fields) this.#encoder.write(this.#output, name, value, neverIndexed);
    });
  }

  #frame(frame: Frame): ConnectionFault | null {
    if (this.#over) return null;
    if (!this.#settingsSeen && (frame.type !== FRAME.SETTINGS || (frame.flags & FLAG.ACK) !== 0))
      return protocolError('no-settings-first');
    if (this.#assembler.open && frame.type !== FRAME.CONTINUATION)
      return protocolError('header-block-interrupted');
    switch (frame.type) {
      case FRAME.DATA:
        return this.#data(frame);
      case FRAME.HEADERS:
        return this.#headers(frame);
      case FRAME.CONTINUATION:
        return this.#assembler.open ? this.#headers(frame) : protocolError('continuation-of-nothing');
      case FRAME.RST_STREAM:
        return this.#resetFrame(frame);
      case FRAME.SETTINGS:
        return this.#settings(frame);
      case FRAME.WINDOW_UPDATE:
        return this.#windowUpdate(frame);
      case FRAME.PING:
        return this.#ping(frame);
      case FRAME.GOAWAY:
        return this.#goAway(frame);
      case FRAME.PRIORITY:
        return this.#priority(frame);
      case FRAME.PUSH_PROMISE:
        return protocolError('push-refused');
      default:
        return this.#guard.idleFrame(this.#nowMs);
    }
  }

  #data(frame: Frame): ConnectionFault | null {
    const { bytes, flags, to } = frame;
    let { from } = frame;
    const counted = to - from;
    const end = (flags & FLAG.END_STREAM) !== 0;
    if (this.#isIdle(frame.stream)) return protocolError('data-on-idle-stream');
    this.#receiveWindow -= counted;
    if (this.#receiveWindow < 0)
      return { code: ERROR.FLOW_CONTROL_ERROR, reason: 'connection-window-exceeded' };
    const empty = end ? null : this.#guard.payloadFrame(counted);
    if (empty !== null) return empty;
    let padding = 0;
    if ((flags & FLAG.PADDED) !== 0) {
      if (counted === 0) return { code: ERROR.FRAME_SIZE_ERROR, reason: 'data-too-short' };
      padding = 1 + (bytes[from] as number);
      if (padding > counted) return protocolError('data-padding-too-long');
      from += 1;
    }
    const stream = this.#streams.get(frame.stream);
    if (stream === undefined || stream.remoteEnded) {
      this.#creditConnection(counted);
      if (stream === undefined && this.#resets.has(frame.stream)) return this.#guard.idleFrame(this.#nowMs);
      return { code: ERROR.STREAM_CLOSED, reason: 'data-on-closed-stream' };
    }
    stream.receiveWindow -= counted;
    stream.unconsumed += counted;
    if (stream.receiveWindow < 0) return this.#fault(stream, ERROR.FLOW_CONTROL_ERROR);
    if (!stream.headReceived) return this.#fault(stream, ERROR.PROTOCOL_ERROR);
    if (padding > 0) this.consume(stream, padding);
    const length = counted - padding;
    stream.receivedBytes += length;
    if (!isOfExpectedLength(stream, end ? 'end' : 'more')) return this.#fault(stream, ERROR.PROTOCOL_ERROR);
    if (end) stream.remoteEnded = true;
    if (length > 0 || end)
      this.#handlers.data(stream, bytes.subarray(from, from + length), end ? 'end' : 'more');
    if (end) return this.#closeIfOver(stream);
    return null;
  }

  #headers(frame: Frame): ConnectionFault | null {
    if (frame.stream === 0) return protocolError('headers-on-connection');
    const assembled = this.#assembler.take(frame);
    if (assembled.kind === 'fault') return assembled.fault;
    if (assembled.kind === 'more') return this.#guard.payloadFrame(frame.to - frame.from);
    return this.#block(assembled.block);
  }

  /** Every block is decoded, also that of a stream which nobody wants: the table has to stay in step. */
  #block(whole: WholeBlock): ConnectionFault | null {
    const { stream: id, endStream } = whole;
    const known = this.#streams.get(id);
    if (known === undefined && this.#role === 'server' && id > this.#lastStream && id % 2 === 0)
      return protocolError('even-stream');
    const block = this.#decoder.decode(whole.bytes, whole.from, whole.to);
    if (block === null) return { code: ERROR.COMPRESSION_ERROR, reason: 'bad-header-block' };
    if (known === undefined) return this.#newBlock(id, endStream, block);
    if (known.remoteEnded) return { code: ERROR.STREAM_CLOSED, reason: 'headers-on-closed-stream' };
    if (known.headReceived) {
      if (!endStream || !isOfExpectedLength(known, 'end')) return this.#fault(known, ERROR.PROTOCOL_ERROR);
      known.remoteEnded = true;
      this.#handlers.trailers(known, block);
      return this.#closeIfOver(known);
    }
    return this.#deliverHead(known, endStream, block);
  }

  #newBlock(id: number, endStream: boolean, block: DecodedBlock): ConnectionFault | null {
    if (this.#role === 'client' || id <= this.#lastStream) {
      if (this.#isIdle(id)) return protocolError('headers-on-idle-stream');
      if (this.#resets.has(id)) return this.#guard.idleFrame(this.#nowMs);
      return { code: ERROR.STREAM_CLOSED, reason: 'headers-on-closed-stream' };
    }
    if (this.#drain === 'final') return null;
    this.#lastStream = id;
    const stream = new Http2Stream<C>(id, this.#peer.initialWindow, this.#limits.streamWindow, this.#nowMs);
    this.#streams.set(id, stream);
    this.#guard.streamOpened();
    if (this.#streams.size > this.#limits.maxConcurrentStreams)
      return this.#fault(stream, ERROR.REFUSED_STREAM);
    return this.#deliverHead(stream, endStream, block);
  }

  #deliverHead(stream: Http2Stream<C>, endStream: boolean, block: DecodedBlock): ConnectionFault | null {
    const informational = this.#role === 'client' && isInformational(block);
    if (informational && endStream) return this.#fault(stream, ERROR.PROTOCOL_ERROR);
    stream.headReceived = !informational;
    stream.remoteEnded = endStream;
    this.#handlers.head(stream, block, endStream ? 'end' : 'more');
    return endStream ? this.#closeIfOver(stream) : null;
  }

  #resetFrame({ stream: id, bytes, from, to }: Frame): ConnectionFault | null {
    if (to - from !== 4) return { code: ERROR.FRAME_SIZE_ERROR, reason: 'reset-of-wrong-size' };
    if (this.#isIdle(id)) return protocolError('reset-of-idle-stream');
    const stream = this.#streams.get(id);
    if (stream === undefined) return this.#guard.idleFrame(this.#nowMs);
    const code = readUint32(bytes, from);
    this.#resets.add(id);
    this.#close(stream, 'broken');
    this.#handlers.reset(stream, code, code === ERROR.REFUSED_STREAM ? 'refused' : 'peer');
    return this.#role === 'server'
      ? this.#guard.streamClosed('premature', this.#nowMs - stream.openedAtMs)
      : null;
  }

  #settings({ stream, flags, bytes, from, to }: Frame): ConnectionFault | null {
    if (stream !== 0) return protocolError('settings-on-stream');
    if ((flags & FLAG.ACK) !== 0)
      return to > from
        ? { code: ERROR.FRAME_SIZE_ERROR, reason: 'settings-ack-with-payload' }
        : this.#guard.idleFrame(this.#nowMs);
    const before = this.#peer.initialWindow;
    const fault = this.#peer.read(this.#role, bytes, from, to);
    if (fault !== null) return fault;
    this.#settingsSeen = true;
    this.#encoder.setMaxTableBytes(this.#peer.tableBytes);
    const delta = this.#peer.initialWindow - before;
    for (const open of this.#streams.values()) {
      open.sendWindow += delta;
      if (open.sendWindow > MAX_WINDOW) return { code: ERROR.FLOW_CONTROL_ERROR, reason: 'window-overflow' };
    }
    if (delta > 0) this.#sender.pump();
    writeSettingsAck(this.#output);
    return this.#guard.answered() ?? this.#guard.idleFrame(this.#nowMs);
  }

  #windowUpdate({ stream: id, bytes, from, to }: Frame): ConnectionFault | null {
    if (to - from !== 4) return { code: ERROR.FRAME_SIZE_ERROR, reason: 'window-update-of-wrong-size' };
    const flood = this.#guard.windowUpdate();
    if (flood !== null) return flood;
    const increment = readUint32(bytes, from) & MAX_WINDOW;
    if (id === 0) {
      if (increment === 0) return protocolError('empty-window-update');
      this.#sender.window += increment;
      if (this.#sender.window > MAX_WINDOW)
        return { code: ERROR.FLOW_CONTROL_ERROR, reason: 'window-overflow' };
      this.#sender.pump();
      return null;
    }
    if (this.#isIdle(id)) return protocolError('window-update-of-idle-stream');
    const stream = this.#streams.get(id);
    if (stream === undefined) return null;
    if (increment === 0) return this.#fault(stream, ERROR.PROTOCOL_ERROR);
    stream.sendWindow += increment;
    if (stream.sendWindow > MAX_WINDOW) return this.#fault(stream, ERROR.FLOW_CONTROL_ERROR);
    this.#sender.pump();
    return null;
  }

  #ping({ stream, flags, bytes, from, to }: Frame): ConnectionFault | null {
    if (stream !== 0) return protocolError('ping-on-stream');
    if (to - from !== 8) return { code: ERROR.FRAME_SIZE_ERROR, reason: 'ping-of-wrong-size' };
    if ((flags & FLAG.ACK) !== 0) {
      const drained = DRAIN_PING.every((byte, index) => byte === bytes[from + index]);
      if (drained && this.#drain === 'announced') this.#announceLast();
      return this.#guard.idleFrame(this.#nowMs);
    }
    writePing(this.#output, bytes.subarray(from, to), FLAG.ACK);
    return this.#guard.answered() ?? this.#guard.idleFrame(this.#nowMs);
  }

  #goAway({ stream, bytes, from, to }: Frame): ConnectionFault | null {
    if (stream !== 0) return protocolError('goaway-on-stream');
    if (to - from < 8) return { code: ERROR.FRAME_SIZE_ERROR, reason: 'goaway-of-wrong-size' };
    if (this.#role === 'server') return this.#guard.idleFrame(this.#nowMs);
    this.#drain = 'final';
    const last = readUint32(bytes, from) & MAX_STREAM_ID;
    for (const open of this.#streams.values()) {
      if (open.id <= last) continue;
      this.#close(open, 'broken');
      this.#handlers.reset(open, ERROR.REFUSED_STREAM, 'refused');
    }
    this.#finishIfDrained();
    return this.#guard.idleFrame(this.#nowMs);
  }

  #priority({ stream, from, to }: Frame): ConnectionFault | null {
    if (stream === 0) return protocolError('priority-on-connection');
    if (to - from !== 5) return { code: ERROR.FRAME_SIZE_ERROR, reason: 'priority-of-wrong-size' };
    return this.#guard.priority();
  }

  #announceLast(): void {
    this.#drain = 'final';
    writeGoAway(this.#output, this.#lastStream, ERROR.NO_ERROR);
    this.#handlers.output();
    this.#finishIfDrained();
  }

  #finishIfDrained(): void {
    if (this.#over || this.#drain !== 'final' || this.#streams.size > 0) return;
    this.#over = true;
    this.#handlers.finished(null);
  }

  /** Nobody has used this stream yet. */
  #isIdle(id: number): boolean {
    if (id === 0) return true;
    const ours = (id % 2 === 1) === (this.#role === 'client');
    return this.#role === 'client' ? !ours || id > this.#lastStream : ours || id > this.#lastStream;
  }

  #creditConnection(count: number): void {
    this.#uncredited += count;
    if (this.#over || this.#uncredited * 2 < this.#limits.connectionWindow) return;
    writeWindowUpdate(this.#output, 0, this.#uncredited);
    this.#receiveWindow += this.#uncredited;
    this.#uncredited = 0;
    this.#handlers.output();
  }

  #endLocal(stream: Http2Stream<C>): void {
    stream.localEnded = true;
    if (this.#role === 'client' || stream.remoteEnded) {
      this.#closeIfOver(stream);
      return;
    }
    // A whole answer before the end of the request: the rest of that is of no use to anybody (§8.1).
    this.reset(stream, ERROR.NO_ERROR);
    this.#guard.streamClosed('complete', 0);
  }

  #closeIfOver(stream: Http2Stream<C>): ConnectionFault | null {
    if (stream.closed || !stream.localEnded || !stream.remoteEnded) return null;
    this.#close(stream, 'complete');
    return this.#guard.streamClosed('complete', 0);
  }

  /** Of a stream that was broken off nobody will consume the rest; after a complete one its bytes may still be under way. */
  #close(stream: Http2Stream<C>, how: 'complete' | 'broken'): void {
    stream.closed = true;
    this.#streams.delete(stream.id);
    this.#sender.forget(stream);
    if (how === 'broken') {
      this.#creditConnection(stream.unconsumed);
      stream.unconsumed = 0;
    }
    this.#handlers.closed(stream);
    this.#finishIfDrained();
  }

  /** The peer broke a rule on one stream: that stream ends, and the peer's budget shrinks. */
  #fault(stream: Http2Stream<C>, code: number): ConnectionFault | null {
    this.reset(stream, code);
    this.#handlers.reset(stream, code, 'codec');
    return this.#guard.streamClosed('premature', this.#nowMs - stream.openedAtMs) ?? this.#guard.answered();
  }

  #fail(fault: ConnectionFault): void {
    this.#over = true;
    writeGoAway(this.#output, this.#role === 'server' ? this.#lastStream : 0, fault.code);
    this.#handlers.finished(fault);
  }
}

function protocolError(reason: string): ConnectionFault {
  return { code: ERROR.PROTOCOL_ERROR, reason };
}

/** RFC 9113 §8.1.1: a body that isn't as long as its head says makes the message malformed. */
function isOfExpectedLength<C>({ expectedBytes, receivedBytes }: Http2Stream<C>, then: Then): boolean {
  if (expectedBytes === null) return true;
  return then === 'end' ? receivedBytes === expectedBytes : receivedBytes <= expectedBytes;
}

/** 1xx: another head follows. */
function isInformational({ fields }: DecodedBlock): boolean {
  const [name, value] = fields[0] ?? ['', ''];
  return name === ':status' && value.length === 3 && value.startsWith('1');
}
