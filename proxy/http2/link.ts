/**
 * An HTTP/2 connection on a socket: what comes is read, what is to be written is written once a turn of the event
 * loop, and a socket that takes no more is waited for. Owns the timeouts of a connection; it knows no message.
 */
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { Http2Connection } from '../../wire/http2/connection.ts';
import type { Http2Handlers } from '../../wire/http2/handlers.ts';
import { ERROR, type ConnectionFault } from '../../wire/http2/protocol.ts';
import type { Limits } from '../limits.ts';

/** What the owner of a link is told, besides the streams' own events. */
export type LinkHandlers<C> = Omit<Http2Handlers<C>, 'output' | 'finished'> & {
  /** The connection is over; the fault is the peer's where there is one. Its streams were told already. */
  over(fault: ConnectionFault | null): void;
};

/** How long the peer of a connection without streams may take to go. */
const DRAIN_MS = 5_000;

/** Links that have something to write, once a turn. */
const pending: Http2Link<never>[] = [];

function flushPending(): void {
  const links = pending.splice(0);
  for (const link of links) link.flush();
}

export class Http2Link<C> {
  readonly connection: Http2Connection<C>;
  readonly socket: Duplex;
  readonly #limits: Limits;
  readonly #handlers: LinkHandlers<C>;
  #queued = false;
  #full = false;
  #over = false;
  /** Whoever ended it has told why. */
  #told = false;
  #fault: ConnectionFault | null = null;
  #headerTimer: NodeJS.Timeout | null = null;
  #drainTimer: NodeJS.Timeout | null = null;

  constructor(role: 'server' | 'client', socket: Duplex, handlers: LinkHandlers<C>, limits: Limits) {
    this.socket = socket;
    this.#limits = limits;
    this.#handlers = handlers;
    this.connection = new Http2Connection<C>(role, {
      head: (stream, block, then) => handlers.head(stream, block, then),
      data: (stream, bytes, then) => handlers.data(stream, bytes, then),
      trailers: (stream, block) => handlers.trailers(stream, block),
      reset: (stream, code, by) => handlers.reset(stream, code, by),
      sent: (stream, count) => handlers.sent(stream, count),
      closed: (stream) => handlers.closed(stream),
      output: () => this.#queue(),
      finished: (fault) => this.#finish(fault),
    });
    this.#attach();
    this.#queue();
  }

  /** The peer doesn't read: what is written now waits here. */
  get isFull(): boolean {
    return this.#full;
  }

  /** Writes what there is now. */
  flush(): void {
    this.#queued = false;
    const { connection, socket } = this;
    while (connection.hasOutput && !this.#full) {
      if (socket.destroyed || socket.writableEnded) return;
      this.#full = !socket.write(connection.takeOutput());
      connection.socketIs(this.#full ? 'full' : 'drained');
    }
  }

  /** Takes no new streams; closes after the last one, however long that lasts. */
  drain(): void {
    if (this.#over) return;
    this.connection.drain();
    if (this.connection.streams === 0) this.#closeInTime();
  }

  /** Says at once which streams were the last, and writes it; the caller closes the socket. */
  goAway(): void {
    if (this.#over) return;
    this.connection.end(ERROR.NO_ERROR, 'listener-closed');
    this.flush();
  }

  /** Ends the connection for a message that was told already; its other streams end with it. */
  giveUp(code: number): void {
    this.#told = true;
    this.connection.end(code, 'malformed-message');
  }

  #attach(): void {
    const { socket } = this;
    socket.on('data', (chunk: Buffer) => {
      this.connection.receive(chunk, performance.now());
      this.#watchHeaders();
    });
    socket.on('drain', () => {
      this.#full = false;
      this.connection.socketIs('drained');
      this.flush();
    });
    // Half-closed is over: no answer can be asked for any more, and those under way are for nobody.
    socket.once('end', () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#closed());
    this.#watchIdle(socket as Socket);
    this.#watchHeaders();
  }

  #queue(): void {
    if (this.#queued || this.#full) return;
    this.#queued = true;
    if (pending.push(this as never) === 1) setImmediate(flushPending);
  }

  /** A call may be silent for long, as a watch is: Istio sets its streams no idle timeout. */
  #watchIdle(socket: Socket): void {
    const { tunnelIdleTimeoutMs, keepAliveTimeoutMs } = this.#limits;
    const shorterMs = Math.min(tunnelIdleTimeoutMs, keepAliveTimeoutMs);
    let silentMs = 0;
    socket.setTimeout(shorterMs);
    socket.on('timeout', () => {
      silentMs += shorterMs;
      const busy = this.connection.streams > 0;
      if (busy && silentMs >= tunnelIdleTimeoutMs) socket.destroy();
      else if (!busy && silentMs >= keepAliveTimeoutMs) this.drain();
      // The timer fires once.
      else socket.setTimeout(shorterMs);
    });
    socket.on('data', () => {
      silentMs = 0;
    });
  }

  /** A head (or the preface) that has begun must end. */
  #watchHeaders(): void {
    if (!this.connection.awaitsHead) {
      if (this.#headerTimer !== null) clearTimeout(this.#headerTimer);
      this.#headerTimer = null;
      return;
    }
    this.#headerTimer ??= setTimeout(
      () => this.connection.end(ERROR.ENHANCE_YOUR_CALM, 'header-timeout'),
      this.#limits.headerTimeoutMs,
    );
  }

  #finish(fault: ConnectionFault | null): void {
    // An end without an error is ours, and no fault of the peer's.
    if (fault !== null && fault.code !== ERROR.NO_ERROR && !this.#told) this.#fault ??= fault;
    this.#over = true;
    // What goes before the close: answers of the last streams, and the GOAWAY.
    setImmediate(() => {
      if (this.socket.destroyed) return;
      while (this.connection.hasOutput) this.socket.write(this.connection.takeOutput());
      this.socket.end(() => this.socket.destroy());
      this.#closeInTime();
    });
    if (fault !== null) this.connection.abandon();
  }

  #closeInTime(): void {
    if (!this.socket.destroyed) this.#drainTimer ??= setTimeout(() => this.socket.destroy(), DRAIN_MS);
  }

  #closed(): void {
    this.#over = true;
    if (this.#headerTimer !== null) clearTimeout(this.#headerTimer);
    if (this.#drainTimer !== null) clearTimeout(this.#drainTimer);
    this.connection.abandon();
    this.#handlers.over(this.#fault);
  }
}
