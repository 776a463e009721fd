/**
 * One exchange of an HTTP/2 client: the stream that it came on, the upstream that it goes to, and what flows between
 * them, both ways at once. A byte is asked for from one side only when the other has sent it on. It decides nothing;
 * a failure before the answer's head is returned to the caller, who asks the error table.
 */
import type { Duplex } from 'node:stream';
import type { HeaderList } from '../../model/request-facts.ts';
import type { DecodedBlock } from '../../wire/http2/hpack-decoder.ts';
import { checkTrailerFields } from '../../wire/http2/message-fields.ts';
import { ERROR } from '../../wire/http2/protocol.ts';
import type { Http2Stream, Then } from '../../wire/http2/stream.ts';
import type { ForwardReport } from '../forward-http.ts';
import type { Http2Link } from './link.ts';
import type {
  Upstream,
  UpstreamEvents,
  UpstreamExchange,
  UpstreamFailure,
  UpstreamRequest,
} from './upstream.ts';

/** What the caller is asked and told while an exchange goes on. */
export interface ExchangeHooks {
  connected(socket: Duplex): void;
  /** Last touch on the response's fields. */
  responseHeaders(upstream: [string, string][], serviceMs: number | null): [string, string][];
  /** Called once, before the last byte goes to the client, or when it is over otherwise; not after `failed`. */
  report(outcome: ForwardReport): void;
  /** Nothing was sent to the client, and nothing of the request's body is lost if `again`. */
  failed(failure: UpstreamFailure, again: boolean): void;
}

type Piece = { bytes: Uint8Array; ends: Then } | { trailers: HeaderList };

const NEVER: ReadonlySet<string> = new Set();

export class ServerExchange implements UpstreamEvents {
  readonly #link: Http2Link<ServerExchange>;
  readonly #stream: Http2Stream<ServerExchange>;
  /** What came of the request before an upstream took it. */
  #early: Piece[] = [];
  /** Who waits for the whole body. */
  #reader: { most: number; resolve(read: { bytes: number; whole: Buffer | null }): void } | null = null;
  /** Body bytes that were asked for again before an upstream had them. */
  #prepaid = 0;
  #upstream: UpstreamExchange | null = null;
  #hooks: ExchangeHooks | null = null;
  #connected = false;
  #handedOver = false;
  /** When the request's last byte was handed over; null until then. */
  #sentAt: number | null = null;
  #over = false;
  /** A 100 was said. */
  #continued = false;
  #status: number | null = null;
  #headers: HeaderList = [];
  #requestBytes = 0;
  #responseBytes = 0;
  /** Response bytes that wait for the client's window: the upstream's is given back as they leave. */
  #unsent = 0;

  constructor(link: Http2Link<ServerExchange>, stream: Http2Stream<ServerExchange>) {
    this.#link = link;
    this.#stream = stream;
    stream.context = this;
  }

  /** Body bytes of the request so far. */
  get requestBytes(): number {
    return this.#requestBytes;
  }

  /** The client has gone, or has its answer. */
  get over(): boolean {
    return this.#over || this.#stream.closed;
  }

