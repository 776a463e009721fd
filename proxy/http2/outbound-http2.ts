/**
 * Requests on HTTP/2 connections at an outbound listener: codec checks, the service by `:authority`, an endpoint, a
 * stream over mutual TLS. No authorization happens here, as in Istio.
 */
import type { Duplex } from 'node:stream';
import type { Decision } from '../../model/decision.ts';
import type { PathNormalization } from '../../model/mesh.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { inForceFor, type Core } from '../core.ts';
import { KnownSource } from '../fast/known-source.ts';
import { now } from '../moment.ts';
import { aimedDestination, clusterHost, type OutboundConnection } from '../outbound-connection.ts';
import { destinationPeer } from '../outbound-route.ts';
import { outboundHeaders } from '../request-headers.ts';
import { Http2Client } from '../routing/http2-client.ts';
import { recordOutbound, type Call } from '../routing/outbound-call.ts';
import { routeExchange } from '../routing/route-exchange.ts';
import type { Http2Link } from './link.ts';
import { localAnswer } from './local-answer.ts';
import { serveHttp2, type Asked, type Http2Site } from './serve.ts';
import type { ServerExchange } from './server-exchange.ts';
import { WayContexts } from './way-contexts.ts';

/** Takes over a connection that speaks HTTP/2. */
export function acceptOutboundHttp2(
  core: Core,
  socket: Duplex,
  connection: OutboundConnection,
): Http2Link<ServerExchange> {
  return serveHttp2(core.limits, socket, new OutboundSite(core, socket, connection));
}

class OutboundSite implements Http2Site<Call> {
  readonly #core: Core;
  readonly #socket: Duplex;
  readonly #connection: OutboundConnection;
  readonly #known: KnownSource;
  readonly #contexts: WayContexts;

  constructor(core: Core, socket: Duplex, connection: OutboundConnection) {
    this.#core = core;
    this.#socket = socket;
    this.#connection = connection;
    this.#known = new KnownSource(core, connection.endpoints);
    this.#contexts = new WayContexts(core.events);
  }

  /** null: the listener is gone. */
  admit(): Call | null {
    const core = this.#core;
    const connection = this.#connection;
    const inForce = inForceFor(core, connection.instance);
    const caller = inForce?.instance(connection.instance) ?? null;
    if (inForce === null || caller === null) return null;
    if (inForce.outbound(connection.instance, connection.key) === null) return null;
    return {
      core,
      connection,
      inForce,
      caller,
      at: now(),
      tag: this.#known.now()?.tag ?? null,
      request: null,
      to: destinationPeer(aimedDestination(inForce, connection.aim), null, null),
      tls: null,
      contexts: this.#contexts,
    };
  }

  normalization({ inForce }: Call): PathNormalization {
    return inForce.snapshot.pathNormalization;
  }

  ended(call: Call, request: TrafficEvent['request'], decision: Decision): void {
    recordOutbound({ ...call, request }, decision, null);
  }

  refuse(
    call: Call,
    request: TrafficEvent['request'],
    denied: Decision,
    protocol: 'http2' | 'grpc',
    exchange: ServerExchange,
  ): void {
    const { status, headers, body, decision } = localAnswer(denied, protocol, 'envoy');
    const response = { status, headers, bodyBytes: body.length, by: 'sidecar' } as const;
    recordOutbound({ ...call, request }, decision, response);
    exchange.answer(status, headers, body, request?.method === 'HEAD' ? 'head-only' : 'body');
  }

  begin(call: Call, { request, path, protocol, onward }: Asked, exchange: ServerExchange): void {
    const { method, rawPath } = request;
    const host = clusterHost(request.host, this.#connection, call.inForce, call.caller);
    const headers = outboundHeaders(request.headers);
    call.request = { protocol, method, path, rawPath, host, headers, bodyBytes: 0 };
    const client = new Http2Client(exchange, method, () => void this.#socket.destroy());
    void routeExchange(call, client, { ...onward, method, path, host, headers });
  }

  over(fault: Decision | null): void {
    this.#contexts.close();
    const call = fault === null ? null : this.admit();
    if (call === null || fault === null) return;
    recordOutbound({ ...call, at: this.#connection.acceptedAt }, fault, null);
  }
}
