/**
 * Requests at an outbound listener: identify the service by Host, pick an endpoint, forward over mutual TLS. No
 * authorization happens here, as in Istio; what is refused is refused by the egress rule or by secure naming.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Decision } from '../model/decision.ts';
import type { RouteFacts, TrafficEvent } from '../model/traffic-event.ts';
import { checkRequestHead } from '../wire/http1-request-checks.ts';
import { normalizePath } from '../wire/path-normalization.ts';
import { answer, answerHeaders, rawAnswer } from './answer.ts';
import { inForceFor, type Core } from './core.ts';
import { decisionOf, type Failure } from './error-table.ts';
import { createHttpLane, type Detached, type HttpLane } from './http-lane.ts';
import { openTunnel } from './outbound-tunnel.ts';
import { aimedDestination, clusterHost, tagOf, type OutboundConnection } from './outbound-connection.ts';
import { destinationPeer } from './outbound-route.ts';
import { outboundHeaders } from './request-headers.ts';
import { http1Client } from './routing/http1-client.ts';
import { recordOutbound, type Call } from './routing/outbound-call.ts';
import { routeExchange } from './routing/route-exchange.ts';
import { schemeOf } from '../wire/connection-manager-headers.ts';
import { now } from './moment.ts';
import { unreadRequest } from './unread-request.ts';

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

/** A call of which nothing is known but whose it is and what its connection was aimed at. */
function callAt(
  at: Pick<Call, 'core' | 'connection' | 'inForce' | 'caller'>,
  request: TrafficEvent['request'],
): Call {
  const { core, connection, inForce } = at;
  return {
    ...at,
    at: now(),
    tag: tagOf(core, connection.endpoints),
    request,
    to: destinationPeer(aimedDestination(inForce, connection.aim), null, null),
    tls: null,
  };
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
  const call = callAt({ core, connection, inForce, caller }, unreadRequest(message));
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
    call.route = withFlags(details);
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
  await routeExchange(call, http1Client(message, response, detached, request), {
    method: request.method,
    host,
    path: normalized.path,
    headers,
    scheme: schemeOf(headers, false),
    neverIndexed: NEVER,
    body: request.body === 'none' ? 'none' : 'follows',
  });
}

const NEVER: ReadonlySet<string> = new Set();

/** What broke the protocol is flagged so; what the connection manager refuses is not. */
function withFlags(details: string): RouteFacts {
  const codec = details.startsWith('http1.') || details === 'http.invalid_authority';
  return { source: null, cluster: null, attempts: 0, flags: codec ? 'DPE' : '', mirrors: [] };
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
  const call = {
    ...callAt({ core, connection, inForce, caller }, null),
    route: withFlags(decision.details ?? ''),
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
