import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TrafficEvent } from '../../../model/traffic-event.ts';
import { RingEvents } from '../../../proxy/events/ring-events.ts';
import { createRingMemory, RingReader } from '../../../proxy/events/ring.ts';
import { eventsIn, SegmentReader } from '../../../proxy/events/segment-reader.ts';
import { sampleContext, sampleExchange } from '../../support/exchanges.ts';
import { deniedEvent, sampleEvent } from '../../support/sample-event.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function start(capacity = 1 << 16) {
  const memory = createRingMemory(capacity);
  const tell = vi.fn<() => void>();
  const writer = new RingEvents(memory, tell);
  const ring = new RingReader(memory);
  const reader = new SegmentReader(1);
  const read = (): TrafficEvent[] => {
    const octets = ring.read();
    return [...((octets && reader.read(octets)) ?? [])];
  };
  return { writer, ring, reader, read, tell };
}

const notes = (events: TrafficEvent[]): (string | undefined)[] =>
  events.map((event) => event.request?.headers[0]?.[1]);

describe('events through a ring', () => {
  it('drops and counts what has no room, and goes on when there is some', () => {
    const { writer, ring, read } = start(4_096);
    const context = writer.context(sampleContext());
    for (let index = 0; index < 100; index += 1) writer.http(context, sampleExchange(`x-n: ${index}`));
    const first = read();
    expect(first.length).toBeGreaterThan(5);
    expect(ring.dropped()).toBe(100 - first.length);
    writer.http(context, sampleExchange('x-n: later'));
    writer.event(sampleEvent());
    expect(notes(read())).toEqual(['later', undefined]);
    expect(ring.dropped()).toBe(0);
  });

  it('drops an event that is larger than the ring', () => {
    const { writer, ring, read } = start(4_096);
    writer.event(sampleEvent({ tag: 'x'.repeat(5_000) }));
    expect(read()).toEqual([]);
    expect(ring.dropped()).toBe(1);
  });

  it('sends a context that had no room before the first exchange that has', () => {
    const { writer, ring, read } = start(4_096);
    const first = writer.context(sampleContext());
    for (let index = 0; index < 100; index += 1) writer.http(first, sampleExchange());
    const second = writer.context(sampleContext({ owner: 'second' }));
    writer.http(second, sampleExchange());
    read();
    expect(ring.dropped()).toBeGreaterThan(1);
    writer.http(second, sampleExchange());
    expect(read().map(({ owner }) => owner)).toEqual(['second']);
  });

  it('gives objects and exchanges in the order in which they ended', () => {
    const { writer, read } = start();
    const context = writer.context(sampleContext({ tag: 'run/a/b' }));
    writer.event(deniedEvent());
    writer.http(context, sampleExchange('x-n: 1'));
    writer.event(sampleEvent());
    writer.release(context);
    const events = read();
    expect(events[0]).toEqual(deniedEvent());
    expect(events[1]).toMatchObject({ tag: 'run/a/b', requestId: null, durationMs: 1 });
    expect(events[2]).toEqual(sampleEvent());
  });

  it('forgets a released context, and knows it still for what was written before', () => {
    const { writer, ring, reader, read } = start();
    const context = writer.context(sampleContext());
    writer.http(context, sampleExchange());
    writer.release(context);
    writer.event(sampleEvent());
    expect(read()).toHaveLength(2);
    writer.http(context, sampleExchange());
    const octets = ring.read();
    expect(octets && reader.read(octets)).toMatchObject({ length: 0, lost: 1 });
    expect(octets && eventsIn(octets).offsets).toEqual([]);
  });

  it('tells the reader once for many events, and at once when it is half full', () => {
    const { writer, tell, read } = start(4_096);
    const context = writer.context(sampleContext());
    writer.http(context, sampleExchange());
    writer.event(sampleEvent());
    expect(tell).not.toHaveBeenCalled();
    vi.advanceTimersByTime(60);
    expect(tell).toHaveBeenCalledTimes(1);
    for (let index = 0; index < 20; index += 1) writer.http(context, sampleExchange());
    vi.advanceTimersByTime(100);
    expect(tell).toHaveBeenCalledTimes(1);
    read();
    for (let index = 0; index < 20; index += 1) writer.http(context, sampleExchange());
    expect(tell).toHaveBeenCalledTimes(2);
    writer.close();
  });
});
