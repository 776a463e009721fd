/**
 * Who talks to whom: one aggregate a pair, kept second by second for the last minute and in total for the recording.
 * Counted at the callee's sidecar; a call that its own sidecar already refused is counted there.
 */
import type { RuleRef } from '../../model/decision.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';

/** The topology's window. */
export const WINDOW_SECONDS = 60;

/** Name of the node that stands for callers that are nobody of the mesh. */
export const OUTSIDE = 'outside the mesh';

const SAMPLES_PER_SECOND = 64;
const KEPT_DENIALS = 8;

export interface SecondBucket {
  readonly second: number;
  readonly total: number;
  readonly denied: number;
  /** Requests that came in mutual TLS. */
  readonly mutual: number;
  /** Requests, refused handshakes not among them. */
  readonly requests: number;
  readonly durations: readonly number[];
}

export interface EdgeStats {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** Rising seconds, at most a minute of them. */
  readonly buckets: readonly SecondBucket[];
  readonly total: number;
  readonly denied: number;
  /** Which rule let requests through, with how often; key is `file:line`. */
  readonly rules: ReadonlyMap<string, { ref: RuleRef; hits: number }>;
  /** Newest first. */
  readonly denials: readonly TrafficEvent[];
  readonly last: TrafficEvent;
  /** The last event with a completed mutual handshake. */
  readonly lastMutual: TrafficEvent | null;
}

export type Edges = ReadonlyMap<string, EdgeStats>;

/** Id of the pair in URLs and maps. */
export function edgeId(from: string, to: string): string {
  return `${from}→${to}`;
}

/** Who called, as a node of the picture. */
export function callerOf(event: TrafficEvent): string {
  return event.from.workload ?? OUTSIDE;
}

/** Who was called, as a node of the picture. */
export function calleeOf(event: TrafficEvent): string {
  return event.to.workload ?? OUTSIDE;
}

function counts(event: TrafficEvent): boolean {
  if (event.kind === 'proxy') return false;
  return event.direction === 'inbound' || event.decision.verdict === 'deny';
}

function addToBuckets(buckets: readonly SecondBucket[], event: TrafficEvent): readonly SecondBucket[] {
  const second = Math.floor(event.at / 1000);
  const isRequest = event.kind === 'http' || event.kind === 'tcp';
  const at = buckets.findIndex((bucket) => bucket.second === second);
  const old = buckets[at] ?? { second, total: 0, denied: 0, mutual: 0, requests: 0, durations: [] };
  const bucket: SecondBucket = {
    second,
    total: old.total + 1,
    denied: old.denied + (event.decision.verdict === 'deny' ? 1 : 0),
    mutual: old.mutual + (isRequest && event.tls?.mutual ? 1 : 0),
    requests: old.requests + (isRequest ? 1 : 0),
    durations:
      isRequest && old.durations.length < SAMPLES_PER_SECOND
        ? [...old.durations, event.durationMs]
        : old.durations,
  };
  const rest = at < 0 ? buckets : buckets.toSpliced(at, 1);
  const newest = Math.max(second, rest.at(-1)?.second ?? 0);
  return [...rest, bucket]
    .sort((a, b) => a.second - b.second)
    .filter((one) => one.second > newest - WINDOW_SECONDS);
}

function addToEdge(old: EdgeStats | undefined, event: TrafficEvent): EdgeStats {
  const from = callerOf(event);
  const to = calleeOf(event);
  const denied = event.decision.verdict === 'deny';
  const matched = denied ? null : event.decision.matched;
  let rules = old?.rules ?? new Map<string, { ref: RuleRef; hits: number }>();
  if (matched) {
    const key = `${matched.at.file}:${matched.at.line}`;
    rules = new Map(rules).set(key, { ref: matched, hits: (rules.get(key)?.hits ?? 0) + 1 });
  }
  return {
    id: edgeId(from, to),
    from,
    to,
    buckets: addToBuckets(old?.buckets ?? [], event),
    total: (old?.total ?? 0) + 1,
    denied: (old?.denied ?? 0) + (denied ? 1 : 0),
    rules,
    denials: denied ? [event, ...(old?.denials ?? [])].slice(0, KEPT_DENIALS) : (old?.denials ?? []),
    last: event,
    lastMutual: event.tls?.mutual ? event : (old?.lastMutual ?? null),
  };
}

/** The aggregates after these events. */
export function addToEdges(edges: Edges, events: readonly TrafficEvent[]): Edges {
  let next: Map<string, EdgeStats> | null = null;
  for (const event of events) {
    if (!counts(event)) continue;
    next ??= new Map(edges);
    const id = edgeId(callerOf(event), calleeOf(event));
    next.set(id, addToEdge(next.get(id), event));
  }
  return next ?? edges;
}
