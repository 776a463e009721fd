/**
 * How the data plane tells what happened. One exchange of the hot path costs a few numbers and two ranges of head bytes;
 * what many of them share is told once, as a context. Writing never blocks and never throws: what there is no room
 * for is dropped and counted.
 */
import type { TrafficEvent } from '../model/traffic-event.ts';

/** What the exchanges of one connection, judged by one decision, have in common. */
export type EventContext = Pick<
  TrafficEvent,
  | 'direction'
  | 'owner'
  | 'from'
  | 'to'
  | 'tls'
  | 'decision'
  | 'findings'
  | 'snapshotVersion'
  | 'tag'
  | 'route'
>;

/** One HTTP exchange that ended. All times in µs count from its first byte. */
export interface HttpExchange {
  /** Wall clock at the first byte, ms since the epoch. */
  wallMs: number;
  durationMicros: number;
  status: number;
  /** Who made the answer. */
  by: 'upstream' | 'sidecar';
  /** What the client spoke; the heads are told as HTTP/1 writes them, whatever it was. */
  protocol: 'http1' | 'http2' | 'grpc';
  requestBytes: number;
  responseBytes: number;
  /** Request line and fields as sent upstream, with or without the empty line; a text has one character a byte. */
  requestHead: Uint8Array | string;
  /** Status line and fields as sent to the client. The writer copies both. */
  responseHead: Uint8Array | string;
  /** The whole request head was there. */
  headMicros: number;
  /** The policy (inbound) or the route (outbound) was decided. */
  decidedMicros: number;
  /** The first byte of the upstream's answer was there. */
  upstreamMicros: number;
}

export interface EventWriter {
  /**
   * Interns what many exchanges share: once per connection and decision, not per request. Whoever made it releases it.
   */
  context(shared: EventContext): number;
  /** The context is used no more: its connection closed, or is judged by another decision from now on. */
  release(context: number): void;
  /**
   * One exchange by its numbers and head bytes. Only for heads without credentials (`make-event.ts` names them; no
   * `eyJ…` token anywhere) and where rawPath === path; anything else goes through `event`.
   */
  http(context: number, exchange: HttpExchange): void;
  /** Any event, as an object, already redacted (`makeEvent`). */
  event(event: TrafficEvent): void;
}
