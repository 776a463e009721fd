/** Fields that a sidecar adds to or takes from a request before its filters see it, as Istio configures Envoy. */
import { randomUUID } from 'node:crypto';

const XFCC = 'x-forwarded-client-cert';

type Pairs = readonly [string, string][];

/** A client's word to the retry and timeout machinery: removed at the outbound side, without effect (SURPRISES 97). */
const OUTBOUND_REMOVED = new Set([
  // SANITIZE: what a client says about certificates goes no further.
  XFCC,
  'x-envoy-internal',
  'x-envoy-force-trace',
  'x-envoy-retry-on',
  'x-envoy-retry-grpc-on',
  'x-envoy-max-retries',
  'x-envoy-retriable-status-codes',
  'x-envoy-retriable-header-names',
  'x-envoy-upstream-rq-timeout-ms',
  'x-envoy-upstream-rq-per-try-timeout-ms',
  'x-envoy-upstream-rq-timeout-alt-response',
  'x-envoy-upstream-alt-stat-name',
  'x-envoy-expected-rq-timeout-ms',
  'x-envoy-hedge-on-per-try-timeout',
  'x-envoy-attempt-count',
]);

/** Every request has an id; a client's own is kept, any text but the empty one. */
export function withRequestId(headers: Pairs): [string, string][] {
  for (const [name, value] of headers) if (name === 'x-request-id' && value !== '') return [...headers];
  return [...headers.filter(([name]) => name !== 'x-request-id'), ['x-request-id', randomUUID()]];
}

/** All fields that are looked for here begin with it. */
const X = 0x78;

/** What goes out to a peer: with an id and a forwarded protocol; a client's own are kept, any text but the empty one. */
export function outboundHeaders(headers: Pairs): [string, string][] {
  const kept: [string, string][] = [];
  let hasProtocol = false;
  let hasId = false;
  for (const field of headers) {
    const [name, value] = field;
    if (name.charCodeAt(0) === X) {
      if (OUTBOUND_REMOVED.has(name)) continue;
      if (name === 'x-forwarded-proto') {
        if (value === '') continue;
        hasProtocol = true;
      } else if (name === 'x-request-id') {
        if (value === '') continue;
        hasId = true;
      }
    }
    kept.push(field);
  }
  if (!hasProtocol) kept.push(['x-forwarded-proto', 'http']);
  if (!hasId) kept.push(['x-request-id', randomUUID()]);
  kept.push(['x-envoy-attempt-count', '1']);
  return kept;
}

/** First value of a field. */
export function headerValue(headers: readonly (readonly [string, string])[], name: string): string | null {
  return headers.find(([present]) => present === name)?.[1] ?? null;
}
