/**
 * Carries one HTTP/1.1 exchange to an upstream and back: bodies streamed with back-pressure, trailers and 100-continue
 * kept, hop-by-hop fields dropped, nothing added by Node. It decides nothing; a failure before the first byte of an
 * answer is returned to the caller, who asks the error table.
 */
import {
  request as httpRequest,
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import type { Decision } from '../model/decision.ts';
import type { HeaderList } from '../model/request-facts.ts';
import { endToEndResponseHeaders } from '../wire/http1-hop-by-hop.ts';
import { headerPairs, type BodyFraming } from '../wire/http1-request-checks.ts';
import { decisionOf } from './error-table.ts';
import { fieldLines, statusLine } from './fast/head-text.ts';
import { handshakeReason } from './handshake-reason.ts';
import type { Detached } from './http-lane.ts';
import { takesInterimAnswers } from './interim-answers.ts';
import { reasonPhrase } from './reason-phrases.ts';
import { addUnjoined, takeUnjoined } from './unjoined-fields.ts';

/** A connection to the upstream was refused for a reason that has a decision of its own (the gate's). */
export class UpstreamRefused extends Error {
  readonly decision: Decision;

  constructor(decision: Decision, cause?: unknown) {
    super(decision.reason, cause === undefined ? undefined : { cause });
    this.name = 'UpstreamRefused';
    this.decision = decision;
  }
}

export interface ForwardInput {
  request: IncomingMessage;
  response: ServerResponse;
  detached: Detached | null;
  method: string;
  path: string;
  host: string;
  /** End-to-end fields, without Host. */
  headers: HeaderList;
  body: BodyFraming;
  /** Protocol of an Upgrade to pass on. */
  upgrade: string | null;
  agent: Agent;
  /** The connection that carries the exchange, known before its first byte. */
  onConnection(socket: Duplex): void;
  /** The connection of an exchange that has left HTTP; absent = as it is. */
  upgraded?: (socket: Duplex) => Duplex;
  /** Last touch on the response's fields; `serviceMs`: since the end of the request, null before that. */
  responseHeaders(upstream: [string, string][], serviceMs: number | null): [string, string][];
  /** Called once, before the last byte goes to the client (or when the client has gone). */
  report(outcome: ForwardReport): void;
}

export interface ForwardReport {
  /** null: the client went before an answer. */
  status: number | null;
  headers: HeaderList;
  requestBytes: number;
  responseBytes: number;
  /** `complete`, or who broke it off. */
  end: 'complete' | 'client-gone' | 'upstream-gone';
}

/** Of a client that had gone before anything of its request was passed on. */
export const CLIENT_GONE: ForwardReport = {
  status: null,
  headers: [],
  requestBytes: 0,
  responseBytes: 0,
  end: 'client-gone',
};

/** `failed`: nothing was sent to the client, so the caller answers; `unsent`: nor to the upstream, so it may try again. */
export type ForwardResult =
  | { kind: 'done' }
  | { kind: 'failed'; decision: Decision; unsent: boolean; requestBytes: number };

/** Methods whose requests have no body unless they say so; the others get `content-length: 0` from Envoy. */
const BODILESS = new Set(['GET', 'HEAD', 'DELETE', 'TRACE', 'CONNECT']);
/** Safe to send again when a kept-alive connection turned out to be closed. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Envoy's bound for a response's head. */
export const MAX_RESPONSE_HEAD = 60 * 1_024;

function headersByName(input: ForwardInput): Map<string, string[]> {
  const grouped = new Map<string, string[]>([['host', [input.host]]]);
  for (const [name, value] of input.headers) {
    const values = grouped.get(name);
    if (values === undefined) grouped.set(name, [value]);
    else values.push(value);
  }
  if (input.body === 'chunked') grouped.set('transfer-encoding', ['chunked']);
  else if (input.body === 'none' && !grouped.has('content-length') && !BODILESS.has(input.method))
    grouped.set('content-length', ['0']);
  if (input.upgrade !== null) {
    // In the client's own letters, as Envoy has it.
    const { connection = 'upgrade', upgrade = input.upgrade } = input.request.headers;
    grouped.set('connection', [connection]).set('upgrade', [upgrade]);
  }
  return grouped;
}

function open(input: ForwardInput): ClientRequest {
  const upstream = httpRequest({
    agent: input.agent,
    method: input.method,
    path: input.path,
    setHost: false,
    maxHeaderSize: MAX_RESPONSE_HEAD,
  });
  const grouped = headersByName(input);
  const unjoined = takeUnjoined(grouped);
  for (const [name, values] of grouped)
    upstream.setHeader(name, values.length === 1 ? (values[0] as string) : values);
  // Keeps Node from adding a Connection field of its own; the connection stays kept alive.
  if (input.upgrade === null) upstream.removeHeader('connection');
  if (input.body === 'none') upstream.removeHeader('transfer-encoding');
  addUnjoined(upstream, unjoined);
  return upstream;
}

/** Whether a request of this method changes nothing, so that it may be sent again. */
export function isSafeToRepeat(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/** The decision for an upstream that failed before it answered; `connected` says whether there was a connection. */
export function failureOf(error: NodeJS.ErrnoException, connected: boolean): Decision {
  if (error instanceof UpstreamRefused) return error.decision;
  if (!connected)
    return decisionOf(
      'connect-failure',
      error.code === undefined ? 'connect-failure' : `connect-failure-${error.code.toLowerCase()}`,
    );
  if ((error.code ?? '').startsWith('HPE_')) return decisionOf('upstream-protocol-error');
  const { reason } = handshakeReason(error, 'server');
  // In TLS 1.3 a server refuses after the handshake.
  return decisionOf('upstream-reset', reason === 'peer-refused-certificate' ? reason : undefined);
}

/** Carries the exchange; resolves when it is over. */
export function forward(input: ForwardInput): Promise<ForwardResult> {
  const { request, response, detached } = input;
  // Gone while it was judged: its close was told already, and nobody waits for an answer.
  if (response.destroyed) {
    input.report(CLIENT_GONE);
    return Promise.resolve({ kind: 'done' });
  }
  return new Promise((resolve) => {
    let upstream: ClientRequest;
    try {
      upstream = open(input);
    } catch {
      // Node's client refuses what its own parser took (a control byte in a value).
      resolve({
        kind: 'failed',
        decision: decisionOf('codec-error', 'field-not-forwardable'),
        unsent: true,
        requestBytes: 0,
      });
      return;
    }
    let connected = false;
    let settled = false;
    let status: number | null = null;
    let headers: HeaderList = [];
    let requestBytes = 0;
    let responseBytes = 0;
    let sentAt: number | null = null;
    const end = (): void => {
      upstream.end();
      // An upgrade goes on: its request has no end.
      if (input.upgrade === null) sentAt = performance.now();
    };
    const answeredBy = (answer: IncomingMessage): HeaderList =>
      input.responseHeaders(
        endToEndResponseHeaders(headerPairs(answer.rawHeaders)),
        sentAt === null ? null : performance.now() - sentAt,
      );

    const finish = (end: ForwardReport['end']): void => {
      if (settled) return;
      settled = true;
      input.report({ status, headers, requestBytes, responseBytes, end });
      resolve({ kind: 'done' });
    };
    const onClientClose = (): void => {
      if (settled) return;
      upstream.destroy();
      finish('client-gone');
    };
    response.once('close', onClientClose);

    upstream.once('socket', (socket: Duplex) => {
      connected = true;
      input.onConnection(socket);
      if (detached !== null || input.body === 'none') {
        end();
        return;
      }
      request.on('data', (chunk: Buffer) => {
        requestBytes += chunk.length;
      });
      request.pipe(upstream, { end: false });
      // Trailers end here, as with Envoy, whose HTTP/1 codec drops them unless it is told otherwise.
      request.once('end', end);
      // Sends the head now, and as Latin-1: Node's flushHeaders would write bytes above ASCII as UTF-8.
      upstream.write('', 'latin1');
    });
    upstream.on('continue', () => {
      if (!response.headersSent && takesInterimAnswers(request.socket)) response.writeContinue();
    });
    upstream.on('information', ({ statusCode, rawHeaders }) => {
      if (statusCode === 100 || response.headersSent || !takesInterimAnswers(request.socket)) return;
      writeInterim(request, statusCode, endToEndResponseHeaders(headerPairs(rawHeaders)));
    });
    upstream.on('error', (error: NodeJS.ErrnoException) => {
      request.unpipe(upstream);
      if (settled) return;
      if (status !== null) {
        response.destroy();
        finish('upstream-gone');
        return;
      }
      settled = true;
      response.removeListener('close', onClientClose);
      const stale = upstream.reusedSocket && input.body === 'none' && isSafeToRepeat(input.method);
      resolve({
        kind: 'failed',
        decision: failureOf(error, connected),
        unsent: !connected || stale,
        requestBytes,
      });
    });
    upstream.on('response', (answer: IncomingMessage) => {
      status = answer.statusCode ?? 502;
      headers = answeredBy(answer);
      writeHead(response, status, headers, request);
      // Sends the head now: the body may take its time.
      response.write('', 'latin1');
      answer.on('data', (chunk: Buffer) => {
        responseBytes += chunk.length;
      });
      answer.pipe(response, { end: false });
      answer.once('end', () => {
        if (!answer.complete) return;
        finish('complete');
        response.end();
        closeIfUnread(request, response);
        if (!request.complete) upstream.destroy();
      });
      answer.once('error', () => {
        response.destroy();
        finish('upstream-gone');
      });
      answer.once('close', () => {
        if (answer.complete) return;
        response.destroy();
        finish('upstream-gone');
      });
    });
    upstream.on('upgrade', (answer: IncomingMessage, raw: Duplex, rest: Buffer) => {
      if (detached === null) {
        raw.destroy();
        upstream.emit('error', new Error('an upgrade that nobody asked for'));
        return;
      }
      const socket = input.upgraded?.(raw) ?? raw;
      status = answer.statusCode ?? 101;
      headers = answeredBy(answer);
      response.detachSocket(request.socket);
      const { connection = 'upgrade', upgrade = input.upgrade ?? '' } = answer.headers;
      const lines = fieldLines([...headers, ['connection', connection], ['upgrade', upgrade]]);
      detached.socket.write(`${statusLine(101)}${lines}\r\n`, 'latin1');
      if (rest.length > 0) detached.socket.write(rest);
      if (detached.head.length > 0) socket.write(detached.head);
      detached.socket.on('data', (chunk: Buffer) => {
        requestBytes += chunk.length;
      });
      socket.on('data', (chunk: Buffer) => {
        responseBytes += chunk.length;
      });
      detached.socket.pipe(socket);
      socket.pipe(detached.socket);
      const over = (end: ForwardReport['end']) => (): void => {
        finish(end);
        detached.socket.destroy();
        socket.destroy();
      };
      socket.on('error', over('upstream-gone'));
      detached.socket.once('close', over('complete'));
      socket.once('close', over('complete'));
    });
  });
}

/** An interim answer that isn't 100. */
export function writeInterim(request: IncomingMessage, status: number, headers: HeaderList): void {
  request.socket.write(`${statusLine(status)}${fieldLines(headers)}\r\n`, 'latin1');
}

/** Writes a head with these fields, and what Envoy says of the framing: of an answer of its own, less. */
export function writeHead(
  response: ServerResponse,
  status: number,
  headers: HeaderList,
  request: IncomingMessage,
  by: 'upstream' | 'us' = 'upstream',
): void {
  response.sendDate = false;
  const bodiless = status === 204 || status === 304;
  const told = headers.some(([name]) => name === 'content-length');
  const head = request.method === 'HEAD';
  const fixed = head || bodiless || told;
  const fields = headers.filter(
    ([name]) =>
      // A Trailer field promises what a message of fixed length can't have; Node throws on it.
      !(fixed && name === 'trailer') && !(status === 204 && name === 'content-length'),
  );
  // The answer to a GET would have come in chunks.
  const framing: HeaderList =
    head && !told && !bodiless && by === 'upstream' ? [['transfer-encoding', 'chunked']] : [];
  // What of the request's body is still to come would be taken for the next request.
  const unread = !request.complete && !headers.some(([name]) => name === 'connection');
  const closing: HeaderList = unread ? [['connection', 'close']] : [];
  if (response.shouldKeepAlive && !unread) response.removeHeader('connection');
  response.writeHead(
    status,
    reasonPhrase(status),
    [...fields, ...framing, ...closing].flatMap(([name, value]) => [name, value]),
  );
}

/** An answer before the end of the request's body leaves the connection where no next request can be found. */
export function closeIfUnread(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete) return;
  response.once('finish', () => request.socket.destroySoon());
}
