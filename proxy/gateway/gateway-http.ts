/**
 * Requests at a gateway, in Envoy's order: codec checks, normalization, trusted hops and XFCC, policies, route. A
 * request reaches the application through `forward` only, which is called in one place, after an `allow` and a route.
 */
import { randomInt } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Decision, Explanation, Finding } from '../../model/decision.ts';
import type { HeaderList, HttpFacts, RequestFacts } from '../../model/request-facts.ts';
import type { VirtualRoute } from '../../model/istio/gateway-routing.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { principalOf } from '../../model/spiffe-id.ts';
import { decideHttp, type Judged as PolicyVerdict } from '../../policy/decide-http.ts';
import { explain } from '../../policy/explain.ts';
import { findingsFor } from '../../policy/findings.ts';
import { corsHeaders, routeAtGateway } from '../../policy/gateway/route-request.ts';
import { virtualHosts, type VirtualHost } from '../../policy/gateway/virtual-hosts.ts';
import type { GatewayPort, PortServer } from '../../policy/gateway/read-gateway.ts';
import { tokenFindings } from '../../policy/tokens/token-findings.ts';
import { sameFamily } from '../../wire/address-family.ts';
import { gatewayHeaders, schemeOf } from '../../wire/connection-manager-headers.ts';
import type { Http1Request } from '../../wire/http1-request-checks.ts';
import { answer, answerHeaders, rawAnswer, upstreamAnswerHeaders } from '../answer.ts';
import { authorizeBy } from '../authorizer/authorize.ts';
import { challenge } from '../challenge.ts';
import type { Source } from '../connection-table.ts';
import type { Core } from '../core.ts';
import { decisionOf, type Failure } from '../error-table.ts';
import type { ForwardReport } from '../forward-http.ts';
import { createHttpLane, type Detached, type HttpLane } from '../http-lane.ts';
import { sourceOf } from '../inbound-connection.ts';
import { readRequest, unreadRequest } from '../inbound-http.ts';
import { makeEvent } from '../make-event.ts';
import { now, type Moment } from '../moment.ts';
import { headerValue, withRequestId } from '../request-headers.ts';
import { verificationBy } from '../token-verification.ts';
import {
  gatewayPeers,
  gatewayPlaceOf,
  type GatewayConnection,
  type GatewayPlace,
} from './gateway-connection.ts';
import { wayOf } from './gateway-destination.ts';

/** What is known of a request when its event is made. */
interface Judged {
  core: Core;
  place: GatewayPlace;
  connection: GatewayConnection;
  source: Source;
  at: Moment;
  request: TrafficEvent['request'];
  decision: Decision;
  explanation: Explanation | null;
  findings: readonly Finding[];
  /** For the client, by an external authorizer or a route. */
  told: HeaderList;
}

function record(judged: Judged, response: TrafficEvent['response']): void {
  const { core, place, connection, source, request } = judged;
  core.record(
    makeEvent({
      kind: 'http',
      direction: 'inbound',
      owner: place.instance.id,
      at: judged.at,
      ...gatewayPeers(place, connection, source),
      tls: connection.tls,
      request,
      response,
      decision: judged.decision,
      explanation: judged.explanation,
      findings: [...connection.findings, ...judged.findings],
      snapshotVersion: place.inForce.snapshot.version,
      requestId: request === null ? null : headerValue(request.headers, 'x-request-id'),
      tag: source.tag,
    }),
  );
}

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
  const asSent = factsOf(base, read.request, read.path, message.url ?? '');
  const { policy } = place.port;
  const verdict = await decideHttp(policy, asSent, askable(base, asSent));
  const { decision, facts, tokens } = verdict;
  const http = facts.http ?? asSent.http;
  const outcome = routeOf(place, verdict, http);
  const judged: Judged = {
    ...base,
    request: { ...http, ...(tokens === undefined ? {} : { claims: tokens.claims }), bodyBytes: 0 },
    decision: outcome.kind === 'answered' ? outcome.decision : decision,
    findings: [...findingsFor(policy, facts, decision), ...tokenFindings(tokens, decision)],
    told: verdict.custom?.responseHeaders ?? [],
  };
  if (outcome.kind === 'answered') {
    const request = decision.phase === 'jwt' ? { ...asSent.http, bodyBytes: 0 } : judged.request;
    const explanation = explain(policy, facts, outcome.decision, tokens);
    const told = [...judged.told, ...outcome.headers];
    await refuse({ ...judged, request, explanation, told }, message, response);
    return;
  }
  await pass(judged, read.request, outcome.route, { message, response, detached });
}

type Base = Pick<Judged, 'core' | 'place' | 'connection' | 'source'>;

