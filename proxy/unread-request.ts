/** A request of which the head was not checked, or not yet. */
import type { IncomingMessage } from 'node:http';
import type { TrafficEvent } from '../model/traffic-event.ts';
import { headerPairs } from '../wire/http1-request-checks.ts';
import { headerValue } from './request-headers.ts';

/** As events have it: what the client wrote, whatever that means. */
export function unreadRequest(message: IncomingMessage): TrafficEvent['request'] {
  const headers = headerPairs(message.rawHeaders);
  return {
    protocol: 'http1',
    method: message.method ?? '',
    path: message.url ?? '',
    rawPath: message.url ?? '',
    host: headerValue(headers, 'host') ?? '',
    headers,
    bodyBytes: 0,
  };
}