  /** Answers without an upstream. */
  answer(status: number, headers: HeaderList, body: Uint8Array, then: 'body' | 'head-only'): void {
    if (this.over) return;
    this.#over = true;
    this.#early = [];
    const { connection } = this.#link;
    // What came of the body goes nowhere any more; the window of the connection belongs to the others.
    connection.consume(this.#stream, this.#stream.unconsumed);
    const fields: HeaderList = [[':status', String(status)], ...headers];
    if (then === 'head-only' || body.length === 0) connection.sendHead(this.#stream, fields, NEVER, 'end');
    else {
      connection.sendHead(this.#stream, fields, NEVER, 'more');
      connection.sendData(this.#stream, body, 'end');
    }
  }

  /** Ends the stream, or the connection that brought it, without an answer. */
  refuseMessage(ends: 'stream' | 'connection', code: number): void {
    this.#over = true;
    if (ends === 'stream') this.#link.connection.reset(this.#stream, code);
    else this.#link.giveUp(code);
  }

  /** An informational answer, before the one that counts. */
  inform(status: number, headers: [string, string][]): void {
    if (this.over) return;
    // As interim-answers.ts has it; but another stream may fill the connection, and who waits for a 100 sends nothing.
    const awaited = status === 100 && !this.#continued;
    if (this.#link.isFull && !awaited) return;
    if (awaited) this.#continued = true;
    this.#link.connection.sendHead(this.#stream, [[':status', String(status)], ...headers], NEVER, 'more');
  }

  /** Carries the request to `upstream`; again after a `failed` that allows it. */
  forward(upstream: Upstream, request: UpstreamRequest, hooks: ExchangeHooks): void {
    this.#hooks = hooks;
    this.#connected = false;
    this.#sentAt = request.body === 'none' ? performance.now() : null;
    this.#upstream = null;
    this.#upstream = upstream(request, this);
    if (this.#connected) this.#handOver();
  }

  // What comes of the upstream; one object is both sides of an exchange, since each costs every request.

  connected(socket: Duplex): void {
    this.#hooks?.connected(socket);
    this.#connected = true;
    if (this.#upstream !== null) this.#handOver();
  }

  informational(status: number, headers: [string, string][]): void {
    this.inform(status, headers);
  }

  head(status: number, headers: [string, string][], then: Then): void {
    if (this.#hooks !== null)
      this.#respond(this.#hooks.responseHeaders(headers, this.#sinceSent()), status, then);
  }

  data(bytes: Uint8Array, then: Then): void {
    this.#responseBytes += bytes.length;
    this.#unsent += bytes.length;
    if (then === 'end') this.#report('complete');
    this.#link.connection.sendData(this.#stream, bytes, then);
  }

  trailers(trailers: [string, string][]): void {
    this.#headers = [...this.#headers, ...trailers];
    this.#report('complete');
    this.#link.connection.sendTrailers(this.#stream, trailers);
  }

  sent(count: number): void {
    const paid = Math.min(count, this.#prepaid);
    this.#prepaid -= paid;
    if (count > paid) this.#link.connection.consume(this.#stream, count - paid);
  }

  failed(failure: UpstreamFailure): void {
    if (this.#over) return;
    if (this.#status === null) {
      this.#hooks?.failed(failure, failure.unsent && !this.#handedOver);
      return;
    }
    this.#report('upstream-gone');
    this.#link.connection.reset(this.#stream, failure.code ?? ERROR.INTERNAL_ERROR);
  }

  /** The body, read before anybody has it: whole, or as far as `most` bytes go. Resolves when either is there. */
  readBody(most: number): Promise<{ bytes: number; whole: Buffer | null }> {
    return new Promise((resolve) => {
      this.#reader = { most, resolve };
      // What came before is paid for like what comes now: its sender would wait for ever otherwise.
      for (const piece of this.#early) if ('bytes' in piece) this.#prepay(piece.bytes.length);
      this.#tellReader();
    });
  }

  #prepay(count: number): void {
    this.#prepaid += count;
    this.#link.connection.consume(this.#stream, count);
  }

  #tellReader(): void {
    const reader = this.#reader;
    if (reader === null) return;
    const last = this.#early.at(-1);
    const ended = last !== undefined && ('trailers' in last || last.ends === 'end');
    if (!ended && this.#requestBytes <= reader.most && !this.over) return;
    this.#reader = null;
    const chunks = this.#early.flatMap((piece) => ('bytes' in piece ? [piece.bytes] : []));
    const whole = ended && this.#requestBytes <= reader.most ? Buffer.concat(chunks) : null;
    reader.resolve({ bytes: this.#requestBytes, whole });
  }

  onData(bytes: Uint8Array, then: Then): void {
    this.#requestBytes += bytes.length;
    this.#take({ bytes, ends: then });
  }

  onTrailers(block: DecodedBlock): void {
    const trailers = checkTrailerFields(block);
    if (trailers === null) {
      this.#abort('client-gone');
      this.#link.giveUp(ERROR.PROTOCOL_ERROR);
      return;
    }
    this.#take({ trailers });
  }

  onReset(): void {
    this.#abort('client-gone');
  }

  onSent(count: number): void {
    this.#unsent -= count;
    this.#upstream?.consumed(count);
    if (this.#over && this.#unsent === 0) this.#upstream = null;
  }

  #take(piece: Piece): void {
    if (this.#over) {
      // Nobody reads it; the window of the connection belongs to the others.
      if ('bytes' in piece) this.#link.connection.consume(this.#stream, piece.bytes.length);
      return;
    }
    this.#early.push(piece);
    if (this.#reader !== null) {
      if ('bytes' in piece) this.#prepay(piece.bytes.length);
      this.#tellReader();
    }
    if (this.#connected) this.#handOver();
  }

  #sinceSent(): number | null {
    return this.#sentAt === null ? null : performance.now() - this.#sentAt;
  }

  #handOver(): void {
    const pieces = this.#early;
    if (pieces.length === 0) return;
    this.#early = [];
    this.#handedOver = true;
    for (const piece of pieces) {
      if ('trailers' in piece || piece.ends === 'end') this.#sentAt = performance.now();
      if ('trailers' in piece) this.#upstream?.trailers(piece.trailers);
      else this.#upstream?.data(piece.bytes, piece.ends);
    }
  }

  #respond(headers: [string, string][], status: number, then: Then): void {
    this.#status = status;
    this.#headers = headers;
    if (then === 'end') this.#report('complete');
    this.#link.connection.sendHead(this.#stream, [[':status', String(status)], ...headers], NEVER, then);
  }

  #abort(end: ForwardReport['end']): void {
    if (this.#over) return;
    this.#upstream?.cancel();
    this.#report(end);
    this.#tellReader();
  }

  #report(end: ForwardReport['end']): void {
    if (this.#over) return;
    this.#over = true;
    this.#early = [];
    const hooks = this.#hooks;
    const report: ForwardReport = {
      status: this.#status,
      headers: this.#headers,
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
      end,
    };
    // A stream that is over may be kept for a while, by V8 and by whoever still sends: all that it held goes now.
    this.#hooks = null;
    this.#headers = [];
    hooks?.report(report);
    if (this.#unsent === 0) this.#upstream = null;
  }
}
