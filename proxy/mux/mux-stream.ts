/**
 * One connection's bytes within a shared connection. To the lanes it is a connection like any other: back-pressure
 * and both ends are its own, and a side that reads slowly holds up nobody else.
 */
import { Duplex } from 'node:stream';
import { MAX_DATA, MUX_WINDOW } from '../../wire/mux-frames.ts';
import { KeptBytes } from './kept-bytes.ts';

/** The shared connection, as its streams use it. */
export interface MuxLine {
  /** Whether a stream may send; if not, `goOn` is called when it may. */
  isOpenTo(stream: MuxStream): boolean;
  /** Whether it still takes what a stream has at hand, which goes past nobody who waits. */
  takesNow(stream: MuxStream): boolean;
  /** Copies them. */
  data(stream: number, bytes: Buffer | string): void;
  end(stream: number): void;
  credit(stream: number, bytes: number): void;
  /** The stream is no more; `told`: the other side knows. */
  left(stream: MuxStream, told: 'told' | 'untold'): void;
  /** The other side doesn't keep to what was agreed. */
  broken(): void;
}

/** What is given to who doesn't read; the rest is kept here, gathered. */
const READ_AHEAD = 1_024;

/** Content that waits for credit, or for the shared connection. */
interface Waiting {
  bytes: Buffer;
  at: number;
  done: (error?: Error | null) => void;
}

export class MuxStream extends Duplex {
  readonly id: number;
  /** Gets what comes in, lent, whenever nothing else waits to be read. */
  reader: ((lent: Buffer) => void) | null = null;
  /** Whose request comes, by the other side's word. */
  tag: string | null = null;
  readonly #line: MuxLine;
  /** Bytes that may be sent. */
  #credit = MUX_WINDOW;
  #waiting: Waiting | null = null;
  /** Bytes that the other side may still send. */
  #window = MUX_WINDOW;
  /** Taken, and not yet said so. */
  #taken = 0;
  /** Came in while nobody read. */
  readonly #kept = new KeptBytes();
  #wanted = false;
  #ended = false;
  #endTold = false;
  /** The other side is gone: what came is still read, and nothing more is sent. */
  #gone = false;
  #idle: NodeJS.Timeout | null = null;
  /** Whoever sends waits for a drain. */
  #holdsBack = false;

  constructor(line: MuxLine, id: number) {
    super({ decodeStrings: false, allowHalfOpen: true, readableHighWaterMark: READ_AHEAD });
    this.#line = line;
    this.id = id;
  }

  // --- what the lanes do ---

  override _write(
    chunk: Buffer | string,
    encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    this.#idle?.refresh();
    if (this.#gone) {
      done();
      return;
    }
    const bytes = typeof chunk === 'string' && encoding !== 'latin1' ? Buffer.from(chunk, encoding) : chunk;
    const { length } = bytes;
    if (length <= Math.min(this.#credit, MAX_DATA) && this.#line.isOpenTo(this)) {
      this.#credit -= length;
      if (length > 0) this.#line.data(this.id, bytes);
      done();
      return;
    }
    this.#waiting = {
      bytes: typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes,
      at: 0,
      done,
    };
    this.goOn();
  }

