/**
 * Requests at a gateway over HTTP/1.1, in Envoy's order: codec checks, normalization, trusted hops and XFCC, policies,
 * route. A request reaches the application through `pass` only, which is called in one place, after an `allow` and a
 * route.
 */
import { randomInt } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { VirtualRoute } from '../../model/istio/gateway-routing.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { corsHeaders } from '../../policy/gateway/route-request.ts';
import type { Http1Request } from '../../wire/http1-request-checks.ts';
import { answer, answerHeaders, rawAnswer, upstreamAnswerHeaders } from '../answer.ts';
import { challenge } from '../challenge.ts';
import type { Core } from '../core.ts';
import { decisionOf, type Failure } from '../error-table.ts';
import { createHttpLane, type Detached, type HttpLane } from '../http-lane.ts';
import { sourceOf } from '../inbound-connection.ts';
import { readRequest, unreadRequest } from '../inbound-http.ts';
import { now } from '../moment.ts';
import { gatewayPlaceOf, type GatewayConnection } from './gateway-connection.ts';
import { wayOf } from './gateway-destination.ts';
import {
  factsAtGateway,
  judgeAtGateway,
  recordGateway,
  reportGateway,
  type GatewayJudged,
} from './gateway-judge.ts';

async function exchange(
  core: Core,
  connection: GatewayConnection,
  message: IncomingMessage,
  response: ServerResponse,
  detached: Detached | null,
): Promise<void> {
  const place = gatewayPlaceOf(core, connection);
  if (place === null) {
    message.socket.destroy();
    return;
  }
  const source = { ...sourceOf(core, connection.endpoints) };
  const base = { core, place, connection, source, at: now(), explanation: null, findings: [], told: [] };
  const read = readRequest(message, place.inForce.snapshot.pathNormalization);
  if ('refused' in read) {
    await refuse({ ...base, request: unreadRequest(message), decision: read.refused }, message, response);
    return;
  }
  const { request, path } = read;
  const target = message.url ?? '';
  const scheme = request.absolute ? target.slice(0, target.indexOf(':')).toLowerCase() : null;
  const { method, rawPath, host, headers } = request;
  const asSent = factsAtGateway(base, { protocol: 'http1', method, rawPath, path, host, headers, scheme });
  const outcome = await judgeAtGateway(base, asSent);
  if (outcome.kind === 'answered') {
    await refuse(outcome.judged, message, response);
    return;
  }
  await pass(outcome.judged, request, outcome.route, { message, response, detached });
}

function refuse(judged: GatewayJudged, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const { decision } = judged;
  const headers = [...answerHeaders(decision, 'istio-envoy', judged.told), ...challenge(judged)];
  const bodyBytes = decision.body?.length ?? 0;
  recordGateway(judged, { status: decision.status ?? 403, headers, bodyBytes, by: 'sidecar' });
  return answer(message, response, decision, headers);
}

interface Wire {
  message: IncomingMessage;
  response: ServerResponse;
  detached: Detached | null;
}

async function pass(
  judged: GatewayJudged,
  request: Http1Request,
  route: VirtualRoute,
  wire: Wire,
): Promise<void> {
  const { core, place, source } = judged;
  const { message, response, detached } = wire;
  const http = judged.request as NonNullable<TrafficEvent['request']>;
  const way = wayOf(core, place, route, source.tag, randomInt(1_000_000) / 1_000_000);
  if ('decision' in way) {
    await refuse({ ...judged, decision: way.decision }, message, response);
    return;
  }
  const told = [...judged.told, ...corsHeaders(route, http)];
  const result = await way.carry({
    request: message,
    response,
    detached,
    method: http.method,
    path: http.path,
    host: http.host,
    headers: [...http.headers, ['x-envoy-attempt-count', '1']],
    body: request.body,
    upgrade: request.upgrade,
    onConnection: way.onConnection,
    responseHeaders: (fields, serviceMs) => upstreamAnswerHeaders(fields, 'istio-envoy', serviceMs, told),
    report: (outcome) => reportGateway(judged, outcome),
  });
  if (result.kind === 'failed') {
    const sent = { ...http, bodyBytes: result.requestBytes };
    await refuse({ ...judged, request: sent, decision: result.decision }, message, response);
  }
}

function broken(core: Core, connection: GatewayConnection, failure: Failure, code: string): string {
  const decision = decisionOf(failure, `${failure}-${code.toLowerCase().replaceAll('_', '-')}`);
  const place = gatewayPlaceOf(core, connection);
  if (place === null) return '';
  const source = sourceOf(core, connection.endpoints);
  const base = { core, place, connection, source, at: now(), request: null };
  const headers = answerHeaders(decision, 'istio-envoy');
  recordGateway(
    { ...base, decision, explanation: null, findings: [], told: [] },
    { status: decision.status ?? 400, headers, bodyBytes: decision.body?.length ?? 0, by: 'sidecar' },
  );
  return rawAnswer(decision, 'istio-envoy');
}

/** The lane of all connections of gateways. */
export function createGatewayLane(core: Core): HttpLane<GatewayConnection> {
  return createHttpLane(core.limits, {
    exchange: (connection, request, response, detached) =>
      exchange(core, connection, request, response, detached),
    broken: (connection, failure, code) => broken(core, connection, failure, code),
  });
}
