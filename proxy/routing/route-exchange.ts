/**
 * One outbound request on its way: the route is chosen, its fault happens, its CORS policy answers, and then it is
 * answered here or sent to a cluster. In Envoy's order of filters: fault, CORS, router.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Decision } from '../../model/decision.ts';
import type { HeaderList } from '../../model/request-facts.ts';
import { chooseRoute } from '../../policy/routes/choose-route.ts';
import type { Cluster, Route } from '../../policy/routes/compiled-routes.ts';
import { judgeCors, withCors } from '../../policy/routes/cors.ts';
import { drawFault, NO_FAULT, type FaultDraw } from '../../policy/routes/fault.ts';
import { ownLocation } from '../../policy/routes/redirect-location.ts';
import { withOperation, type ConnectionCommandFacts } from '../../policy/routes/request-upstream.ts';
import type { ForwardDecision, RouteDecision } from '../../policy/routes/route-decision.ts';
import { listenerAt } from '../../policy/routes/route-table.ts';
import { decisionOf, endedAs } from '../error-table.ts';
import { edgeFaults, type EdgeFaults } from '../faults/edge-faults.ts';
import type { ClientSide } from './client-side.ts';
import { protocolOf, refuse, type Exchange, type ReadRequest } from './exchange.ts';
import { forwardRouted, ROUTED } from './forward-routed.ts';
import { originalDestination, passthroughCluster, type OriginalDestination } from './original-destination.ts';
import { recordRouted, serverFields, type Call } from './outbound-call.ts';
import { localReply, type RouteReply } from './route-reply.ts';

/** Carries the request to its end; one event. */
export async function routeExchange(call: Call, client: ClientSide, request: ReadRequest): Promise<void> {
  const { inForce, caller, connection } = call;
  const table = inForce.routes(caller);
  const to = originalDestination(inForce, connection, request.host);
  const exchange: Exchange = {
    call,
    client,
    request,
    to,
    facts: factsOf(call, to),
    faults: null,
    flags: [],
    sent: request,
    origin: null,
  };
  const hosts = listenerAt(table, to.address, to.port)?.hosts ?? null;
  if (hosts === null) {
    await withoutListener(exchange, table.compiled.outboundTrafficPolicy);
    return;
  }
  const decision = chooseRoute(hosts, table.compiled, request, Math.random);
  if (decision.kind === 'no-route') {
    await refuse(exchange, null, { decision: decisionOf('route-not-found') }, 'NR');
    return;
  }
  await carryOut(exchange, decision);
}

/** No service has this port: Istio has no HTTP listener on it, and the connection closes without a word or passes. */
async function withoutListener(exchange: Exchange, policy: 'REGISTRY_ONLY' | 'ALLOW_ANY'): Promise<void> {
  if (policy === 'ALLOW_ANY') {
    await passThrough(exchange, null);
    return;
  }
  recordRouted(
    exchange.call,
    { verdict: 'deny', phase: 'egress', reason: 'unknown-port', matched: null },
    null,
  );
  exchange.client.close();
}

function factsOf({ caller, connection }: Call, to: OriginalDestination): ConnectionCommandFacts {
  return {
    protocol: 'HTTP/1.1',
    remoteAddress: caller.podIp,
    remotePort: connection.endpoints.remotePort,
    localAddress: to.address,
    localPort: to.port,
  };
}

/** Does what was decided: fault, CORS, and then the route's own answer or its cluster. */
export async function carryOut(
  exchange: Exchange,
  decision: Exclude<RouteDecision, { kind: 'no-route' }>,
): Promise<void> {
  const { route } = decision;
  const { call } = exchange;
  exchange.request.headers = withOperation(exchange.request.headers, route);
  if (call.request !== null) call.request = { ...call.request, headers: exchange.request.headers };
  call.route = { source: route.source, cluster: null, attempts: 0, flags: '', mirrors: [] };
  const entry = decision.kind === 'forward' ? decision : null;
  if (entry?.cluster) {
    exchange.faults = edgeFaults(call.inForce, call.caller, entry.cluster);
    if (exchange.faults !== null) call.findings = exchange.faults.findings;
  }
  const drawn = route.fault === null ? NO_FAULT : drawFault(route.fault, Math.random);
  if (await injected(exchange, route, entry, withEdge(drawn, exchange.faults))) return;
  if (await preflightAnswered(exchange, route)) return;
  switch (decision.kind) {
    case 'unknown-host':
      await refuse(exchange, null, { decision: decisionOf('unknown-host') }, '');
      return;
    case 'passthrough':
      await passThrough(exchange, route);
      return;
    case 'direct-response':
    case 'redirect':
      await answerDirectly(exchange, decision);
      return;
    case 'forward':
      await forwardRouted(exchange, decision);
      return;
  }
}

