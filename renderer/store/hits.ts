/** How often each rule decided, over the recording. */
import type { RuleRef } from '../../model/decision.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';

/** By `file:line`. */
export type Hits = ReadonlyMap<string, { ref: RuleRef; hits: number }>;

/** The counts after these events; a decision is counted once, where it was made. */
export function addToHits(hits: Hits, events: readonly TrafficEvent[]): Hits {
  let next: Map<string, { ref: RuleRef; hits: number }> | null = null;
  for (const { decision } of events) {
    if (!decision.matched) continue;
    next ??= new Map(hits);
    const key = `${decision.matched.at.file}:${decision.matched.at.line}`;
    next.set(key, { ref: decision.matched, hits: (next.get(key)?.hits ?? 0) + 1 });
  }
  return next ?? hits;
}
