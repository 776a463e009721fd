/** What an edge did in the last minute, read off its buckets at a given moment. */
import { type EdgeStats, type SecondBucket, WINDOW_SECONDS } from './edges.ts';

/** `closed`: all requests in mutual TLS; `open`: some; `ring`: none; `none`: no request to tell by. */
export type Lock = 'closed' | 'open' | 'ring' | 'none';

export interface EdgeReading {
  readonly total: number;
  readonly denied: number;
  readonly perSecond: number;
  readonly lock: Lock;
  /** Share of requests in mutual TLS, 0 to 1. */
  readonly mutualShare: number;
  readonly p50: number | null;
  readonly p99: number | null;
}

function inWindow(edge: EdgeStats, now: number): readonly SecondBucket[] {
  const newest = Math.floor(now / 1000);
  return edge.buckets.filter(
    (bucket) => bucket.second > newest - WINDOW_SECONDS && bucket.second <= newest + 1,
  );
}

/** The value below which `share` of the sorted numbers lie; null of none. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}

function lockOf(requests: number, mutual: number): Lock {
  if (requests === 0) return 'none';
  if (mutual === requests) return 'closed';
  return mutual > 0 ? 'open' : 'ring';
}

function sum(buckets: readonly SecondBucket[], field: 'total' | 'denied' | 'mutual' | 'requests'): number {
  return buckets.reduce((all, bucket) => all + bucket[field], 0);
}

/** The last minute's numbers; the lock keeps its last known state when the minute was silent. */
export function readEdge(edge: EdgeStats, now: number): EdgeReading {
  const recent = inWindow(edge, now);
  const known = recent.length > 0 ? recent : edge.buckets;
  const requests = sum(known, 'requests');
  const mutual = sum(known, 'mutual');
  const durations = recent.flatMap((bucket) => bucket.durations);
  const total = sum(recent, 'total');
  return {
    total,
    denied: sum(recent, 'denied'),
    perSecond: total / WINDOW_SECONDS,
    lock: lockOf(requests, mutual),
    mutualShare: requests === 0 ? 0 : mutual / requests,
    p50: quantile(durations, 0.5),
    p99: quantile(durations, 0.99),
  };
}

/** Sixty points, oldest first: requests and denials a second. */
export function minuteOf(edges: readonly EdgeStats[], now: number): { total: number[]; denied: number[] } {
  const total = Array.from({ length: WINDOW_SECONDS }, () => 0);
  const denied = Array.from({ length: WINDOW_SECONDS }, () => 0);
  const first = Math.floor(now / 1000) - WINDOW_SECONDS + 1;
  for (const bucket of edges.flatMap((edge) => edge.buckets)) {
    const index = bucket.second - first;
    if (index < 0 || index >= WINDOW_SECONDS) continue;
    total[index] = (total[index] ?? 0) + bucket.total;
    denied[index] = (denied[index] ?? 0) + bucket.denied;
  }
  return { total, denied };
}
