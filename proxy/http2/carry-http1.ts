/**
 * An HTTP/1.1 exchange whose upstream speaks HTTP/2: the message becomes a stream and the stream's answer a message
 * again, without trailers: Envoy's HTTP/1 codec drops them. A twin of forward-http.ts, with the same outcomes.
 */
import type { HeaderList } from '../../model/request-facts.ts';
import { schemeOf } from '../../wire/connection-manager-headers.ts';
import type { Then } from '../../wire/http2/stream.ts';
import {
  CLIENT_GONE,
  closeIfUnread,
  writeHead,
  writeInterim,
  type ForwardInput,
  type ForwardReport,
  type ForwardResult,
} from '../forward-http.ts';
import { takesInterimAnswers } from '../interim-answers.ts';
import type { Upstream, UpstreamExchange, UpstreamFailure } from './upstream.ts';

/** Without an upgrade: a stream can't become one. */
type Input = Omit<ForwardInput, 'agent' | 'upgrade'>;

/** Request bytes that may be under way before the client has to wait. */
const MAX_UNSENT = 256 * 1024;
const NEVER: ReadonlySet<string> = new Set();
const NOTHING = new Uint8Array(0);

/** Carries the exchange; resolves when it is over. */
export function carryOverHttp2(input: Input, upstream: Upstream): Promise<ForwardResult> {
  if (input.response.destroyed) {
    input.report(CLIENT_GONE);
    return Promise.resolve({ kind: 'done' });
  }
  return new Promise((resolve) => new Carriage(input, resolve).start(upstream));
}

class Carriage {
  readonly #input: Input;
  readonly #resolve: (result: ForwardResult) => void;
  readonly #clientClosed = (): void => this.#abandon();
  #exchange: UpstreamExchange | null = null;
  #connected = false;
  #reading = false;
  #settled = false;
  #status: number | null = null;
  #headers: HeaderList = [];
  #requestBytes = 0;
  #responseBytes = 0;
  #unsent = 0;
  /** When the request's last byte was handed over; null until then. */
  #sentAt: number | null = null;

  constructor(input: Input, resolve: (result: ForwardResult) => void) {
    this.#input = input;
    this.#resolve = resolve;
  }

  start(upstream: Upstream): void {
    const { method, path, host, headers, body, request, response } = this.#input;
    if (body === 'none') this.#sentAt = performance.now();
    response.once('close', this.#clientClosed);
    this.#exchange = upstream(
      {
        method,
        path,
        host,
        scheme: schemeOf(headers, false),
        headers,
        neverIndexed: NEVER,
        body: body === 'none' ? 'none' : 'follows',
      },
      {
        connected: (socket) => {
          this.#input.onConnection(socket);
          this.#connected = true;
          this.#read();
        },
        informational: (status, headers) => {
          if (response.headersSent || !takesInterimAnswers(request.socket)) return;
          if (status === 100) response.writeContinue();
          else writeInterim(request, status, headers);
        },
        head: (status, fields, then) => this.#respond(status, fields, then),
        data: (bytes, then) => this.#respondData(bytes, then),
        trailers: () => this.#end(),
        sent: (count) => this.#sent(count),
        failed: (failure) => this.#fail(failure),
      },
    );
    this.#read();
  }

  /** The request's body, once there is a connection to take it. */
  #read(): void {
    const { request, body } = this.#input;
    if (this.#reading || !this.#connected || this.#exchange === null || body === 'none') return;
    this.#reading = true;
    request.on('data', (chunk: Buffer) => {
      this.#requestBytes += chunk.length;
      this.#unsent += chunk.length;
      if (this.#unsent >= MAX_UNSENT) request.pause();
      this.#exchange?.data(chunk, 'more');
    });
    request.once('end', () => {
      // Trailers of HTTP/1 end here, as with Envoy.
      this.#sentAt = performance.now();
      this.#exchange?.data(NOTHING, 'end');
    });
  }

  #sent(count: number): void {
    this.#unsent -= count;
    if (this.#reading && this.#unsent < MAX_UNSENT) this.#input.request.resume();
  }

  #respond(status: number, fields: [string, string][], then: Then): void {
    if (this.#settled) return;
    const { request, response } = this.#input;
    this.#status = status;
    const serviceMs = this.#sentAt === null ? null : performance.now() - this.#sentAt;
    this.#headers = this.#input.responseHeaders(fields, serviceMs);
    writeHead(response, status, this.#headers, request);
    if (then === 'end') this.#end();
    else
      process.nextTick(() => {
        // Not before the body's first bytes, if they are here; as Latin-1, which flushHeaders isn't.
        if (!this.#settled && this.#responseBytes === 0 && !response.destroyed) response.write('', 'latin1');
      });
  }

  #respondData(bytes: Uint8Array, then: Then): void {
    if (this.#settled) return;
    this.#responseBytes += bytes.length;
    if (bytes.length > 0) this.#input.response.write(bytes, () => this.#exchange?.consumed(bytes.length));
    if (then === 'end') this.#end();
  }

  #end(): void {
    if (this.#settled) return;
    const { request, response } = this.#input;
    this.#finish('complete');
    response.end();
    closeIfUnread(request, response);
  }

  #fail({ decision, unsent }: UpstreamFailure): void {
    if (this.#settled) return;
    const { request, response } = this.#input;
    request.removeAllListeners('data');
    if (this.#status !== null) {
      this.#finish('upstream-gone');
      response.destroy();
      return;
    }
    this.#settled = true;
    response.off('close', this.#clientClosed);
    this.#resolve({
      kind: 'failed',
      decision,
      unsent: unsent && !this.#reading,
      requestBytes: this.#requestBytes,
    });
  }

  #abandon(): void {
    if (this.#settled) return;
    this.#exchange?.cancel();
    this.#finish('client-gone');
  }

  #finish(end: ForwardReport['end']): void {
    this.#settled = true;
    this.#input.response.off('close', this.#clientClosed);
    this.#input.report({
      status: this.#status,
      headers: this.#headers,
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
      end,
    });
    this.#resolve({ kind: 'done' });
  }
}
