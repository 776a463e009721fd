/**
 * Requests at an outbound listener: identify the service by Host, pick an endpoint, forward over mutual TLS. No
 * authorization happens here, as in Istio; what is refused is refused by the egress rule or by secure naming.
 */
import type { Agent, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Decision } from '../model/decision.ts';
import type { PeerRef, TlsFacts, TrafficEvent } from '../model/traffic-event.ts';
import { checkRequestHead, headerPairs, type Http1Request } from '../wire/http1-request-checks.ts';
import { normalizePath } from '../wire/path-normalization.ts';
import { answer, answerHeaders, rawAnswer, upstreamAnswerHeaders } from './answer.ts';
import { inForceFor, type Core } from './core.ts';
import { dialPlain } from './dial-plain.ts';
import { decisionOf, endedAs, type Failure } from './error-table.ts';
import type { ForwardReport } from './forward-http.ts';
import { createHttpLane, type Detached, type HttpLane } from './http-lane.ts';
import { hostName, hostPort, type Destination, type InForce } from './in-force.ts';
import { makeEvent } from './make-event.ts';
import { openTunnel } from './outbound-tunnel.ts';
import {
  aimedDestination,
  callerPeer,
  clusterHost,
  tagOf,
  type OutboundConnection,
} from './outbound-connection.ts';
import { agentCarrier, peerCarrier, type Carrier } from './http1-carrier.ts';
import {
  destinationPeer,
  ENDPOINT_GONE,
  peerConnections,
  pickEndpoint,
  type Endpoint,
} from './outbound-route.ts';
import { headerValue, outboundHeaders } from './request-headers.ts';
import type { InstanceSnapshot } from './snapshot.ts';
import { now, type Moment } from './moment.ts';

/** Istio's default: two retries, for connections that could not be made. */
const ATTEMPTS = 3;
/** An endpoint that left before it was reached costs no retry; but nobody goes from one to the next for ever. */
const MOST_ATTEMPTS = 10;

/** Whether a request that no upstream has got is sent to another endpoint after so many attempts. */
export function triesAgain(attempts: number, { reason }: Decision): boolean {
  return attempts < (reason === ENDPOINT_GONE ? MOST_ATTEMPTS : ATTEMPTS);
}

export const ROUTED: Decision = { verdict: 'allow', phase: 'default', reason: 'routed', matched: null };
export const PASSED_THROUGH: Decision = {
  verdict: 'allow',
  phase: 'egress',
  reason: 'allow-any',
  matched: null,
};

/** What is known of a request when its event is made. */
export interface Call {
  core: Core;
  connection: OutboundConnection;
  inForce: InForce;
  caller: InstanceSnapshot;
  at: Moment;
  tag: string | null;
  request: TrafficEvent['request'];
  to: PeerRef;
  tls: TlsFacts | null;
}

/** Tells an outbound exchange. */
export function recordOutbound(call: Call, decision: Decision, response: TrafficEvent['response']): void {
  call.core.record(
    makeEvent({
      kind: 'http',
      direction: 'outbound',
      owner: call.caller.id,
      at: call.at,
      from: callerPeer(call.caller, call.connection.endpoints),
      to: call.to,
      tls: call.tls,
      request: call.request,
      response,
      decision,
      snapshotVersion: call.inForce.snapshot.version,
      requestId: call.request === null ? null : headerValue(call.request.headers, 'x-request-id'),
      tag: call.tag,
    }),
  );
}

function refuse(
  call: Call,
  decision: Decision,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const headers = answerHeaders(decision, 'envoy');
  const bodyBytes = Buffer.byteLength(decision.body ?? '');
  recordOutbound(call, decision, { status: decision.status ?? 503, headers, bodyBytes, by: 'sidecar' });
  return answer(message, response, decision, headers);
}

function unread(message: IncomingMessage): TrafficEvent['request'] {
  const headers = headerPairs(message.rawHeaders);
  const target = message.url ?? '';
  return {
    protocol: 'http1',
    method: message.method ?? '',
    path: target,
    rawPath: target,
    host: headerValue(headers, 'host') ?? '',
    headers,
    bodyBytes: 0,
  };
}

/** Where a request goes. */
type Route =
  | { kind: 'service'; destination: Destination; tls: 'ISTIO_MUTUAL' | 'DISABLE' }
  | { kind: 'passthrough'; host: string; port: number }
  | { kind: 'unknown-host' }
  | { kind: 'unknown-port' };