  /** What may go at once of bytes that are lent; all others are to be written. */
  sendNow(lent: Buffer): number {
    if (!this.#isClear) return 0;
    this.#idle?.refresh();
    let at = 0;
    while (at < lent.length && this.#credit > 0 && this.#line.takesNow(this)) at = this.#send(lent, at);
    return at;
  }

  /** The same for text of one character a byte: all of it, or nothing. */
  sendText(text: string): boolean {
    const { length } = text;
    if (!this.#isClear || length > Math.min(this.#credit, MAX_DATA) || !this.#line.takesNow(this))
      return false;
    this.#idle?.refresh();
    this.#credit -= length;
    this.#line.data(this.id, text);
    return true;
  }

  /** Whether whoever sends should wait for a drain, which comes for sure then. */
  holdsBack(): boolean {
    this.#holdsBack = this.#isShort;
    return this.#holdsBack;
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.#gone) this.#line.end(this.id);
    done();
  }

  override _read(): void {
    this.#wanted = true;
    for (let next = this.#kept.take(); next !== null; next = this.#wanted ? this.#kept.take() : null)
      this.#give(next);
    this.#endWhenRead();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#idle !== null) clearTimeout(this.#idle);
    const told = this.#gone || (this.#ended && this.writableFinished);
    this.#gone = true;
    this.#waiting = null;
    this.#kept.clear();
    this.#line.left(this, told ? 'told' : 'untold');
    done(error);
  }

  /** What is in the readable buffer counts as unread. */
  override read(size?: number): unknown {
    const chunk: unknown = super.read(size);
    if (this.#gone && !this.#ended && this.#isRead) this.#inTurn(() => this.destroy());
    return chunk;
  }

  /** As of a socket: closes when everything is written. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** As of a socket: `timeout` when nothing moved for so long; 0 = never. */
  setTimeout(ms: number, sink?: () => void): this {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = ms > 0 ? setTimeout(() => this.emit('timeout'), ms).unref() : null;
    if (sink !== undefined) this.once('timeout', sink);
    return this;
  }

  // --- what the shared connection does ---

  /** Content; `lent` is copied where it has to be kept. */
  takeContent(lent: Buffer): void {
    this.#window -= lent.length;
    if (this.#window < 0 || this.#ended) {
      this.#line.broken();
      return;
    }
    if (this.#gone || this.destroyed) return;
    this.#idle?.refresh();
    if (this.readableFlowing === true && this.#isRead) {
      this.#took(lent.length);
      // As `push` does it for who reads already, without what that costs.
      if (this.reader === null) this.emit('data', Buffer.from(lent));
      else this.reader(lent);
      return;
    }
    if (this.#wanted && this.#kept.isEmpty) this.#give(Buffer.from(lent));
    else this.#kept.add(lent);
  }

  /** No more content comes. */
  takeEnd(): void {
    if (this.#ended) {
      this.#line.broken();
      return;
    }
    this.#ended = true;
    this.#endWhenRead();
  }

  /** The other side, or the shared connection, is gone: ends when what came before is read. */
  takeReset(): void {
    if (this.#gone) return;
    this.#gone = true;
    if (this.#waiting !== null) this.#waiting.at = this.#waiting.bytes.length;
    this.goOn();
    if (this.#ended) {
      if (this.readableEnded) this.destroy();
      else this.once('end', () => this.destroy());
    } else if (this.#isRead) this.#inTurn(() => this.destroy());
  }

  /** So much more may be sent. */
  takeCredit(bytes: number): void {
    this.#credit += bytes;
    if (this.#credit > MUX_WINDOW) this.#line.broken();
    else this.goOn();
  }

  /** Sends what waits, as far as it may. */
  goOn(): void {
    const waiting = this.#waiting;
    if (waiting !== null) {
      const { bytes, done } = waiting;
      while (waiting.at < bytes.length && this.#credit > 0 && this.#line.isOpenTo(this))
        waiting.at = this.#send(bytes, waiting.at);
      if (waiting.at < bytes.length) return;
      this.#waiting = null;
      done();
    }
    if (!this.#holdsBack || this.#isShort) return;
    this.#holdsBack = false;
    this.emit('drain');
  }

  // --- within ---

  /** One frame of content; tells where the next begins. */
  #send(bytes: Buffer, at: number): number {
    const to = Math.min(bytes.length, at + Math.min(this.#credit, MAX_DATA));
    this.#credit -= to - at;
    this.#line.data(this.id, bytes.subarray(at, to));
    return to;
  }

  /** Nothing that was written before is still to be sent. */
  get #isClear(): boolean {
    return this.#waiting === null && this.writableLength === 0 && !this.#gone && !this.writableEnded;
  }

  /** Another piece might not go whole. */
  get #isShort(): boolean {
    if (this.#gone) return false;
    return this.#waiting !== null || this.#credit < MAX_DATA || !this.#line.isOpenTo(this);
  }

  get #isRead(): boolean {
    return this.#kept.isEmpty && this.readableLength === 0;
  }

  #give(bytes: Buffer): void {
    this.#took(bytes.length);
    this.#wanted = this.push(bytes);
  }

  #took(bytes: number): void {
    this.#taken += bytes;
    if (this.#taken < MUX_WINDOW / 2 || this.#gone) return;
    this.#window += this.#taken;
    this.#line.credit(this.id, this.#taken);
    this.#taken = 0;
  }

  #endWhenRead(): void {
    if (!this.#ended || this.#endTold || !this.#kept.isEmpty || this.destroyed) return;
    this.#endTold = true;
    this.#inTurn(() => {
      if (!this.destroyed) this.push(null);
    });
  }

  /**
   * An end that came with the last bytes is told as a socket tells it, in a turn of its own: what they were is acted on
   * first. A `reader` acts when it is called.
   */
  #inTurn(tell: () => void): void {
    if (this.reader === null) setImmediate(tell);
    else tell();
  }
}
