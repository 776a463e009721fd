/** Exchanges of the hot path, and segments of them, for tests of what carries and keeps them. */
import type { EventContext, HttpExchange } from '../../proxy/event-writer.ts';
import type { EventSegment } from '../../proxy/events/event-segment.ts';
import { RingEvents } from '../../proxy/events/ring-events.ts';
import { createRingMemory, RingReader } from '../../proxy/events/ring.ts';
import { SegmentReader } from '../../proxy/events/segment-reader.ts';
import { sampleEvent } from './sample-event.ts';

/** What `sampleEvent` shares with others of its connection. */
export function sampleContext(more: Partial<EventContext> = {}): EventContext {
  const { direction, owner, from, to, tls, decision, findings, snapshotVersion, tag } = sampleEvent();
  return { direction, owner, from, to, tls, decision, findings, snapshotVersion, tag, ...more };
}

/** An exchange whose request has this field line besides Host. */
export function sampleExchange(line = 'x-n: 0', more: Partial<HttpExchange> = {}): HttpExchange {
  return {
    wallMs: 1_000,
    durationMicros: 1_000,
    status: 200,
    by: 'upstream',
    protocol: 'http1',
    requestBytes: 0,
    responseBytes: 2,
    requestHead: Buffer.from(`GET /orders HTTP/1.1\r\nhost: orders\r\n${line}\r\n\r\n`, 'latin1'),
    responseHead: Buffer.from('HTTP/1.1 200 OK\r\n\r\n'),
    headMicros: 1,
    decidedMicros: 2,
    upstreamMicros: 3,
    ...more,
  };
}

/** An exchange a line, all of one context, as they come out of a ring. */
export function exchangesOf(
  lines: readonly string[],
  { stream = 1, tag = null }: { stream?: number; tag?: string | null } = {},
): EventSegment {
  const memory = createRingMemory(1 << 20);
  const events = new RingEvents(memory, () => undefined);
  const context = events.context(sampleContext({ tag }));
  for (const line of lines) events.http(context, sampleExchange(line));
  events.close();
  const octets = new RingReader(memory).read();
  const segment = octets && new SegmentReader(stream).read(octets);
  if (segment === null) throw new Error('an exchange did not get through its ring');
  return segment;
}
