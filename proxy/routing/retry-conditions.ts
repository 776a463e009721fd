/** Which answers and failures a retry policy tries again, as Envoy's router reads it. */
import type { HeaderList } from '../../model/request-facts.ts';
import type { RetryPolicy } from '../../policy/routes/compiled-routes.ts';

/** How an attempt failed before an answer. */
export type ResetKind =
  | 'connect-failure'
  | 'refused-stream'
  | 'per-try-timeout'
  | 'remote-reset'
  | 'connection-termination'
  | 'protocol-error'
  /** More than the pool takes: never tried again. */
  | 'overflow';

const GRPC_CONDITIONS: Readonly<Record<string, string>> = {
  '1': 'cancelled',
  '4': 'deadline-exceeded',
  '8': 'resource-exhausted',
  '13': 'internal',
  '14': 'unavailable',
};

export function retriesAnswer({ on, statuses }: RetryPolicy, status: number, headers: HeaderList): boolean {
  if (on.includes('5xx') && status >= 500) return true;
  if (on.includes('gateway-error') && status >= 502 && status <= 504) return true;
  if (on.includes('retriable-4xx') && status === 409) return true;
  if (on.includes('retriable-status-codes') && statuses.includes(status)) return true;
  if (on.includes('envoy-ratelimited') && headers.some(([name]) => name === 'x-envoy-ratelimited'))
    return true;
  const grpc = headers.find(([name]) => name === 'grpc-status')?.[1];
  const condition = grpc === undefined ? undefined : GRPC_CONDITIONS[grpc];
  return condition !== undefined && on.includes(condition);
}

/** `began`: the request had gone out. */
export function retriesReset({ on }: RetryPolicy, kind: ResetKind, began: boolean): boolean {
  if (kind === 'overflow') return false;
  if (on.includes('reset') || on.includes('5xx') || on.includes('gateway-error')) return true;
  if (kind === 'connect-failure' && on.includes('connect-failure')) return true;
  if (kind === 'refused-stream' && on.includes('refused-stream')) return true;
  return on.includes('reset-before-request') && !began;
}

/** The wait before a retry: up to a base that doubles each time, ten times the first at most. */
export function backoffMs({ backoffMs: base }: RetryPolicy, retry: number): number {
  return Math.random() * Math.min(base * 2 ** (retry - 1), base * 10);
}
