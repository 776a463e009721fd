/**
 * What a gateway does with a request that its policies let through: hand it on by a route, or answer itself (no route, a
 * redirect to https, a route's own redirect or response, a CORS preflight).
 */
import type { Decision } from '../../model/decision.ts';
import type { HeaderList, HttpFacts } from '../../model/request-facts.ts';
import { bestNameMatch, withoutPort } from '../../wire/name-match.ts';
import { decideRoute } from '../routes/choose-route.ts';
import type { CompiledRoutes, Route } from '../routes/compiled-routes.ts';
import { judgeCors, withCors } from '../routes/cors.ts';
import { takesRequest } from '../routes/match-route.ts';
import { ownLocation, redirectLocation } from '../routes/redirect-location.ts';
import { requestToUpstream } from '../routes/request-upstream.ts';
import type { RoutedRequest } from '../routes/route-decision.ts';
import type { VirtualHost } from './virtual-hosts.ts';

/** Answered in the application's place. */
export interface GatewayAnswer {
  kind: 'answered';
  decision: Decision;
  headers: HeaderList;
}

/** Finds the route of a request, or the answer where there is none. */
export function chooseAtGateway(
  hosts: readonly VirtualHost[],
  http: HttpFacts,
): GatewayAnswer | { kind: 'chosen'; route: Route } {
  const domain = bestNameMatch(
    hosts.map((host) => host.domain),
    withoutPort(http.host),
  );
  const host = hosts.find((one) => one.domain === domain);
  if (host === undefined) return answered(http, 'no-virtual-host', 404, 'route_not_found');
  if (host.httpsOnly && valueOf(http, 'x-forwarded-proto') !== 'https')
    return answered(http, 'https-redirect', 301, 'direct_response', {
      headers: [['location', `https://${http.host}${http.path}`]],
    });
  const request = routed(http);
  const route = host.routes.find((one) => takesRequest(one, request));
  return route === undefined ? answered(http, 'no-route', 404, 'route_not_found') : { kind: 'chosen', route };
}

/** What becomes of a request, as far as its route tells. */
export function routeAtGateway(
  hosts: readonly VirtualHost[],
  http: HttpFacts,
): GatewayAnswer | { kind: 'routed'; upstream: HttpFacts } {
  const choice = chooseAtGateway(hosts, http);
  if (choice.kind === 'answered') return choice;
  return answerOf(choice.route, http) ?? { kind: 'routed', upstream: behind(choice.route, http) };
}

/** As its upstream gets it, whichever of several destinations that is. */
function behind(route: Route, http: HttpFacts): HttpFacts {
  const decision = decideRoute(route, NO_CLUSTERS, routed(http), () => 0);
  if (decision.kind !== 'forward') return http;
  const { path, host, headers } = requestToUpstream(decision, routed(http), NO_CONNECTION);
  return { ...http, path, host, headers };
}

const NO_CLUSTERS: CompiledRoutes = { listeners: [], clusters: {}, outboundTrafficPolicy: 'REGISTRY_ONLY' };

/** For header commands that ask for addresses: what is judged has none. */
const NO_CONNECTION = {
  protocol: 'HTTP/1.1',
  remoteAddress: '',
  remotePort: 0,
  localAddress: '',
  localPort: 0,
} as const;

/** The route's own answer: to a preflight, a redirect, a response; null = it leads somewhere. */
function answerOf(route: Route, http: HttpFacts): GatewayAnswer | null {
  const request = routed(http);
  const { cors, action, fault } = route;
  // Some of many is for the wire to draw.
  if (fault?.abort && fault.abort.millionths >= ALL)
    return answered(http, 'fault-abort', fault.abort.kind === 'http' ? fault.abort.status : 200, FAULT, {
      body: 'fault filter abort',
    });
  const { preflight, allowed } = cors === null ? NO_CORS : judgeCors(cors, request);
  if (cors !== null && preflight !== null)
    return answered(http, 'cors-preflight', 200, 'cors_response', {
      headers: allowed === null ? preflight : withCors(preflight, cors, allowed),
    });
  if (action.kind === 'redirect')
    return answered(http, 'route-redirect', action.status, 'direct_response', {
      headers: [['location', redirectLocation(route, action, request)]],
    });
  if (action.kind !== 'direct-response') return null;
  const { status, body } = action;
  const moved = status === 201 || (status >= 300 && status < 400);
  return answered(http, 'route-response', status, 'direct_response', {
    headers: moved ? [['location', ownLocation(route, request)]] : [],
    body,
  });
}

const ALL = 1_000_000;
const FAULT = 'fault_filter_abort';
const NO_CORS = { preflight: null, allowed: null };

function routed({ method, host, path, headers }: HttpFacts): RoutedRequest {
  return { method, host, path, headers };
}

/** gRPC has an answer of its own: 200, and its status in a trailer. */
function answered(
  { protocol }: HttpFacts,
  reason: string,
  status: number,
  details: string,
  { headers = [], body = '' }: { headers?: HeaderList; body?: string } = {},
): GatewayAnswer {
  const grpc = protocol === 'grpc';
  const decision: Decision = {
    verdict: 'deny',
    phase: 'route',
    reason,
    matched: null,
    status: grpc ? 200 : status,
    body: grpc ? '' : body,
    details,
  };
  return { kind: 'answered', decision, headers };
}

function valueOf(http: HttpFacts, name: string): string | null {
  return http.headers.find(([header]) => header === name)?.[1] ?? null;
}
