/** A request that a gateway lets in, on its route: faults, CORS, attempts and mirrors as a client's sidecar has them. */
import type { Decision } from '../../model/decision.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { decideRoute } from '../../policy/routes/choose-route.ts';
import type { Route } from '../../policy/routes/compiled-routes.ts';
import { schemeOf } from '../../wire/connection-manager-headers.ts';
import { decisionOf } from '../error-table.ts';
import type { ClientSide } from '../routing/client-side.ts';
import { refuse, type Exchange, type ReadRequest } from '../routing/exchange.ts';
import type { Call, ToldByGateway } from '../routing/outbound-call.ts';
import { carryOut } from '../routing/route-exchange.ts';
import { gatewayPeers } from './gateway-connection.ts';
import { recordGateway, type GatewayPassed } from './gateway-judge.ts';

/** Carries the request to its end; one event. */
export async function carryOn(
  judged: GatewayPassed,
  route: Route,
  client: ClientSide,
  asked: Pick<ReadRequest, 'scheme' | 'neverIndexed' | 'body'>,
): Promise<void> {
  const { place, connection, source, request } = judged;
  const { method, path, host, headers } = request;
  const { compiled } = place.inForce.routes(place.instance);
  const to = { address: place.instance.podIp, port: place.port.at.port };
  const read: ReadRequest = { ...asked, method, path, host, headers };
  const exchange: Exchange = {
    call: callOf(judged),
    client,
    request: read,
    to,
    facts: {
      protocol: request.protocol === 'http1' ? 'HTTP/1.1' : 'HTTP/2',
      remoteAddress: source.ip,
      remotePort: connection.endpoints.remotePort,
      localAddress: to.address,
      localPort: to.port,
    },
    faults: null,
    flags: [],
    sent: read,
    origin: null,
  };
  const decision = decideRoute(route, compiled, read, Math.random);
  if (decision.kind === 'no-route')
    await refuse(exchange, null, { decision: decisionOf('route-not-found') }, 'NR');
  else await carryOut(exchange, decision);
}

function callOf(judged: GatewayPassed): Call {
  const { core, place, connection, source, at, request, contexts } = judged;
  const { inForce, instance, port } = place;
  const aim = { kind: 'gateway', ip: instance.podIp, port: port.at.port } as const;
  return {
    core,
    connection: { ...connection, key: String(port.at.port), aim },
    inForce,
    caller: instance,
    at,
    tag: source.tag,
    request,
    // Overwritten on the way, and not what a gateway tells.
    to: inForce.peer(instance.podIp, port.at.port, instance.spiffeId),
    tls: null,
    ...(contexts === undefined ? {} : { contexts }),
    gateway: {
      told: judged.told,
      byNumbers: byNumbers(judged),
      record: (call, decision, response) => record(judged, call, decision, response),
    },
  };
}

/** null where something of this one alone has to be told, which has no place among numbers. */
function byNumbers({
  place,
  connection,
  source,
  request,
  decision,
  findings,
}: GatewayPassed): ToldByGateway | null {
  if (findings.length > 0 || request.claims !== undefined) return null;
  if (request.scheme !== undefined && request.scheme !== schemeOf(request.headers, connection.encrypted))
    return null;
  return {
    request,
    way: [place.inForce, place.port, source.ip, source.tag, decision.matched, decision.reason],
    shared: (route) => ({
      direction: 'inbound',
      owner: place.instance.id,
      ...gatewayPeers(place, connection, source),
      tls: connection.tls,
      decision,
      findings: connection.findings,
      snapshotVersion: place.inForce.snapshot.version,
      tag: source.tag,
      route,
    }),
  };
}

/** The request is told as the policies saw it: what its route made of it is the upstream's. */
function record(
  judged: GatewayPassed,
  call: Call,
  decision: Decision,
  response: TrafficEvent['response'],
): void {
  const { details } = decision;
  const allowed = decision.verdict === 'allow';
  recordGateway(
    {
      ...judged,
      request: { ...judged.request, bodyBytes: call.request?.bodyBytes ?? 0 },
      decision: allowed ? { ...judged.decision, ...(details === undefined ? {} : { details }) } : decision,
      explanation: decision.phase === 'route' ? judged.explainRoute(decision) : null,
      findings: [...judged.findings, ...(call.findings ?? [])],
      ...(call.route === undefined ? {} : { route: call.route }),
    },
    response,
  );
}
