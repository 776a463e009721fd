import { describe, expect, it } from 'vitest';
import { appendEvents, EMPTY_LOG } from '../../../renderer/store/event-log.ts';
import { filterLog } from '../../../renderer/store/filtered.ts';
import type { TrafficEvent } from '../../../model/traffic-event.ts';
import { event } from '../fixtures/events.ts';

const ids = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => event(from + index));

describe('the filtered rows', () => {
  it('try each event once while the filter stays', () => {
    let tried = 0;
    const even = (one: TrafficEvent) => {
      tried += 1;
      return one.id % 2 === 0;
    };
    const log = appendEvents(EMPTY_LOG, ids(1, 1_000));
    const first = filterLog(log, even);
    const second = filterLog(appendEvents(log, ids(1_001, 1_010)), even, first);
    expect(tried).toBe(1_010);
    expect(second.rows.length).toBe(505);
  });

  it('are the same list when nothing that matches came', () => {
    const none = () => false;
    const log = appendEvents(EMPTY_LOG, ids(1, 10));
    const first = filterLog(log, none);
    expect(filterLog(appendEvents(log, ids(11, 12)), none, first).rows).toBe(first.rows);
  });

  it('forget what fell off the log', () => {
    const all = () => true;
    const log = appendEvents(EMPTY_LOG, ids(1, 2_048), 2_048);
    const first = filterLog(log, all);
    const capped = appendEvents(log, ids(2_049, 2_060), 2_048);
    const second = filterLog(capped, all, first);
    expect(second.rows.length).toBe(capped.length);
    expect(second.rows[0]?.id).toBe(1_025);
  });
});
