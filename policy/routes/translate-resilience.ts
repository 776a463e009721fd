/** Retries, faults and CORS of a VirtualService → Envoy's, with Istio's defaults. */
import { durationMs } from '../../model/istio/routing-values.ts';
import {
  grpcStatusNumber,
  retryConditions,
  type CorsPolicySpec,
  type FaultSpec,
  type RetriesSpec,
} from '../../model/istio/virtual-service-resilience.ts';
import type { CorsPolicy, Fault, RetryPolicy } from './compiled-routes.ts';
import { textMatch } from './translate-match.ts';

/** istio: pilot/pkg/networking/core/route/retry. */
const DEFAULT_CONDITIONS = [
  'connect-failure',
  'refused-stream',
  'unavailable',
  'cancelled',
  'retriable-status-codes',
];
/** Envoy's. */
const DEFAULT_BACKOFF_MS = 25;

export function defaultRetries(hashed: boolean): RetryPolicy {
  return {
    attempts: 2,
    on: DEFAULT_CONDITIONS,
    statuses: [],
    perTryTimeoutMs: 0,
    backoffMs: DEFAULT_BACKOFF_MS,
    avoidPrevious: !hashed,
  };
}

/** null: retries are switched off. `hashed`: the endpoint is chosen by a hash, which a retry keeps. */
export function translateRetries(spec: RetriesSpec | undefined, hashed: boolean): RetryPolicy | null {
  if (spec === undefined) return defaultRetries(hashed);
  if (spec.attempts <= 0) return null;
  const conditions = retryConditions(spec.retryOn);
  const statuses = conditions.filter((one) => STATUS.test(one)).map(Number);
  const named = conditions.filter((one) => !STATUS.test(one));
  if (statuses.length > 0 && !named.includes('retriable-status-codes')) named.push('retriable-status-codes');
  return {
    ...defaultRetries(hashed),
    attempts: spec.attempts,
    on: conditions.length === 0 ? DEFAULT_CONDITIONS : named,
    statuses,
    perTryTimeoutMs: spec.perTryTimeout === undefined ? 0 : durationMs(spec.perTryTimeout),
    backoffMs:
      spec.backoff === undefined ? DEFAULT_BACKOFF_MS : durationMs(spec.backoff) || DEFAULT_BACKOFF_MS,
    avoidPrevious: spec.retryIgnorePreviousHosts ?? !hashed,
  };
}

const STATUS = /^[1-5][0-9]{2}$/;

/** Parts of a million of a percentage. */
export function millionths(percent: number): number {
  return Math.floor(percent * 10_000);
}

/** Without a percentage it never happens, as in Istio. */
export function translateFault({ delay, abort }: FaultSpec): Fault {
  const share = (percentage: { value: number } | undefined, whole = 0): number =>
    millionths(percentage?.value ?? whole);
  return {
    delay:
      delay?.fixedDelay === undefined
        ? null
        : { ms: durationMs(delay.fixedDelay), millionths: share(delay.percentage, delay.percent) },
    abort: abort === undefined ? null : abortOf(abort, share(abort.percentage)),
  };
}

function abortOf({ httpStatus, grpcStatus }: NonNullable<FaultSpec['abort']>, share: number): Fault['abort'] {
  if (httpStatus !== undefined) return { kind: 'http', status: httpStatus, millionths: share };
  const status = grpcStatusNumber(grpcStatus ?? '');
  return status === null ? null : { kind: 'grpc', status, millionths: share };
}

export function translateCors(spec: CorsPolicySpec): CorsPolicy {
  const origins = spec.allowOrigins ?? (spec.allowOrigin ?? []).map((exact) => ({ exact }));
  return {
    allowOrigins: origins.map((one) => textMatch(one)),
    allowMethods: spec.allowMethods.join(','),
    allowHeaders: spec.allowHeaders.join(','),
    exposeHeaders: spec.exposeHeaders.join(','),
    maxAge: spec.maxAge === undefined ? '' : String(Math.floor(durationMs(spec.maxAge) / 1_000)),
    allowCredentials: spec.allowCredentials ?? false,
    forwardUnmatched: spec.unmatchedPreflights !== 'IGNORE',
  };
}
