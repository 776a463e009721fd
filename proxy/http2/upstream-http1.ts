/**
 * An exchange of an HTTP/2 client with an application that speaks HTTP/1.1, over Node's client. The fields were
 * checked by then: what HTTP/1.1 couldn't carry without becoming something else was refused (CVE-2023-27491).
 */
import { request as httpRequest, type Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Then } from '../../wire/http2/stream.ts';
import { endToEndResponseHeaders } from '../../wire/http1-hop-by-hop.ts';
import { headerPairs } from '../../wire/http1-request-checks.ts';
import { upstreamContentLength } from '../../wire/upstream-content-length.ts';
import { decisionOf } from '../error-table.ts';
import { failureOf, MAX_RESPONSE_HEAD } from '../forward-http.ts';
import type { Upstream, UpstreamEvents, UpstreamExchange, UpstreamRequest } from './upstream.ts';
import { addUnjoined, takeUnjoined } from '../unjoined-fields.ts';

/** Response bytes that may be under way before the application has to wait. */
const MAX_UNCONSUMED = 256 * 1024;
/** Safe to send again when a kept-alive connection turned out to be closed. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

function headersByName({ method, host, headers, body }: UpstreamRequest): Map<string, string[]> {
  const grouped = new Map<string, string[]>([['host', [host]]]);
  for (const [name, value] of headers) {
    const values = grouped.get(name);
    if (values === undefined) grouped.set(name, [value]);
    else values.push(value);
  }
  if (body === 'none') {
    const length = upstreamContentLength(method, headers);
    if (length !== null) grouped.set('content-length', [length]);
  } else if (!grouped.has('content-length')) grouped.set('transfer-encoding', ['chunked']);
  return grouped;
}

function open(request: UpstreamRequest, agent: Agent): ClientRequest {
  const { method, path, body } = request;
  const upstream = httpRequest({ agent, method, path, setHost: false, maxHeaderSize: MAX_RESPONSE_HEAD });
  // Node would write capitals, and the application see another method than the policies did.
  upstream.method = method;
  const grouped = headersByName(request);
  const unjoined = takeUnjoined(grouped);
  for (const [name, values] of grouped)
    upstream.setHeader(name, values.length === 1 ? (values[0] as string) : values);
  // Keeps Node from adding a Connection field of its own; the connection stays kept alive.
  upstream.removeHeader('connection');
  if (body === 'none') upstream.removeHeader('transfer-encoding');
  addUnjoined(upstream, unjoined);
  return upstream;
}

class Http1Exchange implements UpstreamExchange {
  readonly #request: UpstreamRequest;
  readonly #events: UpstreamEvents;
  #upstream: ClientRequest | null = null;
  #answer: IncomingMessage | null = null;
  #unconsumed = 0;
  #connected = false;
  #over = false;

  constructor(request: UpstreamRequest, events: UpstreamEvents) {
    this.#request = request;
    this.#events = events;
  }

  start(agent: Agent): void {
    let upstream: ClientRequest;
    try {
      upstream = open(this.#request, agent);
    } catch {
      // Node's client refuses what the codec took.
      const decision = decisionOf('codec-error', 'field-not-forwardable');
      queueMicrotask(() => this.#fail({ decision, unsent: true, code: null }));
      return;
    }
    this.#upstream = upstream;
    upstream.once('socket', (socket: Duplex) => {
      this.#connected = true;
      this.#events.connected(socket);
      if (this.#request.body === 'none') upstream.end();
      // Sends the head now, and as Latin-1: Node's flushHeaders would write bytes above ASCII as UTF-8.
      else if (!upstream.headersSent && !upstream.writableEnded) upstream.write('', 'latin1');
    });
    upstream.on('information', ({ statusCode, rawHeaders }) => {
      this.#events.informational(statusCode, endToEndResponseHeaders(headerPairs(rawHeaders)));
    });
    upstream.on('error', (error: NodeJS.ErrnoException) => {
      const { method, body } = this.#request;
      const stale = upstream.reusedSocket && body === 'none' && IDEMPOTENT.has(method);
      const decision = failureOf(error, this.#connected);
      this.#fail({ decision, unsent: this.#answer === null && (!this.#connected || stale), code: null });
    });
    upstream.on('upgrade', (_answer: IncomingMessage, socket: Duplex) => {
      socket.destroy();
      this.#fail({ decision: decisionOf('upstream-protocol-error'), unsent: false, code: null });
    });
    upstream.on('response', (answer) => this.#respond(answer));
  }

  data(bytes: Uint8Array, then: Then): void {
    if (this.#over || this.#upstream === null) return;
    if (bytes.length > 0) this.#upstream.write(bytes, () => this.#events.sent(bytes.length));
    if (then === 'end') this.#upstream.end();
  }

  /** Trailers end here, as with Envoy, whose HTTP/1 codec drops them both ways. */
  trailers(): void {
    if (!this.#over) this.#upstream?.end();
  }

  consumed(count: number): void {
    this.#unconsumed -= count;
    if (this.#unconsumed < MAX_UNCONSUMED) this.#answer?.resume();
  }

  cancel(): void {
    this.#over = true;
    this.#upstream?.destroy();
  }

  #respond(answer: IncomingMessage): void {
    this.#answer = answer;
    const headers = endToEndResponseHeaders(headerPairs(answer.rawHeaders));
    const status = answer.statusCode ?? 502;
    if (this.#over) return;
    const bodiless = this.#request.method === 'HEAD' || status === 204 || status === 304;
    this.#events.head(status, headers, bodiless ? 'end' : 'more');
    answer.on('data', (chunk: Buffer) => {
      this.#unconsumed += chunk.length;
      if (this.#unconsumed >= MAX_UNCONSUMED) answer.pause();
      if (!this.#over) this.#events.data(chunk, 'more');
    });
    answer.once('end', () => {
      if (answer.complete) this.#end(bodiless);
    });
    answer.once('close', () => {
      if (!answer.complete) this.#fail({ decision: decisionOf('upstream-reset'), unsent: false, code: null });
    });
  }

  #end(bodiless: boolean): void {
    if (this.#over) return;
    this.#over = true;
    if (!this.#upstream?.writableEnded) this.#upstream?.destroy();
    if (bodiless) return;
    this.#events.data(NOTHING, 'end');
  }

  #fail(failure: Parameters<UpstreamEvents['failed']>[0]): void {
    if (this.#over) return;
    this.#over = true;
    this.#upstream?.destroy();
    this.#events.failed(failure);
  }
}

const NOTHING = new Uint8Array(0);

/** The application behind `agent`. */
export function http1Upstream(agent: Agent): Upstream {
  return (request, events) => {
    const exchange = new Http1Exchange(request, events);
    exchange.start(agent);
    return exchange;
  };
}
