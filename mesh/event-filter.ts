/** Whether an event is one that a query asks for: the one meaning of every filter, in memory and on disk. */
import type { EventQuery } from '../model/event-query.ts';
import type { TrafficEvent } from '../model/traffic-event.ts';

export function matchesQuery(event: TrafficEvent, query: EventQuery): boolean {
  if (query.before !== undefined && event.id >= query.before) return false;
  if (query.after !== undefined && event.id <= query.after) return false;
  if (query.verdict !== undefined && event.decision.verdict !== query.verdict) return false;
  if (query.workload !== undefined && !isOfWorkload(event, query.workload)) return false;
  if (query.tag !== undefined && event.tag !== query.tag) return false;
  return query.text === undefined || query.text === '' || mentions(event, query.text.toLowerCase());
}

/** Whether a workload is at either end. */
export function isOfWorkload({ from, to }: Pick<TrafficEvent, 'from' | 'to'>, workload: string): boolean {
  return from.workload === workload || to.workload === workload;
}

function mentions(event: TrafficEvent, text: string): boolean {
  const { request, response, decision, from, to } = event;
  const fields = [
    request?.method,
    request?.path,
    request?.rawPath,
    request?.host,
    response && String(response.status),
    decision.reason,
    decision.phase,
    decision.matched?.name,
    from.workload,
    from.spiffeId,
    from.ip,
    to.workload,
    to.ip,
    event.requestId,
    event.tag,
  ];
  return fields.some((field) => field?.toLowerCase().includes(text));
}
