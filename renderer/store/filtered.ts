/**
 * The rows that a filter leaves of the log. New events are tried once each: a stream over 200,000 rows costs what
 * arrived, not what is there.
 */
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { eventAt, type EventLog, indexFrom } from './event-log.ts';

export type EventTest = (event: TrafficEvent) => boolean;

export interface Filtered {
  readonly test: EventTest;
  /** Oldest first. */
  readonly rows: readonly TrafficEvent[];
  readonly firstId: number;
  readonly lastId: number;
}

function collect(log: EventLog, from: number, test: EventTest): TrafficEvent[] {
  const rows: TrafficEvent[] = [];
  for (let index = from; index < log.length; index += 1) {
    const event = eventAt(log, index);
    if (event && test(event)) rows.push(event);
  }
  return rows;
}

/** Rows of `log` by `test`, starting from what an earlier answer already knows. */
export function filterLog(log: EventLog, test: EventTest, previous?: Filtered): Filtered {
  const firstId = eventAt(log, 0)?.id ?? 0;
  if (!previous || previous.test !== test || previous.firstId > firstId || previous.lastId > log.lastId) {
    return { test, rows: collect(log, 0, test), firstId, lastId: log.lastId };
  }
  const added = collect(log, indexFrom(log, previous.lastId + 1), test);
  const fallen = previous.rows.findIndex((event) => event.id >= firstId);
  const all = previous.rows;
  const kept = fallen > 0 ? all.slice(fallen) : fallen < 0 && all.length > 0 ? [] : all;
  if (added.length === 0 && kept === previous.rows) {
    return { test, rows: previous.rows, firstId, lastId: log.lastId };
  }
  return { test, rows: added.length > 0 ? kept.concat(added) : kept, firstId, lastId: log.lastId };
}