/** The request as its filters see it. */
function factsOf(
  { place, connection, source }: Base,
  request: Http1Request,
  path: string,
  target: string,
): RequestFacts & { http: HttpFacts } {
  const { inForce, instance, port } = place;
  const { sourceIp, destinationIp } = sameFamily(source.ip, instance.podIp);
  const { client, certificate } = connection;
  const { headers, remoteIp } = gatewayHeaders(request.headers, {
    ownSpiffeId: instance.spiffeId,
    tls: connection.encrypted,
    client: client === null || certificate === null ? client : { ...client, certificate },
    peer: source.ip,
    trustedProxies: inForce.snapshot.numTrustedProxies ?? 0,
  });
  const scheme = request.absolute
    ? target.slice(0, target.indexOf(':')).toLowerCase()
    : schemeOf(headers, connection.encrypted);
  return {
    connection: {
      sourceIp,
      destinationIp,
      destinationPort: port.at.port,
      principal: connection.spiffeId && principalOf(connection.spiffeId),
      sni: connection.sni,
      mtls: connection.spiffeId !== null,
      remoteIp,
    },
    http: {
      protocol: 'http1',
      method: request.method,
      path,
      rawPath: request.rawPath,
      host: request.host,
      headers: withRequestId(headers),
      scheme,
    },
  };
}

function askable({ core, place, connection, source }: Base, { http }: RequestFacts & { http: HttpFacts }) {
  const { inForce, instance, port } = place;
  return {
    verification: verificationBy(inForce.snapshot, core.signatures),
    authorize: authorizeBy({
      core,
      inForce,
      instance,
      source: { address: source.ip, port: connection.endpoints.remotePort, principal: connection.spiffeId },
      port: port.at.port,
      scheme: connection.encrypted ? 'https' : 'http',
      protocol: http.protocol,
    }),
  };
}

/** Virtual hosts of a port's servers, made once a snapshot. */
const hostsOf = new WeakMap<GatewayPort, Map<PortServer | undefined, VirtualHost[]>>();

function cachedHosts({ port, servers }: GatewayPlace): VirtualHost[] {
  const known = hostsOf.get(port.at) ?? new Map<PortServer | undefined, VirtualHost[]>();
  hostsOf.set(port.at, known);
  const hosts = known.get(servers[0]) ?? virtualHosts(port.at, servers);
  known.set(servers[0], hosts);
  return hosts;
}

function routeOf(
  place: GatewayPlace,
  { decision }: PolicyVerdict,
  http: HttpFacts,
): ReturnType<typeof routeAtGateway> {
  if (decision.verdict === 'deny') return { kind: 'answered', decision, headers: [] };
  return routeAtGateway(cachedHosts(place), http);
}

function refuse(judged: Judged, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const { decision } = judged;
  const headers = [...answerHeaders(decision, 'istio-envoy', judged.told), ...challenge(judged)];
  const bodyBytes = decision.body?.length ?? 0;
  record(judged, { status: decision.status ?? 403, headers, bodyBytes, by: 'sidecar' });
  return answer(message, response, decision, headers);
}

interface Wire {
  message: IncomingMessage;
  response: ServerResponse;
  detached: Detached | null;
}

async function pass(judged: Judged, request: Http1Request, route: VirtualRoute, wire: Wire): Promise<void> {
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
    responseHeaders: (fields) => upstreamAnswerHeaders(fields, 'istio-envoy', told),
    report: (outcome) => report(judged, outcome),
  });
  if (result.kind === 'failed') {
    const sent = { ...http, bodyBytes: result.requestBytes };
    await refuse({ ...judged, request: sent, decision: result.decision }, message, response);
  }
}

function report(judged: Judged, { status, headers, requestBytes, responseBytes, end }: ForwardReport): void {
  const http = judged.request as NonNullable<TrafficEvent['request']>;
  const details = ENDS[end];
  record(
    {
      ...judged,
      request: { ...http, bodyBytes: requestBytes },
      decision: details === null ? judged.decision : { ...judged.decision, details },
    },
    status === null ? null : { status, headers, bodyBytes: responseBytes, by: 'upstream' },
  );
}

const ENDS = {
  complete: null,
  'client-gone': 'downstream_remote_disconnect',
  'upstream-gone': 'upstream_reset_after_response_started{connection_termination}',
} as const;

function broken(core: Core, connection: GatewayConnection, failure: Failure, code: string): string {
  const decision = decisionOf(failure, `${failure}-${code.toLowerCase().replaceAll('_', '-')}`);
  const place = gatewayPlaceOf(core, connection);
  if (place === null) return '';
  const source = sourceOf(core, connection.endpoints);
  const base = { core, place, connection, source, at: now(), request: null };
  const headers = answerHeaders(decision, 'istio-envoy');
  record(
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
