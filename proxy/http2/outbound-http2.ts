/**
 * Requests on HTTP/2 connections at an outbound listener: codec checks, the service by `:authority`, an endpoint, a
 * stream over mutual TLS. No authorization happens here, as in Istio.
 */
import type { Duplex } from 'node:stream';
import type { Decision } from '../../model/decision.ts';
import type { PeerRef, TrafficEvent } from '../../model/traffic-event.ts';
import type { DecodedBlock } from '../../wire/http2/hpack-decoder.ts';
import { statedLength } from '../../wire/http2/message-fields.ts';
import type { ConnectionFault } from '../../wire/http2/protocol.ts';
import type { Http2Stream, Then } from '../../wire/http2/stream.ts';
import { upstreamAnswerHeaders } from '../answer.ts';
import { inForceFor, type Core } from '../core.ts';
import { decisionOf } from '../error-table.ts';
import type { ForwardReport } from '../forward-http.ts';
import { now } from '../moment.ts';
import { aimedDestination, clusterHost, tagOf, type OutboundConnection } from '../outbound-connection.ts';
import { PASSED_THROUGH, recordOutbound, ROUTED, routeOf, triesAgain, type Call } from '../outbound-http.ts';
import { destinationPeer, peerConnections, pickEndpoint } from '../outbound-route.ts';
import { outboundHeaders } from '../request-headers.ts';
import { Http2Link } from './link.ts';
import { localAnswer } from './local-answer.ts';
import { endDetails, readRequest, unreadRequest } from './read-request.ts';
import { ServerExchange } from './server-exchange.ts';
import { passthroughUpstream, peerUpstream } from './upstreams.ts';
import type { Upstream, UpstreamFailure, UpstreamRequest } from './upstream.ts';

/** One exchange under way. */
interface Carried {
  call: Call;
  exchange: ServerExchange;
  protocol: 'http2' | 'grpc';
  request: UpstreamRequest;
}

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
  const asSent = { method, path, host, scheme: request.scheme, headers, neverIndexed, body } as const;
  route({ call, exchange, protocol, request: asSent }, host, link);
}

function route(carried: Carried, host: string, link: Http2Link<ServerExchange>): void {
  const { call, exchange, protocol } = carried;
  const found = routeOf(call, host);
  switch (found.kind) {
    case 'service':
      toService(carried, found, 1);
      return;
    case 'passthrough':
      call.to = outside(found);
      carry(carried, PASSED_THROUGH, passthroughUpstream(call.core, found), ({ decision }) =>
        refuse(call, exchange, protocol, decision),
      );
      return;
    case 'unknown-host':
      refuse(call, exchange, protocol, decisionOf('unknown-host'));
      return;
    case 'unknown-port':
      // No service has this port, so Istio has no HTTP listener on it: the connection closes without a word.
      recordOutbound(call, { verdict: 'deny', phase: 'egress', reason: 'unknown-port', matched: null }, null);
      link.socket.destroy();
      return;
  }
}

function outside({ host, port }: { host: string; port: number }): PeerRef {
  return { workload: null, namespace: null, instance: null, spiffeId: null, ip: host, port };
}

function toService(
  carried: Carried,
  found: Extract<ReturnType<typeof routeOf>, { kind: 'service' }>,
  attempt: number,
): void {
  const { call, exchange, protocol } = carried;
  const { core, inForce, caller, tag } = call;
  const { destination, tls } = found;
  const endpoint = pickEndpoint(core, inForce, destination);
  call.to = destinationPeer(destination, endpoint, null);
  if (endpoint === null) {
    refuse(call, exchange, protocol, decisionOf('no-healthy-upstream'));
    return;
  }
  const way = { inForce, from: caller, destination, endpoint, tls };
  carry(carried, ROUTED, peerUpstream(core, way, tag), ({ decision }, again) => {
    if (again && triesAgain(attempt, decision) && !exchange.over) toService(carried, found, attempt + 1);
    else refuse(call, exchange, protocol, decision);
  });
}

/** One attempt. */
function carry(
  { call, exchange, request }: Carried,
  decision: Decision,
  upstream: Upstream,
  failed: (failure: UpstreamFailure, again: boolean) => void,
): void {
  exchange.forward(upstream, request, {
    connected: (socket) => {
      const peer = peerConnections.get(socket);
      if (peer === undefined) return;
      peer.source.tag = call.tag;
      call.tls = peer.tls;
      call.to = { ...call.to, spiffeId: peer.spiffeId };
    },
    responseHeaders: (fields, serviceMs) => upstreamAnswerHeaders(fields, 'envoy', serviceMs),
    report: (outcome) => report(call, decision, outcome),
    failed,
  });
}

function report(call: Call, decision: Decision, outcome: ForwardReport): void {
  const { status, headers, requestBytes, responseBytes, end } = outcome;
  const details = endDetails(end);
  if (call.request !== null) call.request = { ...call.request, bodyBytes: requestBytes };
  recordOutbound(
    call,
    details === null ? decision : { ...decision, details },
    status === null ? null : { status, headers, bodyBytes: responseBytes, by: 'upstream' },
  );
}

function refuse(call: Call, exchange: ServerExchange, protocol: 'http2' | 'grpc', denied: Decision): void {
  const { status, headers, body, decision } = localAnswer(denied, protocol, 'envoy');
  if (call.request !== null) call.request = { ...call.request, bodyBytes: exchange.requestBytes };
  recordOutbound(call, decision, { status, headers, bodyBytes: body.length, by: 'sidecar' });
  exchange.answer(status, headers, body, call.request?.method === 'HEAD' ? 'head-only' : 'body');
}
