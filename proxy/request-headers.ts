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
  'x-envoy-decorator-operation',
]);

function withDefault(headers: Pairs, name: string, value: () => string): [string, string][] {
  return headers.some(([present]) => present === name) ? [...headers] : [...headers, [name, value()]];
}

/** Every request has an id; a client's own is kept, any text. */
export function withRequestId(headers: Pairs): [string, string][] {
  return withDefault(headers, 'x-request-id', () => randomUUID());
}

/** Every request has an id (a client's own is kept, any text) and a forwarded protocol (a client's own is kept). */
export function withRequestDefaults(headers: Pairs, scheme: 'http' | 'https'): [string, string][] {
  return withRequestId(withDefault(headers, 'x-forwarded-proto', () => scheme));
}

/** What goes out to a peer. */
export function outboundHeaders(headers: Pairs): [string, string][] {
  const kept = headers.filter(([name]) => !OUTBOUND_REMOVED.has(name));
  return [...withRequestDefaults(kept, 'http'), ['x-envoy-attempt-count', '1']];
}

/** First value of a field. */
export function headerValue(headers: readonly (readonly [string, string])[], name: string): string | null {
  return headers.find(([present]) => present === name)?.[1] ?? null;
}