/** Where a request for `host` goes. */
export function routeOf(call: Pick<Call, 'connection' | 'inForce' | 'caller'>, host: string): Route {
  const { connection, inForce, caller } = call;
  const { aim } = connection;
  const port = aim.kind === 'peer' ? aim.port : (hostPort(host) ?? 80);
  const destination = inForce.destinationByHost(host, port, caller.namespace);
  if (destination !== null) return { kind: 'service', destination, tls: destination.port.tls };
  const allowAny = inForce.snapshot.outboundTrafficPolicy === 'ALLOW_ANY';
  if (!allowAny) return inForce.servesPort(port) ? { kind: 'unknown-host' } : { kind: 'unknown-port' };
  // The original destination: the peer that the connection was aimed at, or the name that HTTP_PROXY was given.
  const aimed = aimedDestination(inForce, aim);
  return aimed === null
    ? { kind: 'passthrough', host: hostName(host), port }
    : { kind: 'service', destination: aimed, tls: 'DISABLE' };
}

async function exchange(
  core: Core,
  connection: OutboundConnection,
  message: IncomingMessage,
  response: ServerResponse,
  detached: Detached | null,
  lane: () => HttpLane<OutboundConnection>,
): Promise<void> {
  const inForce = inForceFor(core, connection.instance);
  const caller = inForce?.instance(connection.instance) ?? null;
  if (inForce === null || caller === null || inForce.outbound(connection.instance, connection.key) === null) {
    message.socket.destroy();
    return;
  }
  const call: Call = {
    core,
    connection,
    inForce,
    caller,
    at: now(),
    tag: tagOf(core, connection.endpoints),
    request: unread(message),
    to: destinationPeer(aimedDestination(inForce, connection.aim), null, null),
    tls: null,
  };
  if (message.method === 'CONNECT' && connection.aim.kind === 'http-proxy' && detached !== null) {
    openTunnel(
      core,
      connection,
      caller,
      { target: message.url ?? '', detached, response, lane: lane() },
      (decision, to) =>
        recordOutbound({ ...call, to: to ?? call.to }, decision, {
          status: decision.status ?? 200,
          headers: [],
          bodyBytes: 0,
          by: 'sidecar',
        }),
    );
    return;
  }
  const head = {
    method: message.method ?? '',
    target: message.url ?? '',
    version: message.httpVersion,
    rawHeaders: message.rawHeaders,
  };
  const checked = checkRequestHead(head);
  if ('refusal' in checked) {
    const { status, body, details, reason } = checked.refusal;
    await refuse(
      call,
      { verdict: 'deny', phase: 'codec', reason, matched: null, status, body, details },
      message,
      response,
    );
    return;
  }
  const { request } = checked;
  if (request.method === 'CONNECT' || (request.upgrade !== null && request.upgrade !== 'websocket')) {
    await refuse(call, decisionOf('upgrade-refused'), message, response);
    return;
  }
  // Where a body and a tunnel begin at the same byte, two parsers read two things.
  if (request.upgrade !== null && request.body !== 'none') {
    await refuse(call, decisionOf('upgrade-refused', 'upgrade-with-body'), message, response);
    return;
  }
  const normalized = normalizePath(request.rawPath, inForce.snapshot.pathNormalization);
  if (normalized.kind === 'refused') {
    await refuse(call, decisionOf('normalization-failed'), message, response);
    return;
  }
  const host = clusterHost(request.host, connection, inForce, caller);
  const headers = outboundHeaders(request.headers);
  call.request = {
    protocol: 'http1',
    method: request.method,
    path: normalized.path,
    rawPath: request.rawPath,
    host,
    headers,
    bodyBytes: 0,
  };
  const route = routeOf(call, host);
  switch (route.kind) {
    case 'service':
      await toService(call, route, request, message, response, detached);
      return;
    case 'passthrough':
      call.to = {
        workload: null,
        namespace: null,
        instance: null,
        spiffeId: null,
        ip: route.host,
        port: route.port,
      };
      await carry(
        call,
        PASSED_THROUGH,
        agentCarrier(passthroughPool(core, route)),
        request,
        message,
        response,
        detached,
      );
      return;
    case 'unknown-host':
      await refuse(call, decisionOf('unknown-host'), message, response);
      return;
    case 'unknown-port':
      // No service has this port, so Istio has no HTTP listener on it: the connection closes without a word.
      recordOutbound(call, { verdict: 'deny', phase: 'egress', reason: 'unknown-port', matched: null }, null);
      message.socket.destroy();
      return;
  }
}

