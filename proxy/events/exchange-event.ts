/**
 * From an exchange of the hot path back to the event that the general lane would have made of it. Runs where somebody
 * wants to see it, not where requests pass.
 */
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { trimBlanks } from '../../wire/field-grammar.ts';
import { endToEndResponseHeaders } from '../../wire/http1-hop-by-hop.ts';
import type { EventContext, HttpExchange } from '../event-writer.ts';
import { redactHeaders, redactPath } from '../make-event.ts';

interface Head {
  /** Without CR LF. */
  startLine: string;
  /** End-to-end fields, names lower-case. */
  fields: [string, string][];
}

/** A head of ours: CR LF line ends, no folding, `name: value`. */
function readHead(bytes: Uint8Array | string): Head {
  const text =
    typeof bytes === 'string'
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const [startLine = '', ...lines] = text.split('\r\n');
  const fields = lines.flatMap((line): [string, string][] => {
    const colon = line.indexOf(':');
    return colon < 1 ? [] : [[line.slice(0, colon).toLowerCase(), trimBlanks(line.slice(colon + 1))]];
  });
  return { startLine, fields: endToEndResponseHeaders(fields) };
}

function requestOf({
  protocol,
  requestHead,
  requestBytes,
}: HttpExchange): NonNullable<TrafficEvent['request']> {
  const { startLine, fields } = readHead(requestHead);
  const [method = '', target = ''] = startLine.split(' ');
  const path = redactPath(target);
  return {
    protocol,
    method,
    path,
    rawPath: path,
    host: fields.find(([name]) => name === 'host')?.[1] ?? '',
    headers: redactHeaders(fields.filter(([name]) => name !== 'host')),
    bodyBytes: requestBytes,
  };
}

/** The event, redacted and unnumbered. */
export function exchangeEvent(context: EventContext, exchange: HttpExchange): TrafficEvent {
  const request = requestOf(exchange);
  const { direction, owner, from, to, tls, decision, findings, snapshotVersion, tag, route } = context;
  return {
    id: 0,
    kind: 'http',
    direction,
    owner,
    at: exchange.wallMs,
    durationMs: exchange.durationMicros / 1_000,
    from,
    to,
    tls,
    request,
    response: {
      status: exchange.status,
      headers: redactHeaders(readHead(exchange.responseHead).fields),
      bodyBytes: exchange.responseBytes,
      by: exchange.by,
    },
    ...(route === undefined ? {} : { route }),
    decision,
    explanation: null,
    findings,
    snapshotVersion,
    requestId: request.headers.find(([name]) => name === 'x-request-id')?.[1] ?? null,
    tag,
    timing: {
      headMicros: exchange.headMicros,
      decidedMicros: exchange.decidedMicros,
      upstreamMicros: exchange.upstreamMicros,
      doneMicros: exchange.durationMicros,
    },
  };
}
