/** An exchange over HTTP/2 as the event ring takes it: numbers and heads, where nothing in them has to be hidden. */
import type { HeaderList } from '../../model/request-facts.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import type { HttpExchange } from '../event-writer.ts';
import { fieldLines } from '../fast/head-text.ts';
import type { ForwardReport } from '../forward-http.ts';
import { mayHoldCredentials } from '../make-event.ts';
import type { Moment } from '../moment.ts';

/** When it got how far; by `performance.now()`, 0 = it didn't. */
export interface ExchangeTimes {
  at: Moment;
  decidedAt: number;
  answeredAt: number;
}

type Asked = Pick<
  NonNullable<TrafficEvent['request']>,
  'protocol' | 'method' | 'path' | 'rawPath' | 'host' | 'headers'
>;

/** null: this one has to be told as an object, since it didn't end well or a head of it isn't fit to be seen. */
export function toldExchange(
  { protocol, method, path, rawPath, host, headers }: Asked,
  report: ForwardReport,
  { at, decidedAt, answeredAt }: ExchangeTimes,
): HttpExchange | null {
  const { status, end } = report;
  if (status === null || end !== 'complete' || path !== rawPath) return null;
  if (!isTidy(headers) || !isTidy(report.headers)) return null;
  const requestHead = `${method} ${path} HTTP/2\r\nhost: ${host}\r\n${fieldLines(headers)}\r\n`;
  if (mayHoldCredentials(requestHead, path, headers)) return null;
  const responseHead = `HTTP/2 ${status}\r\n${fieldLines(report.headers)}\r\n`;
  if (mayHoldCredentials(responseHead, '', report.headers)) return null;
  const { wallMs, monotonicMs } = at;
  return {
    wallMs,
    durationMicros: micros(performance.now() - monotonicMs),
    status,
    by: 'upstream',
    protocol,
    requestBytes: report.requestBytes,
    responseBytes: report.responseBytes,
    requestHead,
    responseHead,
    // A head is there as a whole, or not at all.
    headMicros: 0,
    decidedMicros: micros(decidedAt - monotonicMs),
    upstreamMicros: micros(answeredAt - monotonicMs),
  };
}

/** Blanks around a value are the value's own in HTTP/2, and would be lost in a line. */
function isTidy(headers: HeaderList): boolean {
  for (const [, value] of headers)
    if (value.charCodeAt(0) <= BLANK || value.charCodeAt(value.length - 1) <= BLANK) return false;
  return true;
}

const BLANK = 0x20;

function micros(ms: number): number {
  return ms > 0 ? Math.round(ms * 1_000) : 0;
}
