/** One request and its answer on a fast connection, and what a side of the sidecar has to say to it. */
import type { Decision } from '../../model/decision.ts';
import type { PlainRequest } from '../../wire/http1/request-head.ts';
import type { ServerName } from '../answer.ts';
import type { UpstreamConnection } from './upstream-connection.ts';
import type { UpstreamSet } from './upstream-set.ts';

/** How an exchange ended. */
export type ExchangeEnd = 'complete' | 'client-gone' | 'upstream-gone';

/** What is known of the exchange that a connection carries now; one object a connection, used again and again. */
export class Exchange {
  wallMs = 0;
  /** Moments by `performance.now()`. */
  startedAt = 0;
  headAt = 0;
  decidedAt = 0;
  /** 0 = the upstream hasn't answered. */
  answeredAt = 0;
  request: PlainRequest = NO_REQUEST;
  requestBytes = 0;
  /** 0 = there is no answer. */
  status = 0;
  by: 'upstream' | 'sidecar' = 'upstream';
  answerHeaders: readonly (readonly [string, string])[] = [];
  /** Status line and fields of the answer as they are told, without those of the hop. */
  answerHead = '';
  responseBytes = 0;

  begin(startedAt: number, wallMs: number, request: PlainRequest): void {
    this.startedAt = startedAt;
    this.wallMs = wallMs;
    this.request = request;
    this.requestBytes = 0;
    this.answeredAt = 0;
    this.status = 0;
    this.responseBytes = 0;
    this.by = 'upstream';
  }
}

const NO_REQUEST: PlainRequest = {
  method: '',
  rawPath: '',
  host: '',
  headers: [],
  bodyLength: 0,
  statesLength: false,
  closes: false,
  headLength: 0,
};

/** What is to be done with a request. */
export type Step =
  /** `head`: what the upstream gets, with the empty line. */
  { kind: 'forward'; head: string; upstreams: UpstreamSet } | { kind: 'refuse'; decision: Decision };

/** Inbound or outbound: judges, routes and tells. One object a connection. */
export interface FastSide {
  readonly server: ServerName;
  /** Judges and routes a request; null = it is for the general lane, and nothing has happened yet. */
  begin(exchange: Exchange): Step | null;
  /** The connection that carries the exchange, before its first byte. */
  carriedBy(upstream: UpstreamConnection): void;
  /** Where the request, of which no upstream has got anything, is tried again after `attempts`; null = nowhere. */
  again(attempts: number, decision: Decision): UpstreamSet | null;
  /** What is answered when the last of `attempts` failed so. */
  refusal(decision: Decision, attempts: number): Decision;
  /** The exchange is over, or is refused by `decision`: tell it. */
  ended(exchange: Exchange, end: ExchangeEnd, refusal: Decision | null): void;
  /** No request could be read in time, or before the client's end: tells it and gives the answer's bytes. */
  unread(failure: 'header-timeout' | 'codec-error', code: string): string;
  /** The connection is no more, or the general lane's. */
  closed(): void;
}
