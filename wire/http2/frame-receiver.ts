/**
 * The reading side of an HTTP/2 connection: each frame against the state it meets (RFC 9113 §5.1, §6). A rule broken on
 * a stream ends the stream, one broken on the connection ends that.
 */
import type { ConnectionState } from './connection-state.ts';
import { readUint32, type Frame } from './frame-reader.ts';
import { paddingOf, protocolError, shapeFault } from './frame-shape.ts';
import { writeGoAway, writePing, writeSettingsAck } from './frame-writer.ts';
import { HeaderAssembler, type WholeBlock } from './header-assembler.ts';
import { HpackDecoder, type DecodedBlock } from './hpack-decoder.ts';
import { ERROR, FLAG, FRAME, MAX_STREAM_ID, MAX_WINDOW, type ConnectionFault } from './protocol.ts';
import type { Http2Stream, Then } from './stream.ts';

const TABLE_BYTES = 4_096;
/** The ping between the two GOAWAYs of a drain, by which everything that was under way has arrived. */
export const DRAIN_PING: Uint8Array = Uint8Array.of(0x67, 0x72, 0x6e, 0x64, 0x72, 0x61, 0x69, 0x6e);

export class FrameReceiver<C> {
  readonly #state: ConnectionState<C>;
  readonly #assembler = new HeaderAssembler();
  readonly #decoder: HpackDecoder;
  #settingsSeen = false;

  constructor(state: ConnectionState<C>) {
    this.#state = state;
    const { maxHeaderListBytes: maxBytes, maxHeaderFields: maxFields } = state.limits;
    this.#decoder = new HpackDecoder({ maxBytes, maxFields }, TABLE_BYTES);
  }

  /** Whether something has begun that must not take long: the settings, or a header block. */
  get awaitsHead(): boolean {
    return !this.#settingsSeen || this.#assembler.open;
  }

