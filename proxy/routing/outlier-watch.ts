/** Outlier detection of one cluster, as Envoy does it: who fails too often in a row is left out for a while. */
import type { OutlierDetection } from '../../policy/routes/compiled-routes.ts';

/** What came of an attempt. */
export type AttemptResult = { kind: 'status'; status: number } | { kind: 'local-failure' };

interface Record {
  consecutive5xx: number;
  consecutiveGateway: number;
  consecutiveLocal: number;
  ejections: number;
  /** null: it isn't ejected. */
  ejectedUntil: number | null;
}

export class OutlierWatch {
  readonly #records = new Map<string, Record>();

  /** `count` is the number of the cluster's endpoints; `now` in milliseconds. */
  report(
    settings: OutlierDetection,
    endpoint: string,
    result: AttemptResult,
    count: number,
    now: number,
  ): void {
    const record = this.#of(endpoint);
    const bad = result.kind === 'local-failure' || result.status >= 500;
    const gateway = result.kind === 'local-failure' || (result.status >= 502 && result.status <= 504);
    const local = result.kind === 'local-failure';
    // Unless they are told apart, a failed connection counts as a 503 of the endpoint.
    const external = !local || !settings.splitLocalOriginErrors;
    if (external) {
      record.consecutive5xx = bad ? record.consecutive5xx + 1 : 0;
      record.consecutiveGateway = gateway ? record.consecutiveGateway + 1 : 0;
    }
    record.consecutiveLocal = local ? record.consecutiveLocal + 1 : 0;
    const { consecutive5xx, consecutiveGatewayErrors, consecutiveLocalOriginFailures } = settings;
    const over = (seen: number, limit: number): boolean => limit > 0 && seen >= limit;
    if (
      over(record.consecutive5xx, consecutive5xx) ||
      over(record.consecutiveGateway, consecutiveGatewayErrors) ||
      (settings.splitLocalOriginErrors && over(record.consecutiveLocal, consecutiveLocalOriginFailures))
    )
      this.#eject(settings, record, count, now);
  }

  isEjected(endpoint: string, now: number): boolean {
    const record = this.#records.get(endpoint);
    if (record?.ejectedUntil === undefined || record.ejectedUntil === null) return false;
    if (record.ejectedUntil > now) return true;
    record.ejectedUntil = null;
    return false;
  }

  #of(endpoint: string): Record {
    let record = this.#records.get(endpoint);
    if (record === undefined) {
      record = {
        consecutive5xx: 0,
        consecutiveGateway: 0,
        consecutiveLocal: 0,
        ejections: 0,
        ejectedUntil: null,
      };
      this.#records.set(endpoint, record);
    }
    return record;
  }

  /** Each time for longer; never more than the percentage allows, but always one. */
  #eject(
    { baseEjectionMs, maxEjectionPercent }: OutlierDetection,
    record: Record,
    count: number,
    now: number,
  ): void {
    record.consecutive5xx = 0;
    record.consecutiveGateway = 0;
    record.consecutiveLocal = 0;
    const out = [...this.#records.values()].filter(
      ({ ejectedUntil }) => ejectedUntil !== null && ejectedUntil > now,
    );
    if (
      record.ejectedUntil !== null ||
      out.length >= Math.max(1, Math.floor((count * maxEjectionPercent) / 100))
    )
      return;
    record.ejections += 1;
    record.ejectedUntil = now + baseEjectionMs * record.ejections;
  }
}
