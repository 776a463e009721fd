/** An exchange of the fast lane as its event needs it: numbers and heads, where nothing in them has to be hidden. */
import type { HttpExchange } from '../event-writer.ts';
import { mayHoldCredentials } from '../make-event.ts';
import type { Exchange } from './exchange.ts';

/** Whether the heads may be recorded as they are. `headers`: the request's, as the upstream got them. */
export function mayTellHeads(
  exchange: Exchange,
  path: string,
  headers: readonly (readonly [string, string])[],
): boolean {
  if (path !== exchange.request.rawPath || exchange.status === 0) return false;
  return !mayHoldCredentials(path, headers) && !mayHoldCredentials('', exchange.answerHeaders);
}

/** `requestHead`: as the upstream got it. */
export function toldExchange(exchange: Exchange, requestHead: string): HttpExchange {
  const { startedAt, headAt, decidedAt, answeredAt } = exchange;
  const micros = (moment: number): number => Math.max(0, Math.round((moment - startedAt) * 1_000));
  return {
    wallMs: exchange.wallMs,
    durationMicros: micros(performance.now()),
    status: exchange.status,
    by: exchange.by,
    requestBytes: exchange.requestBytes,
    responseBytes: exchange.responseBytes,
    requestHead: Buffer.from(requestHead, 'latin1'),
    responseHead: Buffer.from(exchange.answerHead, 'latin1'),
    headMicros: micros(headAt),
    decidedMicros: micros(decidedAt),
    upstreamMicros: micros(answeredAt),
  };
}
