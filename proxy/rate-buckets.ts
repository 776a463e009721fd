/**
 * The counters of RateLimits, in the data plane's memory: one set an instance, as Envoy's local rate limit counts by
 * proxy. Bounded: whoever makes up new keys shares one bucket with all others that do.
 */
import { type CompiledRateLimit, decideRateLimit, type RateAnswer } from '../policy/rate-limit.ts';
import type { RequestFacts } from '../model/request-facts.ts';

/** Buckets of one instance that are remembered. */
const MOST_BUCKETS = 50_000;

export class RateBuckets {
  readonly #byInstance = new Map<string, Map<string, number>>();

  /** Decides a request at `instance`, and spends what it takes. */
  spend(
    instance: string,
    limits: readonly CompiledRateLimit[],
    facts: RequestFacts,
    nowMs: number,
  ): RateAnswer {
    const counters = this.#byInstance.get(instance) ?? new Map<string, number>();
    this.#byInstance.set(instance, counters);
    if (counters.size >= MOST_BUCKETS) forgetFull(counters, nowMs);
    const crowded = counters.size >= MOST_BUCKETS;
    const answer = decideRateLimit(limits, facts, crowded ? shared(counters) : counters, nowMs);
    for (const [bucket, fullAt] of answer.counters)
      counters.set(crowded && !counters.has(bucket) ? SHARED : bucket, fullAt);
    return answer;
  }

  /** Forgets instances that `keep` doesn't want. */
  retire(keep: (instance: string) => boolean): void {
    for (const instance of this.#byInstance.keys()) if (!keep(instance)) this.#byInstance.delete(instance);
  }
}

const SHARED = 'all that came too late for a bucket';

/** A full bucket says what no bucket says. */
function forgetFull(counters: Map<string, number>, nowMs: number): void {
  for (const [bucket, fullAt] of counters) if (fullAt <= nowMs) counters.delete(bucket);
}

/** Unknown buckets are the shared one. */
function shared(counters: ReadonlyMap<string, number>): Pick<ReadonlyMap<string, number>, 'get'> {
  return { get: (bucket) => counters.get(bucket) ?? counters.get(SHARED) };
}
