/**
 * RateLimit, decided purely: the counters are handed in, and what becomes of them is handed back. One number a bucket
 * is enough: the time at which it would be full again (the generic cell rate algorithm). A refused request costs
 * nothing.
 */
import type { Decision, RuleRef } from '../model/decision.ts';
import type { RateKey, RateLimitSpec } from '../model/greenroom/rate-limit.ts';
import { durationMs } from '../model/greenroom/values.ts';
import { type PolicyObject, positionOf } from '../model/policy-object.ts';
import type { RequestFacts } from '../model/request-facts.ts';
import { valuesOf } from './attributes.ts';
import type { CompiledClause } from './compiled-policy.ts';
import { matchesClause } from './match.ts';
import { compileRequestMatch } from './request-match.ts';
import { objectsInScope, type PolicyTarget } from './scope.ts';

/** One rule of a RateLimit, plain JSON. */
export interface CompiledRateLimit {
  ref: RuleRef;
  /** Tells its buckets and its header apart from other rules': `NAMESPACE/NAME[INDEX]`. */
  name: string;
  match: readonly CompiledClause[];
  key: RateKey;
  requests: number;
  windowMs: number;
  burst: number;
}

/** Buckets by name: when each would be full again, in the clock's milliseconds. Absent = full. */
export type RateCounters = Pick<ReadonlyMap<string, number>, 'get'>;

export interface RateAnswer {
  /** null = within every limit. */
  decision: Decision | null;
  /** For the answer, whoever gives it. */
  headers: readonly (readonly [string, string])[];
  /** Buckets to be set; none when the request was refused. */
  counters: readonly (readonly [string, number])[];
}

/** Longer keys share one bucket: a caller must not fill the memory that counters live in. */
const LONGEST_KEY = 512;

/** The rules that apply to the workload, in the order given. */
export function compileRateLimits(
  objects: readonly PolicyObject[],
  target: PolicyTarget,
  rootNamespace: string,
): CompiledRateLimit[] {
  return objectsInScope<RateLimitSpec>(objects, 'RateLimit', target, rootNamespace).flatMap((object) =>
    object.spec.rules.map((rule, index) => {
      const { namespace, name } = object.metadata;
      const path = ['spec', 'rules', index];
      const at = positionOf(object, path);
      return {
        ref: { kind: object.kind, namespace, name, action: 'rate-limit', rule: index, at } as const,
        name: `${namespace}/${name}[${index}]`,
        match: compileRequestMatch(rule.match, object, [...path, 'match']),
        key: rule.key,
        requests: rule.requests,
        windowMs: durationMs(rule.window) ?? 1,
        burst: rule.burst ?? rule.requests,
      };
    }),
  );
}

/** Whether the request fits every limit that it matches, at `nowMs` of the session's clock. */
export function decideRateLimit(
  limits: readonly CompiledRateLimit[],
  facts: RequestFacts,
  counters: RateCounters,
  nowMs: number,
): RateAnswer {
  if (facts.http === null) return { decision: null, headers: [], counters: [] };
  const spent = limits
    .filter(({ match }) => match.every((clause) => matchesClause(clause, facts)))
    .map((limit) => spend(limit, bucketOf(limit, facts), counters, nowMs));
  const refusing = spent.filter(({ waitMs }) => waitMs > 0);
  // Who may come again soonest under one limit still has to wait for the slowest.
  const slowest = refusing.toSorted((a, b) => b.waitMs - a.waitMs)[0];
  if (slowest) {
    const retryAfter = String(Math.ceil(slowest.waitMs / 1_000));
    return {
      decision: denial(slowest.limit, facts),
      headers: [...headersOf(spent), ['retry-after', retryAfter]],
      counters: [],
    };
  }
  return {
    decision: null,
    headers: headersOf(spent),
    counters: spent.map(({ bucket, fullAt }) => [bucket, fullAt] as const),
  };
}

interface Spent {
  limit: CompiledRateLimit;
  bucket: string;
  /** When the bucket is full again. */
  fullAt: number;
  /** Until the next request fits; 0 = this one does. */
  waitMs: number;
  remaining: number;
  fullInMs: number;
}

function spend(limit: CompiledRateLimit, bucket: string, counters: RateCounters, nowMs: number): Spent {
  const eachMs = limit.windowMs / limit.requests;
  const before = Math.max(counters.get(bucket) ?? nowMs, nowMs);
  const after = before + eachMs;
  const capacityMs = eachMs * limit.burst;
  // A billionth of a request: sums of fractions must not refuse what fits exactly.
  const waitMs = after - nowMs - capacityMs;
  const refused = waitMs > eachMs * 1e-9;
  const fullAt = refused ? before : after;
  return {
    limit,
    bucket,
    fullAt,
    waitMs: refused ? waitMs : 0,
    remaining: Math.max(0, Math.floor((capacityMs - (fullAt - nowMs)) / eachMs + 1e-9)),
    fullInMs: fullAt - nowMs,
  };
}

/** The bucket of whoever sent the request. */
function bucketOf(limit: CompiledRateLimit, facts: RequestFacts): string {
  const values = keyValues(limit.key, facts);
  const key = values.length === 0 ? 'nobody' : `is ${values.join('\0')}`;
  return `${limit.name} ${key.length > LONGEST_KEY ? 'too long' : key}`;
}

function keyValues(key: RateKey, facts: RequestFacts): readonly string[] {
  switch (key.by) {
    case 'identity':
      return valuesOf({ attribute: 'source.principal', header: null }, facts);
    case 'requestPrincipal':
      return valuesOf({ attribute: 'request.auth.principal', header: null }, facts);
    case 'ip':
      return valuesOf({ attribute: 'remote.ip', header: null }, facts);
    case 'header':
      return valuesOf({ attribute: 'request.headers', header: key.name }, facts);
    case 'everybody':
      return [];
  }
}

/** The IETF's RateLimit fields: what the limits are, and what is left of each. */
function headersOf(spent: readonly Spent[]): (readonly [string, string])[] {
  if (spent.length === 0) return [];
  const named = spent.map((one) => ({ ...one, name: JSON.stringify(one.limit.name) }));
  const seconds = (ms: number): number => Math.ceil(ms / 1_000);
  const policy = named.map(({ name, limit }) => `${name};q=${limit.requests};w=${seconds(limit.windowMs)}`);
  const state = named.map(({ name, remaining, fullInMs }) => `${name};r=${remaining};t=${seconds(fullInMs)}`);
  return [
    ['ratelimit-policy', policy.join(', ')],
    ['ratelimit', state.join(', ')],
  ];
}

/** As Envoy's local rate limit answers. */
function denial(limit: CompiledRateLimit, facts: RequestFacts): Decision {
  const decision = {
    verdict: 'deny',
    phase: 'rate-limit',
    reason: 'rate-limited',
    matched: limit.ref,
  } as const;
  const details = 'local_rate_limited';
  if (facts.http?.protocol === 'grpc') return { ...decision, status: 200, body: '', details };
  return { ...decision, status: 429, body: details, details };
}
