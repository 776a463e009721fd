/** Retries, faults and CORS of a VirtualService, with the webhook's checks. */
import { z } from 'zod';
import { duration, names, percent } from './routing-values.ts';
import { stringMatchSchema } from './string-match.ts';

/** What Envoy's retry policies are called; numbers are status codes. */
const RETRY_CONDITIONS = new Set([
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'envoy-ratelimited',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'retriable-headers',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
]);

/** Conditions of a `retryOn`, in order. */
export function retryConditions(retryOn: string): string[] {
  return retryOn
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

export const retriesSchema = z
  .object({
    attempts: z.number().int().min(0, 'must not be negative').default(0),
    perTryTimeout: duration('millisecond').optional(),
    retryOn: z.string().default(''),
    retryRemoteLocalities: z.boolean().optional(),
    retryIgnorePreviousHosts: z.boolean().optional(),
    backoff: duration('millisecond').optional(),
  })
  .superRefine(({ attempts, perTryTimeout, retryOn }, context) => {
    if (attempts === 0 && (perTryTimeout !== undefined || retryOn !== ''))
      context.addIssue({
        code: 'custom',
        path: ['attempts'],
        message: 'must be positive when retries have a policy',
      });
    for (const condition of retryConditions(retryOn)) {
      if (RETRY_CONDITIONS.has(condition) || isStatus(condition)) continue;
      context.addIssue({
        code: 'custom',
        path: ['retryOn'],
        message: `${condition} is not a retryOn policy of Envoy's`,
      });
    }
  });

function isStatus(text: string): boolean {
  return /^[0-9]+$/.test(text) && Number(text) >= 100 && Number(text) <= 599;
}

const GRPC_STATUSES: Readonly<Record<string, number>> = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
};

/** The number of a gRPC status by its name; null when there is none. */
export function grpcStatusNumber(name: string): number | null {
  return Object.hasOwn(GRPC_STATUSES, name) ? (GRPC_STATUSES[name] as number) : null;
}

const abortSchema = z
  .object({
    httpStatus: z.number().int().min(200, 'not an HTTP status').max(600, 'not an HTTP status').optional(),
    grpcStatus: z
      .string()
      .refine((name) => grpcStatusNumber(name) !== null, { message: 'not a gRPC status' })
      .optional(),
    http2Error: z.string().optional(),
    percentage: percent.optional(),
  })
  .superRefine(({ httpStatus, grpcStatus }, context) => {
    if (httpStatus === undefined && grpcStatus === undefined)
      context.addIssue('an abort needs httpStatus or grpcStatus');
  });

const delaySchema = z.object({
  fixedDelay: duration('millisecond').optional(),
  exponentialDelay: duration().optional(),
  percent: z.number().int().min(0).max(100).optional(),
  percentage: percent.optional(),
});

export const faultSchema = z
  .object({ delay: delaySchema.optional(), abort: abortSchema.optional() })
  .superRefine(({ delay, abort }, context) => {
    if (delay === undefined && abort === undefined) context.addIssue('a fault needs delay or abort');
  });

export const corsPolicySchema = z.object({
  allowOrigin: names.optional(),
  allowOrigins: z.array(stringMatchSchema).optional(),
  allowMethods: names.default([]),
  allowHeaders: names.default([]),
  exposeHeaders: names.default([]),
  maxAge: duration().optional(),
  allowCredentials: z.boolean().optional(),
  unmatchedPreflights: z.enum(['UNSPECIFIED', 'FORWARD', 'IGNORE']).optional(),
});

export type RetriesSpec = z.infer<typeof retriesSchema>;
export type FaultSpec = z.infer<typeof faultSchema>;
export type CorsPolicySpec = z.infer<typeof corsPolicySchema>;
