import { expect, it } from 'vitest';
import { CountedEvents } from '../../../proxy/events/counted-events.ts';
import { createRingMemory } from '../../../proxy/events/ring.ts';
import { RingEvents } from '../../../proxy/events/ring-events.ts';
import { sampleEvent } from '../../support/sample-event.ts';

it('counts messages and bytes for the instance whose sidecar had them, by whichever way they are told', () => {
  const events = new CountedEvents(new RingEvents(createRingMemory(65_536), () => undefined));
  const event = sampleEvent();
  const bytes = (event.request?.bodyBytes ?? 0) + (event.response?.bodyBytes ?? 0);
  events.event({ ...event, owner: 'orders-0' });
  const context = events.context({ ...event, owner: 'web-0' });
  const exchange = {
    wallMs: 0,
    durationMicros: 1,
    status: 200,
    by: 'upstream',
    protocol: 'http1',
    requestBytes: 3,
    responseBytes: 4,
    requestHead: 'GET / HTTP/1.1\r\nhost: orders\r\n',
    responseHead: 'HTTP/1.1 200 OK\r\n',
    headMicros: 0,
    decidedMicros: 0,
    upstreamMicros: 0,
  } as const;
  events.http(context, exchange);
  events.http(context, exchange);
  events.release(context);
  expect(events.work()).toEqual({
    'orders-0': { messages: 1, bytes },
    'web-0': { messages: 2, bytes: 14 },
  });
  events.close();
});
