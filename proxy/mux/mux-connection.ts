/**
 * A connection that two sidecars share: streams on it, frames gathered until the turn of the event loop is over. At 32
 * requests at a time that makes one TLS record, one write and one read of what would be some twenty of each. Owns what
 * a hostile peer could do: how many streams, in which order, how much of each.
 */
import { isUtf8 } from 'node:buffer';
import type { Duplex } from 'node:stream';
import {
  FRAME_HEAD,
  type FrameKind,
  FrameReader,
  type FrameSink,
  MAX_TAG,
  writeFrameHead,
  writeU32,
} from '../../wire/mux-frames.ts';
import { Outgoing } from '../fast/outgoing.ts';
import { type MuxLine, MuxStream } from './mux-stream.ts';
import { OneWriteAtATime } from './one-write-at-a-time.ts';

/** Streams that the side which opens them has open at a time. */
export const MAX_STREAMS = 128;
/** The other side may be slower to see a stream's end. */
const MAX_ACCEPTED = 2 * MAX_STREAMS;
const LAST_STREAM = 0x7fff_ffff;
/** As much may wait for the other side before streams are held back. */
const MOST_WAITING = 1_024 * 1_024;
/** As much, with what streams had under way then; the rest waits on their side of it. */
const MOST_CONTENT = 4 * MOST_WAITING;
/** More than content ever makes wait: whoever has frames answered and reads none would have all of them kept here. */
const MOST_UNREAD = MOST_CONTENT + MOST_WAITING;

/** Gets each stream that the other side opens. */
export type AcceptStream = (stream: MuxStream) => void;

export class MuxConnection implements MuxLine {
  readonly #socket: Duplex;
  /** null: this is the side that opens streams. */
  readonly #accept: AcceptStream | null;
  readonly #frames = new FrameReader(this.#sink());
  readonly #writes: OneWriteAtATime;
  readonly #outgoing: Outgoing;
  readonly #streams = new Map<number, MuxStream>();
  /** Those that found it full, in the order in which they did. */
  readonly #heldBack = new Set<MuxStream>();
  /** Were held back, and told to go on: what they have at hand goes before those who still wait. */
  readonly #called = new Set<MuxStream>();
  readonly #head = Buffer.alloc(FRAME_HEAD);
  readonly #word = Buffer.alloc(4);
  #last = 0;
  /** Called with the number of streams whenever it changes. */
  onUse: (streams: number) => void = () => undefined;

  /** `socket` behind the gate, nothing of it read; `accept`: for the side that was called. */
  constructor(socket: Duplex, accept: AcceptStream | null) {
    this.#socket = socket;
    this.#accept = accept;
    this.#writes = new OneWriteAtATime(socket, () => this.#written());
    this.#outgoing = new Outgoing(this.#writes);
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.#closed());
    socket.resume();
  }

  /** Bytes of the socket, lent. */
  take(lent: Buffer): void {
    if (!this.#frames.feed(lent)) this.broken();
  }

  /** Another stream may be opened. */
  get hasRoom(): boolean {
    return !this.#socket.destroyed && this.#streams.size < MAX_STREAMS && this.#last < LAST_STREAM;
  }

  /** A new stream; ask `hasRoom` first. */
  stream(): MuxStream {
    this.#last += 1;
    this.#send('open', this.#last, 0);
    return this.#begin(this.#last);
  }

  /** Says whose request comes next on a stream. */
  sendTag(stream: number, tag: string | null): void {
    if (!this.#streams.has(stream)) return;
    const bytes = Buffer.from(tag ?? '');
    const told = bytes.length > MAX_TAG ? Buffer.alloc(0) : bytes;
    this.#send('tag', stream, told.length);
    this.#outgoing.bytes(told);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #begin(id: number): MuxStream {
    const made = new MuxStream(this, id);
    this.#streams.set(id, made);
    this.onUse(this.#streams.size);
    return made;
  }

  #send(kind: FrameKind, stream: number, length: number): void {
    if (this.#writes.writableLength > MOST_UNREAD) this.broken();
    if (this.#socket.destroyed) return;
    writeFrameHead(this.#head, kind, stream, length);
    this.#outgoing.bytes(this.#head);
  }

  #written(): void {
    for (const stream of this.#heldBack) {
      if (this.#isFull) return;
      this.#heldBack.delete(stream);
      this.#called.add(stream);
      stream.goOn();
    }
  }

  #closed(): void {
    for (const stream of this.#streams.values()) stream.takeReset();
  }

  get #isFull(): boolean {
    return this.#writes.writableLength > MOST_WAITING;
  }

  // --- of its streams ---

  isOpenTo(stream: MuxStream): boolean {
    if (this.#isFull) this.#heldBack.add(stream);
    return !this.#isFull;
  }

  takesNow(stream: MuxStream): boolean {
    if (!this.#isFull) return true;
    // Whoever comes now would go past those who wait, again and again where answers are short and many.
    if (this.#heldBack.size > 0 && !this.#isCalled(stream)) return false;
    return this.#writes.writableLength < MOST_CONTENT;
  }

  /** For what it has at hand, which it may send in several pieces of one turn. */
  #isCalled(stream: MuxStream): boolean {
    if (!this.#called.has(stream)) return false;
    queueMicrotask(() => this.#called.delete(stream));
    return true;
  }

  data(stream: number, bytes: Buffer | string): void {
    this.#send('data', stream, bytes.length);
    if (this.#socket.destroyed) return;
    if (typeof bytes === 'string') this.#outgoing.text(bytes);
    else this.#outgoing.bytes(bytes);
  }

  end(stream: number): void {
    this.#send('end', stream, 0);
  }

  credit(stream: number, bytes: number): void {
    this.#send('credit', stream, 4);
    if (this.#socket.destroyed) return;
    writeU32(this.#word, 0, bytes);
    this.#outgoing.bytes(this.#word);
  }

  left(stream: MuxStream, told: 'told' | 'untold'): void {
    const { id } = stream;
    this.#heldBack.delete(stream);
    this.#called.delete(stream);
    if (!this.#streams.delete(id)) return;
    if (told === 'untold') this.#send('reset', id, 0);
    this.onUse(this.#streams.size);
  }

  broken(): void {
    this.#socket.destroy();
  }

  // --- of the frames that come ---

  #opened(id: number): void {
    if (this.#socket.destroyed) return;
    if (this.#accept === null || id !== this.#last + 1) {
      this.broken();
      return;
    }
    this.#last = id;
    if (this.#streams.size < MAX_ACCEPTED) this.#accept(this.#begin(id));
    else this.#send('reset', id, 0);
  }

  /** The stream of a frame; null where it is over, or a rule was broken before. */
  #of(id: number): MuxStream | null {
    if (this.#socket.destroyed) return null;
    const known = this.#streams.get(id) ?? null;
    if (known === null && id > this.#last) this.broken();
    return known;
  }

  #tagged(id: number, lent: Uint8Array): void {
    const stream = this.#of(id);
    if (stream === null) return;
    if (isUtf8(lent)) stream.tag = lent.length === 0 ? null : Buffer.from(lent).toString();
    else this.broken();
  }

  #sink(): FrameSink {
    return {
      open: (stream) => this.#opened(stream),
      data: (stream, lent) => this.#of(stream)?.takeContent(lent as Buffer),
      end: (stream) => this.#of(stream)?.takeEnd(),
      reset: (stream) => this.#of(stream)?.takeReset(),
      credit: (stream, bytes) => this.#of(stream)?.takeCredit(bytes),
      tag: (stream, lent) => this.#tagged(stream, lent),
    };
  }
}
