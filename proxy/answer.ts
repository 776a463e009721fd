/**
 * Answers that a sidecar gives itself, in Envoy's shape. Owns the lingering close: an answer that comes before the
 * request's body has ended must reach the client, which a closed socket with unread bytes would prevent.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Decision } from '../model/decision.ts';
import type { HeaderList } from '../model/request-facts.ts';
import { writeHead } from './forward-http.ts';
import { httpDate } from './http-date.ts';
import { reasonPhrase } from './reason-phrases.ts';

/** How long a client may go on sending a body that nobody reads (Envoy's delayed close). */
const LINGER_MS = 1_000;
/** Envoy's `server` header: `istio-envoy` at an inbound listener, `envoy` at an outbound one. */
export type ServerName = 'istio-envoy' | 'envoy';

/** Framing and identity of an answer of ours are ours, whatever an authorizer says. */
const OURS: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'trailer',
  'date',
  'server',
]);

/** Fields of an answer of ours; `told`: what an external authorizer wants the client to have besides. */
export function answerHeaders(
  decision: Decision,
  server: ServerName,
  told: HeaderList = [],
): [string, string][] {
  const body = decision.body ?? '';
  const more = besides(told);
  const typed = body === '' || more.some(([name]) => name === 'content-type');
  return [
    ['content-length', String(Buffer.byteLength(body, 'latin1'))],
    ...more,
    ...(typed ? [] : [['content-type', 'text/plain'] as [string, string]]),
    ['date', httpDate()],
    ['server', server],
  ];
}

/** After a broken message nobody knows where the next one begins; after a denial everybody does. */
function mayGoOn(request: IncomingMessage, decision: Decision): boolean {
  return request.complete && decision.phase !== 'codec';
}

/** Writes the answer of a denial; resolves when it is out, and with it the end of the exchange. */
export function answer(
  request: IncomingMessage,
  response: ServerResponse,
  decision: Decision,
  headers: [string, string][],
): Promise<void> {
  const body = decision.body ?? '';
  const status = decision.status ?? 403;
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      resolve();
    };
    let timer: NodeJS.Timeout | undefined;
    response.once('finish', over);
    response.once('close', over);
    if (mayGoOn(request, decision)) {
      writeHead(response, status, headers, request, 'us');
      response.end(body, 'latin1');
      return;
    }
    writeHead(response, status, [...headers, ['connection', 'close']], request, 'us');
    response.flushHeaders();
    if (body !== '' && request.method !== 'HEAD') response.write(body, 'latin1');
    // The whole answer is out; what is still being sent is thrown away before the connection closes.
    const end = (): void => void response.end();
    if (request.complete) {
      end();
      return;
    }
    timer = setTimeout(end, LINGER_MS);
    request.once('end', end);
    request.resume();
  });
}

/** The same answer as bytes, for a connection on which no request could be read. */
export function rawAnswer(decision: Decision, server: ServerName): string {
  const status = decision.status ?? 400;
  const lines = [...answerHeaders(decision, server), ['connection', 'close']].map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n${lines.join('')}\r\n${decision.body ?? ''}`;
}

/** Of an upstream's answer, what Envoy sets itself, or keeps to itself. */
function isReplaced(name: string): boolean {
  switch (name) {
    case 'server':
    case 'x-envoy-upstream-service-time':
    case 'x-envoy-decorator-operation':
      return true;
    default:
      return false;
  }
}

/**
 * Date and server as Envoy sets them on what an upstream answered, and what an external authorizer adds.
 * `serviceMs`: between the end of the request and this head; null = the answer came before that end.
 */
export function upstreamAnswerHeaders(
  upstream: readonly [string, string][],
  server: ServerName,
  serviceMs: number | null,
  told: HeaderList = [],
): [string, string][] {
  const kept: [string, string][] = [];
  let dated = false;
  for (const field of upstream) {
    if (isReplaced(field[0])) continue;
    if (field[0] === 'date') dated = true;
    kept.push(field);
  }
  if (!dated) kept.push(['date', httpDate()]);
  if (serviceMs !== null)
    kept.push(['x-envoy-upstream-service-time', String(Math.max(0, Math.floor(serviceMs)))]);
  kept.push(['server', server], ...besides(told));
  return kept;
}

/** Of what an authorizer tells the client, all but the framing and identity of an answer. */
export function besides(told: HeaderList): [string, string][] {
  return told.filter(([name]) => !OURS.has(name)).map(([name, value]): [string, string] => [name, value]);
}
