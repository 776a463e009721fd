/** A request that a gateway lets in, on its route: faults, CORS, attempts and mirrors as a client's sidecar has them. */
import type { Decision } from '../../model/decision.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { decideRoute } from '../../policy/routes/choose-route.ts';
import type { Route } from '../../policy/routes/compiled-routes.ts';
import { decisionOf } from '../error-table.ts';
import type { ClientSide } from '../routing/client-side.ts';
import { refuse, type Exchange, type ReadRequest } from '../routing/exchange.ts';
import type { Call } from '../routing/outbound-call.ts';
import { carryOut } from '../routing/route-exchange.ts';
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
  const { core, place, connection, source, at, request } = judged;
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
    gateway: {
      told: judged.told,
      record: (call, decision, response) => record(judged, call, decision, response),
    },
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