  /** What it returns ends the connection. */
  take(frame: Frame): ConnectionFault | null {
    if (this.#state.over) return null;
    if (!this.#settingsSeen && (frame.type !== FRAME.SETTINGS || (frame.flags & FLAG.ACK) !== 0))
      return protocolError('no-settings-first');
    if (this.#assembler.open && frame.type !== FRAME.CONTINUATION)
      return protocolError('header-block-interrupted');
    const shape = shapeFault(frame);
    if (shape !== null) return shape;
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
        return this.#state.guard.priority();
      case FRAME.PUSH_PROMISE:
        return protocolError('push-refused');
      default:
        return this.#state.guard.idleFrame(this.#state.nowMs);
    }
  }

  #data(frame: Frame): ConnectionFault | null {
    const { bytes, flags, from, to } = frame;
    const counted = to - from;
    const end = (flags & FLAG.END_STREAM) !== 0;
    if (this.#state.isIdle(frame.stream)) return protocolError('data-on-idle-stream');
    if (!this.#state.window.take(counted))
      return { code: ERROR.FLOW_CONTROL_ERROR, reason: 'connection-window-exceeded' };
    const empty = end ? null : this.#state.guard.payloadFrame(counted);
    if (empty !== null) return empty;
    const padding = paddingOf(frame);
    if (typeof padding !== 'number') return padding;
    const stream = this.#state.streams.get(frame.stream);
    if (stream === undefined || stream.remoteEnded) {
      this.#state.creditConnection(counted);
      if (stream === undefined && this.#state.resets.has(frame.stream))
        return this.#state.guard.idleFrame(this.#state.nowMs);
      return { code: ERROR.STREAM_CLOSED, reason: 'data-on-closed-stream' };
    }
    stream.receiveWindow -= counted;
    stream.unconsumed += counted;
    if (stream.receiveWindow < 0) return this.#state.fault(stream, ERROR.FLOW_CONTROL_ERROR);
    if (!stream.headReceived) return this.#state.fault(stream, ERROR.PROTOCOL_ERROR);
    if (padding > 0) this.#state.consume(stream, padding);
    const length = counted - padding;
    stream.receivedBytes += length;
    if (!isOfExpectedLength(stream, end ? 'end' : 'more'))
      return this.#state.fault(stream, ERROR.PROTOCOL_ERROR);
    if (end) stream.remoteEnded = true;
    const start = padding > 0 ? from + 1 : from;
    if (length > 0 || end)
      this.#state.handlers.data(stream, bytes.subarray(start, start + length), end ? 'end' : 'more');
    if (end) return this.#state.closeIfOver(stream);
    return null;
  }

  #headers(frame: Frame): ConnectionFault | null {
    const assembled = this.#assembler.take(frame);
    if (assembled.kind === 'fault') return assembled.fault;
    if (assembled.kind === 'more') return this.#state.guard.payloadFrame(frame.to - frame.from);
    return this.#block(assembled.block);
  }

  /** Every block is decoded, also that of a stream which nobody wants: the table has to stay in step. */
  #block(whole: WholeBlock): ConnectionFault | null {
    const { stream: id, endStream } = whole;
    const known = this.#state.streams.get(id);
    if (this.#state.role === 'server' && id % 2 === 0) return protocolError('even-stream');
    const block = this.#decoder.decode(whole.bytes, whole.from, whole.to);
    if (block === null) return { code: ERROR.COMPRESSION_ERROR, reason: 'bad-header-block' };
    if (known === undefined) return this.#newBlock(id, endStream, block);
    if (known.remoteEnded) return { code: ERROR.STREAM_CLOSED, reason: 'headers-on-closed-stream' };
    if (known.headReceived) {
      if (!endStream || !isOfExpectedLength(known, 'end'))
        return this.#state.fault(known, ERROR.PROTOCOL_ERROR);
      known.remoteEnded = true;
      this.#state.handlers.trailers(known, block);
      return this.#state.closeIfOver(known);
    }
    return this.#deliverHead(known, endStream, block);
  }

  #newBlock(id: number, endStream: boolean, block: DecodedBlock): ConnectionFault | null {
    if (this.#state.role === 'client' || id <= this.#state.lastStream) {
      if (this.#state.isIdle(id)) return protocolError('headers-on-idle-stream');
      if (this.#state.resets.has(id)) return this.#state.guard.idleFrame(this.#state.nowMs);
      return { code: ERROR.STREAM_CLOSED, reason: 'headers-on-closed-stream' };
    }
    if (this.#state.drain === 'final') {
      // Beyond the last one that was named: the client knows, or will.
      this.#state.lastStream = id;
      this.#state.resets.add(id);
      return this.#state.guard.idleFrame(this.#state.nowMs);
    }
    const stream = this.#state.open(id);
    if (this.#state.streams.size > this.#state.limits.maxConcurrentStreams)
      return this.#state.fault(stream, ERROR.REFUSED_STREAM);
    return this.#deliverHead(stream, endStream, block);
  }

  #deliverHead(stream: Http2Stream<C>, endStream: boolean, block: DecodedBlock): ConnectionFault | null {
    const informational = this.#state.role === 'client' && isInformational(block);
    if (informational && endStream) return this.#state.fault(stream, ERROR.PROTOCOL_ERROR);
    stream.headReceived = !informational;
    stream.remoteEnded = endStream;
    this.#state.handlers.head(stream, block, endStream ? 'end' : 'more');
    return endStream ? this.#state.closeIfOver(stream) : null;
  }

  #resetFrame({ stream: id, bytes, from }: Frame): ConnectionFault | null {
    if (this.#state.isIdle(id)) return protocolError('reset-of-idle-stream');
    const stream = this.#state.streams.get(id);
    if (stream === undefined) return this.#state.guard.idleFrame(this.#state.nowMs);
    const code = readUint32(bytes, from);
    this.#state.resets.add(id);
    this.#state.close(stream, 'broken');
    this.#state.handlers.reset(stream, code, code === ERROR.REFUSED_STREAM ? 'refused' : 'peer');
    return this.#state.role === 'server'
      ? this.#state.guard.streamClosed('premature', this.#state.nowMs - stream.openedAtMs)
      : null;
  }

  #settings({ flags, bytes, from, to }: Frame): ConnectionFault | null {
    if ((flags & FLAG.ACK) !== 0)
      return to > from
        ? { code: ERROR.FRAME_SIZE_ERROR, reason: 'settings-ack-with-payload' }
        : this.#state.guard.idleFrame(this.#state.nowMs);
    const before = this.#state.peer.initialWindow;
    const fault = this.#state.peer.read(this.#state.role, bytes, from, to);
    if (fault !== null) return fault;
    this.#settingsSeen = true;
    this.#state.encoder.setMaxTableBytes(this.#state.peer.tableBytes);
    const delta = this.#state.peer.initialWindow - before;
    for (const open of this.#state.streams.all()) {
      open.sendWindow += delta;
      if (open.sendWindow > MAX_WINDOW) return { code: ERROR.FLOW_CONTROL_ERROR, reason: 'window-overflow' };
    }
    if (delta > 0) this.#state.sender.pump();
    writeSettingsAck(this.#state.output);
    return this.#state.guard.answered() ?? this.#state.guard.idleFrame(this.#state.nowMs);
  }

  #windowUpdate({ stream: id, bytes, from }: Frame): ConnectionFault | null {
    const flood = this.#state.guard.windowUpdate();
    if (flood !== null) return flood;
    const increment = readUint32(bytes, from) & MAX_WINDOW;
    // Of a stream that would be a fault of the stream (RFC 9113 §6.9); Envoy closes the connection for either.
    if (increment === 0) return protocolError('empty-window-update');
    if (id === 0) {
      this.#state.sender.window += increment;
      if (this.#state.sender.window > MAX_WINDOW)
        return { code: ERROR.FLOW_CONTROL_ERROR, reason: 'window-overflow' };
      this.#state.sender.pump();
      return null;
    }
    if (this.#state.isIdle(id)) return protocolError('window-update-of-idle-stream');
    const stream = this.#state.streams.get(id);
    if (stream === undefined) return null;
    stream.sendWindow += increment;
    if (stream.sendWindow > MAX_WINDOW) return this.#state.fault(stream, ERROR.FLOW_CONTROL_ERROR);
    this.#state.sender.pump();
    return null;
  }

  #ping({ flags, bytes, from, to }: Frame): ConnectionFault | null {
    if ((flags & FLAG.ACK) !== 0) {
      const drained = DRAIN_PING.every((byte, index) => byte === bytes[from + index]);
      if (drained && this.#state.drain === 'announced') this.#announceLast();
      return this.#state.guard.idleFrame(this.#state.nowMs);
    }
    writePing(this.#state.output, bytes.subarray(from, to), FLAG.ACK);
    return this.#state.guard.answered() ?? this.#state.guard.idleFrame(this.#state.nowMs);
  }

  #goAway({ bytes, from }: Frame): ConnectionFault | null {
    if (this.#state.role === 'server') return this.#state.guard.idleFrame(this.#state.nowMs);
    this.#state.drain = 'final';
    const last = readUint32(bytes, from) & MAX_STREAM_ID;
    for (const open of this.#state.streams.all()) {
      if (open.id <= last) continue;
      this.#state.close(open, 'broken');
      this.#state.handlers.reset(open, ERROR.REFUSED_STREAM, 'refused');
    }
    this.#state.finishIfDrained();
    return this.#state.guard.idleFrame(this.#state.nowMs);
  }

  #announceLast(): void {
    const { output, lastStream } = this.#state;
    this.#state.drain = 'final';
    writeGoAway(output, lastStream, ERROR.NO_ERROR);
    this.#state.finishIfDrained();
  }
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
