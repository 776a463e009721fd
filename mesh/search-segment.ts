/** Looks for events in a segment, in the order a query pages, and decodes no more of them than it must. */
import type { EventQuery } from '../model/event-query.ts';
import type { TrafficEvent } from '../model/traffic-event.ts';
import type { EventSegment } from '../proxy/events/event-segment.ts';
import { isOfWorkload, matchesQuery } from './event-filter.ts';

/** With `after` a query pages forwards. */
export function pagesForwards(query: EventQuery): boolean {
  return query.after !== undefined;
}

/** What can be said of an event without decoding it. */
function mayMatch(segment: EventSegment, index: number, query: EventQuery): boolean {
  const id = segment.firstId + index;
  if (query.before !== undefined && id >= query.before) return false;
  if (query.after !== undefined && id <= query.after) return false;
  if (query.verdict !== undefined && segment.isDenied(index) !== (query.verdict === 'deny')) return false;
  if (query.tag !== undefined && !(segment.isTagged(index) && segment.shared(index).tag === query.tag))
    return false;
  return query.workload === undefined || isOfWorkload(segment.shared(index), query.workload);
}

/** Adds to `found` what matches, newest first unless the query pages forwards, until `limit` are found. */
export function searchSegment(segment: EventSegment, query: EventQuery, found: TrafficEvent[]): void {
  const { length } = segment;
  for (let step = 0; step < length && found.length < query.limit; step += 1) {
    const index = pagesForwards(query) ? step : length - 1 - step;
    if (!mayMatch(segment, index, query)) continue;
    const event = segment.event(index);
    if (matchesQuery(event, query)) found.push(event);
  }
}
