import { describe, expect, it } from 'vitest';
import {
  appendEvents,
  EMPTY_LOG,
  eventAt,
  eventById,
  indexFrom,
  prependEvents,
} from '../../../renderer/store/event-log.ts';
import { event } from '../fixtures/events.ts';

const ids = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => event(from + index));

describe('the event log', () => {
  it('refuses an event that it already has, and one older than its last', () => {
    const log = appendEvents(EMPTY_LOG, ids(1, 5));
    expect(appendEvents(log, [event(3), event(5)])).toBe(log);
    expect(appendEvents(log, [event(6), event(6), event(2)]).length).toBe(6);
  });

  it('is the same list whatever the batches were', () => {
    const once = appendEvents(EMPTY_LOG, ids(1, 5_000));
    let bits = EMPTY_LOG;
    for (let from = 1; from <= 5_000; from += 37)
      bits = appendEvents(bits, ids(from, Math.min(5_000, from + 36)));
    expect(bits.length).toBe(5_000);
    expect([0, 1_023, 1_024, 4_999].map((index) => eventAt(bits, index)?.id)).toEqual([
      1, 1_024, 1_025, 5_000,
    ]);
    expect(bits.chunks.map((chunk) => chunk.length)).toEqual(once.chunks.map((chunk) => chunk.length));
  });

  it('leaves the log before an append as it was', () => {
    const before = appendEvents(EMPTY_LOG, ids(1, 10));
    appendEvents(before, ids(11, 20));
    expect(before.length).toBe(10);
    expect(eventAt(before, 10)).toBeUndefined();
  });

  it('drops the oldest beyond its cap and still finds the rest', () => {
    const log = appendEvents(appendEvents(EMPTY_LOG, ids(1, 3_000)), ids(3_001, 6_000), 4_000);
    expect(log.length).toBeLessThanOrEqual(4_000);
    expect(eventById(log, 1)).toBeUndefined();
    expect(eventById(log, 5_999)?.id).toBe(5_999);
    expect(eventAt(log, indexFrom(log, 5_500))?.id).toBe(5_500);
  });

  it('takes an older page in front, once', () => {
    const log = appendEvents(EMPTY_LOG, ids(2_001, 2_100));
    const more = prependEvents(prependEvents(log, ids(1, 2_050)), ids(1, 10));
    expect(more.length).toBe(2_100);
    expect(eventAt(more, 0)?.id).toBe(1);
    expect(eventById(more, 2_060)?.id).toBe(2_060);
  });
});
