/** One exchange with an upstream, whatever version of HTTP that speaks: what both sides of it look like. */
import type { Duplex } from 'node:stream';
import type { Decision } from '../../model/decision.ts';
import type { HeaderList } from '../../model/request-facts.ts';
import type { Then } from '../../wire/http2/stream.ts';

export interface UpstreamRequest {
  method: string;
  /** As it is sent: normalized, with query. */
  path: string;
  host: string;
  scheme: string;
  /** End-to-end fields, without Host. */
  headers: HeaderList;
  /** Names whose values the sender wants indexed nowhere. */
  neverIndexed: ReadonlySet<string>;
  body: 'none' | 'follows';
}

export interface UpstreamFailure {
  /** What to answer, if nothing was answered yet. */
  decision: Decision;
  /** The upstream never saw the request: it may be tried again. */
  unsent: boolean;
  /** The error code of its RST_STREAM, where it sent one. */
  code: number | null;
}

/** What comes of it. After `failed`, and after what ends the response, nothing more does but `sent`. */
export interface UpstreamEvents {
  /** The connection that carries the exchange; called before a byte goes, and body is taken from then on. */
  connected(socket: Duplex): void;
  informational(status: number, headers: [string, string][]): void;
  head(status: number, headers: [string, string][], then: Then): void;
  data(bytes: Uint8Array, then: Then): void;
  trailers(headers: [string, string][]): void;
  /** So many bytes of the request's body have left, or never will; also after the response. */
  sent(count: number): void;
  failed(failure: UpstreamFailure): void;
}

export interface UpstreamExchange {
  data(bytes: Uint8Array, then: Then): void;
  trailers(headers: HeaderList): void;
  /** So many bytes of the response's body were taken on: more may come. */
  consumed(count: number): void;
  /** Breaks it off; no event follows. */
  cancel(): void;
}

/** Begins an exchange. */
export type Upstream = (request: UpstreamRequest, events: UpstreamEvents) => UpstreamExchange;
