/** Writes answers to a client: the upstream's with its framing made anew, or the sidecar's own. */
import type { Duplex } from 'node:stream';
import type { Decision } from '../../model/decision.ts';
import type { PlainResponse } from '../../wire/http1/response-head.ts';
import { answerHeaders, upstreamAnswerHeaders, type ServerName } from '../answer.ts';
import type { Exchange } from './exchange.ts';
import { fieldLines, statusLine } from './head-text.ts';

/** Up to here a body is written in one piece with its head. */
const SMALL_BODY = 8_192;

export class AnswerWriter {
  readonly #stream: Duplex;
  readonly #server: ServerName;
  /** The answer has no length of its own: it goes on in chunks. */
  #chunked = false;
  #gathers = false;
  readonly #scatter = (): void => {
    this.#gathers = false;
    this.#stream.uncork();
  };

  constructor(stream: Duplex, server: ServerName) {
    this.#stream = stream;
    this.#server = server;
  }

  /** An interim answer, before the one that counts. */
  hints({ status, headers }: PlainResponse): void {
    this.#stream.write(`${statusLine(status)}${fieldLines(headers)}\r\n`, 'latin1');
  }

  /** The upstream's head, with what of its body is there; false = wait for a drain. */
  begin(exchange: Exchange, answer: PlainResponse, body: Buffer | null): boolean {
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
    const head = `${exchange.answerHead}${coding}${close}\r\n`;
    if (body === null) return this.#stream.write(head, 'latin1');
    exchange.responseBytes += body.length;
    return writeWithBody(this.#stream, head, body);
  }

  /** More of the body; false = wait for a drain. */
  goOn(exchange: Exchange, piece: Buffer): boolean {
    exchange.responseBytes += piece.length;
    const stream = this.#stream;
    if (!this.#chunked) {
      this.#gather();
      return stream.write(piece);
    }
    stream.cork();
    stream.write(`${piece.length.toString(16)}\r\n`, 'latin1');
    stream.write(piece);
    const goesOn = stream.write('\r\n', 'latin1');
    stream.uncork();
    return goesOn;
  }

  /** TLS hands over a body in records of 16 KB, several in a turn of the loop: they go on in one write. */
  #gather(): void {
    if (this.#gathers) return;
    this.#gathers = true;
    this.#stream.cork();
    setImmediate(this.#scatter);
  }

  /** The end of an answer in chunks. */
  end(): void {
    // Trailers end here, as with Envoy, whose HTTP/1 codec drops them unless it is told otherwise.
    this.#stream.write('0\r\n\r\n', 'latin1');
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

/** One write where the body is short, else two at once; false = wait for a drain. */
export function writeWithBody(stream: Duplex, head: string, body: Buffer): boolean {
  if (body.length <= SMALL_BODY) return stream.write(head + body.toString('latin1'), 'latin1');
  stream.cork();
  stream.write(head, 'latin1');
  const goesOn = stream.write(body);
  stream.uncork();
  return goesOn;
}