/** The edge's faults come on top of the route's own. */
function withEdge({ delayMs, abort }: FaultDraw, edge: EdgeFaults | null): FaultDraw {
  if (edge === null) return { delayMs, abort };
  return {
    delayMs: delayMs + edge.delayMs,
    abort: edge.abort === null ? abort : { kind: 'http', status: edge.abort },
  };
}

/** Whether the fault was an answer. Response operations apply where the route leads to a cluster. */
async function injected(
  exchange: Exchange,
  route: Route,
  entry: ForwardDecision | null,
  { delayMs, abort }: FaultDraw,
): Promise<boolean> {
  if (delayMs > 0) {
    exchange.flags.push('DI');
    await wait(delayMs);
    if (exchange.client.over) {
      leftWhileDelayed(exchange);
      return true;
    }
  }
  if (abort === null) return false;
  const decision: Decision = {
    verdict: 'deny',
    phase: 'route',
    reason: 'fault-abort',
    matched: null,
    status: abort.kind === 'http' ? abort.status : 200,
    body: 'fault filter abort',
    details: 'fault_filter_abort',
  };
  const reply: RouteReply = { decision, ...(abort.kind === 'grpc' ? { grpcStatus: abort.status } : {}) };
  await refuse(exchange, entry === null ? null : { route, destination: entry.destination }, reply, 'FI');
  return true;
}

/** A client that doesn't wait so long is told as Envoy does. */
function leftWhileDelayed({ call, flags }: Exchange): void {
  if (call.route !== undefined) call.route = { ...call.route, flags: [...flags, 'DC'].join(',') };
  recordRouted(call, endedAs(ROUTED, 'client-gone'), null);
}

async function preflightAnswered(exchange: Exchange, { cors }: Route): Promise<boolean> {
  if (cors === null) return false;
  const { preflight, allowed } = judgeCors(cors, exchange.request);
  exchange.origin = allowed;
  if (preflight === null) return false;
  const { call, client } = exchange;
  const decision: Decision = {
    verdict: 'deny',
    phase: 'route',
    reason: 'cors-preflight',
    matched: null,
    status: 200,
    details: 'cors_response',
  };
  const headers = allowed === null ? preflight : withCors(preflight, cors, allowed);
  const answer = localReply(
    { ...exchange.request, protocol: protocolOf(call), last: serverFields(call) },
    { decision, headers, plain: true },
  );
  recordRouted(call, decision, { status: 200, headers: answer.headers, bodyBytes: 0, by: 'sidecar' });
  await client.answer(answer);
  return true;
}

async function answerDirectly(
  exchange: Exchange,
  decision: Extract<RouteDecision, { kind: 'direct-response' | 'redirect' }>,
): Promise<void> {
  const { route, status } = decision;
  const location = decision.kind === 'redirect' ? decision.location : ownLocation(route, exchange.request);
  const headers: HeaderList =
    status === 201 || (status >= 300 && status < 400) ? [['location', location]] : [];
  const answered: Decision = {
    verdict: 'deny',
    phase: 'route',
    reason: decision.kind === 'redirect' ? 'route-redirect' : 'route-response',
    matched: null,
    status,
    body: decision.kind === 'redirect' ? '' : decision.body,
    details: 'direct_response',
  };
  await refuse(exchange, { route, destination: null }, { decision: answered, headers }, '');
}

/** Unknown hosts and ports under ALLOW_ANY: to the address that the client meant, in its own protocol. */
async function passThrough(exchange: Exchange, route: Route | null): Promise<void> {
  const { protocol } = exchange.call.request ?? { protocol: 'http1' };
  const cluster: Cluster = passthroughCluster(protocol === 'http1' ? 'http1' : 'http2');
  const decision = passthroughDecision(cluster, route);
  await forwardRouted(exchange, decision);
}

const NOTHING = { remove: [], change: [] };

function passthroughDecision(cluster: Cluster, route: Route | null): ForwardDecision {
  const destination = {
    cluster: cluster.name,
    weight: 1,
    requestHeaders: NOTHING,
    responseHeaders: NOTHING,
    host: null,
  };
  const action = {
    kind: 'forward' as const,
    destinations: [destination],
    notFoundStatus: 503 as const,
    timeoutMs: 0,
    retry: null,
    host: null,
    path: null,
    mirrors: [],
    hash: null,
  };
  const unknown: Route = {
    name: 'passthrough',
    source: null,
    match: { path: { kind: 'prefix', value: '/' }, ignoreCase: false, headers: [], query: [] },
    operation: null,
    requestHeaders: NOTHING,
    responseHeaders: NOTHING,
    fault: null,
    cors: null,
    action,
  };
  return { kind: 'forward', route: route ?? unknown, action, destination, cluster, plain: false };
}
