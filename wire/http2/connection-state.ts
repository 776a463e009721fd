/**
 * What both sides of a connection's work, reading and writing, have in common: its streams, windows, settings and
 * budgets, and the ways in which a stream or the connection ends.
 */
import type { HeaderList } from '../../model/request-facts.ts';
import { DataSender } from './data-sender.ts';
import { FloodGuard } from './flood-guard.ts';
import { writeGoAway, writeHeaders, writeReset, writeWindowUpdate } from './frame-writer.ts';
import type { Http2Handlers } from './handlers.ts';
import { HpackEncoder } from './hpack-encoder.ts';
import type { Http2Limits } from './http2-limits.ts';
import { OutputBuffer } from './output-buffer.ts';
import { PeerSettings } from './peer-settings.ts';
import { DEFAULT_MAX_FRAME_SIZE, ERROR, FLAG, type ConnectionFault } from './protocol.ts';
import { ReceiveWindow } from './receive-window.ts';
import { ResetMemory } from './reset-memory.ts';
import { StreamTable } from './stream-table.ts';
import { Http2Stream, type Then } from './stream.ts';

const NEVER: ReadonlySet<string> = new Set();

export class ConnectionState<C> {
  readonly role: 'server' | 'client';
  readonly limits: Http2Limits;
  readonly handlers: Http2Handlers<C>;
  readonly output = new OutputBuffer();
  readonly guard = new FloodGuard();
  readonly encoder = new HpackEncoder();
  readonly sender: DataSender<C>;
  readonly peer = new PeerSettings();
  readonly resets = new ResetMemory();
  readonly streams = new StreamTable<C>();
  readonly window: ReceiveWindow;
  /** The newest stream of the peer's (server) or ours (client). */
  lastStream = 0;
  nowMs = 0;
  /** A server announces that it will go before it names the last stream. */
  drain: 'no' | 'announced' | 'final' = 'no';
  over = false;

  constructor(role: 'server' | 'client', handlers: Http2Handlers<C>, limits: Http2Limits) {
    this.role = role;
    this.handlers = handlers;
    this.limits = limits;
    this.sender = new DataSender<C>(this.output, this.guard, {
      sent: (stream, count) => handlers.sent(stream, count),
      ended: (stream) => this.endLocal(stream),
      trailers: (stream) => {
        if (stream.ending.kind === 'trailers') this.writeBlock(stream, stream.ending.fields, NEVER, 'end');
      },
    });
    this.window = new ReceiveWindow(this.output, limits.connectionWindow);
  }

  /** Opens a stream of the id. */
  open(id: number): Http2Stream<C> {
    this.lastStream = id;
    const stream = new Http2Stream<C>(id, this.peer.initialWindow, this.limits.streamWindow, this.nowMs);
    this.streams.add(stream);
    this.guard.streamOpened();
    return stream;
  }

  /** Nobody has used this stream yet. */
  isIdle(id: number): boolean {
    return id % 2 === 0 || id > this.lastStream;
  }

  writeBlock(
    stream: Http2Stream<C>,
    fields: HeaderList,
    neverIndexed: ReadonlySet<string>,
    then: Then,
  ): void {
    const flags = then === 'end' ? FLAG.END_STREAM : 0;
    writeHeaders(this.output, stream.id, flags, DEFAULT_MAX_FRAME_SIZE, () => {
      this.encoder.begin(this.output);
      for (const [name, value] of fields) this.encoder.write(this.output, name, value, neverIndexed);
    });
  }

  /** Our side has done with so many body bytes of the stream, which may be over by now. */
  consume(stream: Http2Stream<C>, count: number): void {
    const credit = Math.min(count, stream.unconsumed);
    stream.unconsumed -= credit;
    this.creditConnection(credit);
    if (stream.closed || stream.remoteEnded) return;
    stream.uncredited += credit;
    if (stream.uncredited * 2 < this.limits.streamWindow) return;
    writeWindowUpdate(this.output, stream.id, stream.uncredited);
    stream.receiveWindow += stream.uncredited;
    stream.uncredited = 0;
    this.handlers.output();
  }

  creditConnection(count: number): void {
    if (!this.over && this.window.credit(count)) this.handlers.output();
  }

  /** Our last frame of the stream was written. */
  endLocal(stream: Http2Stream<C>): void {
    stream.localEnded = true;
    if (this.role === 'client') {
      this.closeIfOver(stream);
      return;
    }
    if (stream.remoteEnded) this.closeIfOver(stream);
    else {
      // A whole answer before the end of the request: the rest of that is of no use to anybody (§8.1).
      this.reset(stream, ERROR.NO_ERROR);
      this.guard.streamClosed('complete', 0);
    }
    const fault = this.guard.messageWritten();
    if (fault !== null && !this.over) this.fail(fault);
  }

  closeIfOver(stream: Http2Stream<C>): ConnectionFault | null {
    if (stream.closed || !stream.localEnded || !stream.remoteEnded) return null;
    this.close(stream, 'complete');
    return this.guard.streamClosed('complete', 0);
  }

  /** Of a stream that was broken off nobody will consume the rest; after a complete one its bytes may be under way. */
  close(stream: Http2Stream<C>, how: 'complete' | 'broken'): void {
    stream.closed = true;
    this.streams.delete(stream.id);
    this.sender.forget(stream);
    if (how === 'broken') {
      this.creditConnection(stream.unconsumed);
      stream.unconsumed = 0;
    }
    this.handlers.closed(stream);
    this.finishIfDrained();
  }

  /** Ends the stream at once; its owner isn't told. */
  reset(stream: Http2Stream<C>, code: number): void {
    if (stream.closed) return;
    writeReset(this.output, stream.id, code);
    this.resets.add(stream.id);
    this.close(stream, 'broken');
    this.handlers.output();
  }

  /** The peer broke a rule on one stream: that stream ends, and the peer's budget shrinks. */
  fault(stream: Http2Stream<C>, code: number): ConnectionFault | null {
    this.reset(stream, code);
    this.handlers.reset(stream, code, 'codec');
    return this.guard.streamClosed('premature', this.nowMs - stream.openedAtMs) ?? this.guard.answered();
  }

  finishIfDrained(): void {
    if (this.over || this.drain !== 'final' || this.streams.size > 0) return;
    this.over = true;
    this.handlers.finished(null);
  }

  /** The connection can't go on. */
  fail(fault: ConnectionFault): void {
    this.over = true;
    writeGoAway(this.output, this.role === 'server' ? this.lastStream : 0, fault.code);
    this.handlers.finished(fault);
  }
}
