/** The client's side of an exchange that is routed, whatever version of HTTP it speaks. */
import type { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Decision } from '../../model/decision.ts';
import type { ForwardReport } from '../forward-http.ts';
import type { LocalAnswer } from '../http2/local-answer.ts';
import type { Upstream, UpstreamRequest } from '../http2/upstream.ts';

export interface CarryHooks {
  /** The connection that carries the exchange, known before its first byte. */
  connected(socket: Duplex): void;
  /** The connection of an exchange that has left HTTP; absent = as it is. */
  upgraded?: (socket: Duplex) => Duplex;
  /** Last touch on the response's fields; `serviceMs`: since the end of the request, null before that. */
  responseHeaders(upstream: [string, string][], serviceMs: number | null): [string, string][];
  /** Called once, before the last byte goes to the client (or when the client has gone). */
  report(outcome: ForwardReport): void;
}

/** What came of an exchange that left HTTP before it got its answer. */
export interface TunnelFailure {
  decision: Decision;
  /** Nothing reached the upstream. */
  unsent: boolean;
}

export interface ClientTunnel {
  /** The client's connection. */
  readonly socket: Duplex;
  /** Resolves with the failure that is to be answered, or null when it is over. */
  carry(agent: Agent, request: UpstreamRequest, hooks: CarryHooks): Promise<TunnelFailure | null>;
}

export interface ClientSide {
  /** The client has gone, or has its answer. */
  readonly over: boolean;
  /** An answer of ours. */
  answer(answer: LocalAnswer): Promise<void>;
  /** Closes without a word. */
  close(): void;
  /** Carries the request to `upstream`; resolves with the failure that is to be answered, or null when it is over. */
  carry(upstream: Upstream, request: UpstreamRequest, hooks: CarryHooks): Promise<Decision | null>;
  /** For a request that asks to leave HTTP (WebSocket): over one connection of `agent`; null = it asks for no such thing. */
  readonly tunnel: ClientTunnel | null;
}