async function toService(
  call: Call,
  route: Extract<Route, { kind: 'service' }>,
  request: Http1Request,
  message: IncomingMessage,
  response: ServerResponse,
  detached: Detached | null,
): Promise<void> {
  const { core, inForce, caller } = call;
  const { destination, tls } = route;
  for (let attempt = 1; ; attempt += 1) {
    const endpoint: Endpoint | null = pickEndpoint(core, inForce, destination);
    call.to = destinationPeer(destination, endpoint, null);
    if (endpoint === null) {
      await refuse(call, decisionOf('no-healthy-upstream'), message, response);
      return;
    }
    const way = { inForce, from: caller, destination, endpoint, tls };
    const failed = await forwardOnce(
      call,
      ROUTED,
      peerCarrier(core, way, call.tag),
      request,
      message,
      response,
      detached,
    );
    if (failed === null) return;
    if (failed.unsent && triesAgain(attempt, failed.decision) && !message.socket.destroyed) continue;
    await refuse(call, failed.decision, message, response);
    return;
  }
}

async function carry(
  call: Call,
  decision: Decision,
  carrier: Carrier,
  request: Http1Request,
  message: IncomingMessage,
  response: ServerResponse,
  detached: Detached | null,
): Promise<void> {
  const failed = await forwardOnce(call, decision, carrier, request, message, response, detached);
  if (failed !== null) await refuse(call, failed.decision, message, response);
}

/** One attempt; null when it is over, else what to answer. */
async function forwardOnce(
  call: Call,
  decision: Decision,
  carrier: Carrier,
  request: Http1Request,
  message: IncomingMessage,
  response: ServerResponse,
  detached: Detached | null,
): Promise<{ decision: Decision; unsent: boolean } | null> {
  const http = call.request as NonNullable<TrafficEvent['request']>;
  const report = (outcome: ForwardReport): void => {
    call.request = { ...http, bodyBytes: outcome.requestBytes };
    const answered =
      outcome.status === null
        ? null
        : {
            status: outcome.status,
            headers: outcome.headers,
            bodyBytes: outcome.responseBytes,
            by: 'upstream' as const,
          };
    recordOutbound(call, endedAs(decision, outcome.end), answered);
  };
  const onConnection = (stream: Duplex): void => {
    const peer = peerConnections.get(stream);
    if (peer === undefined) return;
    peer.source.tag = call.tag;
    call.tls = peer.tls;
    call.to = { ...call.to, spiffeId: peer.spiffeId };
  };
  const { method, path, host, headers } = http;
  const { body, upgrade } = request;
  const responseHeaders = (fields: [string, string][], serviceMs: number | null): [string, string][] =>
    upstreamAnswerHeaders(fields, 'envoy', serviceMs);
  const result = await carrier({
    request: message,
    response,
    detached,
    method,
    path,
    host,
    headers,
    body,
    upgrade,
    onConnection,
    responseHeaders,
    report,
  });
  return result.kind === 'failed' ? result : null;
}

/** ALLOW_ANY: the name that the client gave, resolved as this machine resolves it. */
function passthroughPool(core: Core, to: { host: string; port: number }): Agent {
  return core.pools.agent(`passthrough|${to.host}|${to.port}`, () => dialPlain(core, to));
}

/** Tells that no request could be read, and gives the answer's bytes. */
export function brokenOutbound(
  core: Core,
  connection: OutboundConnection,
  failure: Failure,
  code: string,
): string {
  const inForce = inForceFor(core, connection.instance);
  const caller = inForce?.instance(connection.instance) ?? null;
  if (inForce === null || caller === null) return '';
  const decision = decisionOf(failure, `${failure}-${code.toLowerCase().replaceAll('_', '-')}`);
  const to = destinationPeer(aimedDestination(inForce, connection.aim), null, null);
  const call: Call = {
    core,
    connection,
    inForce,
    caller,
    at: now(),
    tag: tagOf(core, connection.endpoints),
    request: null,
    to,
    tls: null,
  };
  const headers = answerHeaders(decision, 'envoy');
  recordOutbound(call, decision, {
    status: decision.status ?? 400,
    headers,
    bodyBytes: (decision.body ?? '').length,
    by: 'sidecar',
  });
  return rawAnswer(decision, 'envoy');
}

/** The general lane of outbound HTTP connections; `front` takes those that come out of a CONNECT. */
export function createOutboundLane(
  core: Core,
  front: () => HttpLane<OutboundConnection>,
): HttpLane<OutboundConnection> {
  return createHttpLane(core.limits, {
    exchange: (connection, request, response, detached) =>
      exchange(core, connection, request, response, detached, front),
    broken: (connection, failure, code) => brokenOutbound(core, connection, failure, code),
  });
}
