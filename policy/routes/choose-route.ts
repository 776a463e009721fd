/** One request, one decision: which virtual host, which route, which of its destinations. */
import { withoutPort } from '../../wire/name-match.ts';
import type { CompiledRoutes, ForwardAction, Route } from './compiled-routes.ts';
import { takesRequest } from './match-route.ts';
import { redirectLocation } from './redirect-location.ts';
import type { RouteDecision, RoutedRequest } from './route-decision.ts';
import { forwardTo, type HostTable, type PreparedHost } from './route-table.ts';

const NO_ROUTE: RouteDecision = { kind: 'no-route' };

/** `random` gives numbers from 0 up to 1, for weights. */
export function chooseRoute(
  hosts: HostTable,
  compiled: CompiledRoutes,
  request: RoutedRequest,
  random: () => number,
): RouteDecision {
  const host = hostFor(hosts, request.host);
  if (host === null) return NO_ROUTE;
  if (host.always !== null) return host.always;
  const route = host.routes.find((one) => takesRequest(one, request));
  return route === undefined ? NO_ROUTE : decideRoute(route, compiled, request, random);
}

/** The Host without its port, whatever its case: itself, else the longest suffix, else `*`. */
export function hostFor({ exact, suffixes, any }: HostTable, host: string): PreparedHost | null {
  const name = withoutPort(host).toLowerCase();
  const found = exact.get(name);
  if (found !== undefined) return found;
  for (const [suffix, prepared] of suffixes)
    if (name.length > suffix.length && name.endsWith(suffix)) return prepared;
  return any;
}

/** What becomes of a request that `route` takes. */
export function decideRoute(
  route: Route,
  compiled: CompiledRoutes,
  request: RoutedRequest,
  random: () => number,
): RouteDecision {
  const { action } = route;
  switch (action.kind) {
    case 'passthrough':
    case 'unknown-host':
      return { kind: action.kind, route };
    case 'direct-response':
      return { kind: 'direct-response', route, status: action.status, body: action.body };
    case 'redirect':
      return {
        kind: 'redirect',
        route,
        status: action.status,
        location: redirectLocation(route, action, request),
      };
    case 'forward': {
      const destination = pick(action.destinations, random);
      return destination === null ? NO_ROUTE : forwardTo(route, action, destination, compiled);
    }
  }
}

/** By weight; a single destination gets everything. */
export function pick<T extends ForwardAction['destinations'][number]>(
  destinations: readonly T[],
  random: () => number,
): T | null {
  const [only] = destinations;
  if (destinations.length === 1 && only !== undefined) return only;
  let rest = random() * destinations.reduce((sum, { weight }) => sum + weight, 0);
  for (const destination of destinations) {
    rest -= destination.weight;
    if (rest < 0) return destination;
  }
  return destinations.at(-1) ?? null;
}
