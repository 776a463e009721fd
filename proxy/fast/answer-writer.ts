/** Writes answers to a client: the upstream's with its framing made anew, or the sidecar's own. */
import type { Duplex } from 'node:stream';
import type { Decision } from '../../model/decision.ts';
import type { PlainResponse } from '../../wire/http1/response-head.ts';
import { answerHeaders, upstreamAnswerHeaders, type ServerName } from '../answer.ts';
import { takesInterimAnswers } from '../interim-answers.ts';
import type { Exchange } from './exchange.ts';
import { fieldLines, statusLine } from './head-text.ts';
import { Outgoing } from './outgoing.ts';
import { writeTogether } from './write-together.ts';

/** Up to here a body is written in one piece with its head. */
const SMALL_BODY = 8_192;

export class AnswerWriter {
  readonly #stream: Duplex;
  readonly #server: ServerName;
  readonly #outgoing: Outgoing;
  /** The answer has no length of its own: it goes on in chunks. */
  #chunked = false;

  constructor(stream: Duplex, server: ServerName) {
    this.#stream = stream;
    this.#server = server;
    this.#outgoing = new Outgoing(stream);
  }

  /** The client reads more slowly than its answer comes: its stream will tell of a drain. */
  get full(): boolean {
    return this.#outgoing.full;
  }

  /** An interim answer, before the one that counts. */
  hints({ status, headers }: PlainResponse): void {
    if (!takesInterimAnswers(this.#stream)) return;
    this.#stream.write(`${statusLine(status)}${fieldLines(headers)}\r\n`, 'latin1');
  }

  /** The upstream's head, with what of its body is there; `done`: that is all of it. */
  begin(exchange: Exchange, answer: PlainResponse, lent: Buffer | null, done: boolean): void {
    const head = this.#head(exchange, answer);
    const length = lent?.length ?? 0;
    exchange.responseBytes += length;
    if (done && length <= SMALL_BODY) {
      writeTogether(this.#stream, lent === null ? head : head + lent.toString('latin1'));
      return;
    }
    this.#outgoing.text(head);
    if (lent !== null) this.#outgoing.bytes(lent);
    if (done) this.#outgoing.flush();
  }

  #head(exchange: Exchange, answer: PlainResponse): string {
    const { status, framing } = answer;
    const unread = exchange.requestBytes < exchange.request.bodyLength;
    exchange.by = 'upstream';
    exchange.status = status;
    exchange.answerHeaders = upstreamAnswerHeaders(
      status === 204 ? answer.headers.filter(([name]) => name !== 'content-length') : answer.headers,
      this.#server,
      unread ? null : exchange.answeredAt - exchange.decidedAt,
    );
    exchange.answerHead = statusLine(status) + fieldLines(exchange.answerHeaders);
    this.#chunked = framing === 'chunked' || framing === 'close';
    const coding = this.#chunked || wouldBeChunked(exchange, answer) ? 'transfer-encoding: chunked\r\n' : '';
    const close = exchange.request.closes || unread ? 'connection: close\r\n' : '';
    return `${exchange.answerHead}${coding}${close}\r\n`;
  }

  /** More of the body; `done`: the last of it. */
  goOn(exchange: Exchange, lent: Buffer, done: boolean): void {
    const outgoing = this.#outgoing;
    exchange.responseBytes += lent.length;
    if (this.#chunked) outgoing.text(`${lent.length.toString(16)}\r\n`);
    outgoing.bytes(lent);
    if (this.#chunked) outgoing.text('\r\n');
    if (done) outgoing.flush();
  }

  /** The end of an answer in chunks. */
  end(): void {
    // Trailers end here, as with Envoy, whose HTTP/1 codec drops them unless it is told otherwise.
    this.#outgoing.text('0\r\n\r\n');
    this.#outgoing.flush();
  }

  /** Writes what was gathered: nothing follows. */
  flush(): void {
    this.#outgoing.flush();
  }

  /** An answer in the upstream's place. */
  refuse(exchange: Exchange, decision: Decision, closes: 'closes' | 'stays open'): void {
    const body = decision.body ?? '';
    const headers = answerHeaders(decision, this.#server);
    exchange.by = 'sidecar';
    exchange.status = decision.status ?? 403;
    exchange.responseBytes = body.length;
    exchange.answerHeaders = headers;
    exchange.answerHead = statusLine(exchange.status) + fieldLines(headers);
    const close = closes === 'closes' ? 'connection: close\r\n' : '';
    const sent = exchange.request.method === 'HEAD' ? '' : body;
    this.#stream.write(`${exchange.answerHead}${close}\r\n${sent}`, 'latin1');
  }
}

/** HEAD is answered with the framing that a GET would have had. */
function wouldBeChunked({ request }: Exchange, { status, length }: PlainResponse): boolean {
  return request.method === 'HEAD' && length < 0 && status !== 204 && status !== 304;
}
