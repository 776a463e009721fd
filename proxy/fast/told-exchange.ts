/** An exchange of the fast lane as its event needs it: numbers and heads, where nothing in them has to be hidden. */
import type { HttpExchange } from '../event-writer.ts';
import { mayHoldCredentials } from '../make-event.ts';
import type { Exchange } from './exchange.ts';
import type { HeadFacts } from './head-text.ts';

/** Whether the heads may be recorded as they are: `head` as the upstream got it, of `facts`. */
export function mayTellHeads(exchange: Exchange, head: string, { path, headers }: HeadFacts): boolean {
  if (path !== exchange.request.rawPath || exchange.status === 0) return false;
  if (mayHoldCredentials(head, path, headers)) return false;
  return !mayHoldCredentials(exchange.answerHead, '', exchange.answerHeaders);
}

/** `requestHead`: as the upstream got it. */
export function toldExchange(exchange: Exchange, requestHead: string): HttpExchange {
  const { startedAt } = exchange;
  return {
    wallMs: exchange.wallMs,
    durationMicros: micros(performance.now() - startedAt),
    status: exchange.status,
    by: exchange.by,
    protocol: 'http1',
    requestBytes: exchange.requestBytes,
    responseBytes: exchange.responseBytes,
    requestHead,
    responseHead: exchange.answerHead,
    headMicros: micros(exchange.headAt - startedAt),
    decidedMicros: micros(exchange.decidedAt - startedAt),
    upstreamMicros: micros(exchange.answeredAt - startedAt),
  };
}

function micros(ms: number): number {
  return ms > 0 ? Math.round(ms * 1_000) : 0;
}
