/** An event writer that makes an object of everything at once. */
import type { TrafficEvent } from '../../model/traffic-event.ts';
import type { EventContext, EventWriter } from '../event-writer.ts';
import { exchangeEvent } from './exchange-event.ts';

export function objectWriter(record: (event: TrafficEvent) => void): EventWriter {
  const contexts = new Map<number, EventContext>();
  let last = 0;
  return {
    context(shared) {
      last += 1;
      contexts.set(last, shared);
      return last;
    },
    release: (context) => void contexts.delete(context),
    http(context, exchange) {
      const shared = contexts.get(context);
      if (shared !== undefined) record(exchangeEvent(shared, exchange));
    },
    event: record,
  };
}
