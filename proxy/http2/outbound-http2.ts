/**
 * Requests on HTTP/2 connections at an outbound listener: codec checks, the service by `:authority`, an endpoint, a
 * stream over mutual TLS. No authorization happens here, as in Istio.
 */
import type { Duplex } from 'node:stream';
import type { Decision } from '../../model/decision.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import type { DecodedBlock } from '../../wire/http2/hpack-decoder.ts';
import { statedLength } from '../../wire/http2/message-fields.ts';
import type { ConnectionFault } from '../../wire/http2/protocol.ts';
import type { Http2Stream, Then } from '../../wire/http2/stream.ts';
import { inForceFor, type Core } from '../core.ts';
import { now } from '../moment.ts';
import { aimedDestination, clusterHost, tagOf, type OutboundConnection } from '../outbound-connection.ts';
import { http2Client } from '../routing/http2-client.ts';
import { recordOutbound, type Call } from '../routing/outbound-call.ts';
import { routeExchange } from '../routing/route-exchange.ts';
import { destinationPeer } from '../outbound-route.ts';
import { outboundHeaders } from '../request-headers.ts';
import { Http2Link } from './link.ts';
import { localAnswer } from './local-answer.ts';
import { readRequest, unreadRequest } from './read-request.ts';
import { ServerExchange } from './server-exchange.ts';

/** Takes over a connection that speaks HTTP/2. */
export function acceptOutboundHttp2(
  core: Core,
  socket: Duplex,
  connection: OutboundConnection,
): Http2Link<ServerExchange> {
  const link: Http2Link<ServerExchange> = new Http2Link(
    'server',
    socket,
    {
      head: (stream, block, then) => begin(core, connection, link, stream, block, then),
      data: (stream, bytes, then) => stream.context?.onData(bytes, then),
      trailers: (stream, block) => stream.context?.onTrailers(block),
      reset: (stream) => stream.context?.onReset(),
      sent: (stream, count) => stream.context?.onSent(count),
      closed: () => undefined,
      over: (fault) => {
        if (fault !== null) recordFault(core, connection, fault);
      },
    },
    core.limits,
  );
  return link;
}

/** null: the listener is gone. */
function callOf(core: Core, connection: OutboundConnection, request: TrafficEvent['request']): Call | null {
  const inForce = inForceFor(core, connection.instance);
  const caller = inForce?.instance(connection.instance) ?? null;
  if (inForce === null || caller === null || inForce.outbound(connection.instance, connection.key) === null)
    return null;
  return {
    core,
    connection,
    inForce,
    caller,
    at: now(),
    tag: tagOf(core, connection.endpoints),
    request,
    to: destinationPeer(aimedDestination(inForce, connection.aim), null, null),
    tls: null,
  };
}

function recordFault(core: Core, connection: OutboundConnection, fault: ConnectionFault): void {
  const call = callOf(core, connection, null);
  if (call === null) return;
  const details = 'http2.protocol_error';
  const decision: Decision = {
    verdict: 'deny',
    phase: 'codec',
    reason: fault.reason,
    matched: null,
    details,
  };
  recordOutbound({ ...call, at: connection.acceptedAt }, decision, null);
}

function begin(
  core: Core,
  connection: OutboundConnection,
  link: Http2Link<ServerExchange>,
  stream: Http2Stream<ServerExchange>,
  block: DecodedBlock,
  then: Then,
): void {
  const call = callOf(core, connection, unreadRequest(block));
  if (call === null) {
    link.socket.destroy();
    return;
  }
  const { inForce, caller } = call;
  const exchange = new ServerExchange(link, stream);
  const read = readRequest(block, then, inForce.snapshot.pathNormalization);
  if (read.kind === 'reset') {
    recordOutbound(call, read.decision, null);
    exchange.refuseMessage(read.ends, read.code);
    return;
  }
  if (read.kind === 'refused') {
    refuse(call, exchange, read.protocol, read.decision);
    return;
  }
  const { request, path, protocol } = read;
  stream.expectedBytes = statedLength(request.headers);
  if (read.expectsContinue) exchange.inform(100, []);
  const host = clusterHost(request.host, connection, inForce, caller);
  const { method, rawPath } = request;
  const headers = outboundHeaders(request.headers);
  call.request = { protocol, method, path, rawPath, host, headers, bodyBytes: 0 };
  const body = then === 'end' ? 'none' : 'follows';
  const { neverIndexed } = block;
  const client = http2Client(exchange, method, () => void link.socket.destroy());
  void routeExchange(call, client, {
    method,
    path,
    host,
    scheme: request.scheme,
    headers,
    neverIndexed,
    body,
  });
}

function refuse(call: Call, exchange: ServerExchange, protocol: 'http2' | 'grpc', denied: Decision): void {
  const { status, headers, body, decision } = localAnswer(denied, protocol, 'envoy');
  if (call.request !== null) call.request = { ...call.request, bodyBytes: exchange.requestBytes };
  recordOutbound(call, decision, { status, headers, bodyBytes: body.length, by: 'sidecar' });
  exchange.answer(status, headers, body, call.request?.method === 'HEAD' ? 'head-only' : 'body');
}
