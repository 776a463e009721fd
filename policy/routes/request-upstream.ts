/** A request as its upstream is to see it, and a response as the client is: what the chosen route changes of them. */
import type { HeaderList } from '../../model/request-facts.ts';
import type { HeaderOperations, Route, WeightedDestination } from './compiled-routes.ts';
import type { CommandFacts } from './header-commands.ts';
import { applyOperations, setHeader } from './header-operations.ts';
import { rewritePath } from './rewrite-path.ts';
import type { ForwardDecision, RoutedRequest } from './route-decision.ts';

/** What the connection tells. */
export type ConnectionCommandFacts = Pick<
  CommandFacts,
  'protocol' | 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort'
>;

/** The client's request with what Envoy adds before any route is looked at; `operation` of its route is set here. */
export function withOperation(headers: HeaderList, { operation }: Route): HeaderList {
  return operation === null ? headers : setHeader(headers, 'x-envoy-decorator-operation', operation);
}

/** Header operations, then the host, then the path; what they were before is told in Envoy's own fields. */
export function requestToUpstream(
  { route, action, destination }: ForwardDecision,
  request: RoutedRequest,
  connection: ConnectionCommandFacts,
): RoutedRequest {
  let { headers } = request;
  for (const operations of operationsOf(destination.requestHeaders, route.requestHeaders))
    headers = applyOperations(headers, operations, (current) => ({
      ...connection,
      request: withPseudo(current, request),
      response: [],
      routeName: route.name,
    }));
  const host = destination.host ?? action.host;
  if (host !== null) headers = setHeader(headers, 'x-envoy-original-host', request.host);
  let { path } = request;
  if (action.path !== null) {
    headers = setHeader(headers, 'x-envoy-original-path', path);
    path = rewritePath(route.match, action.path, path);
  }
  return { ...request, headers, path, host: host ?? request.host };
}

/** What the client gets of an answer, the upstream's or the sidecar's own. */
export function responseToClient(
  route: Route,
  destination: Pick<WeightedDestination, 'responseHeaders'> | null,
  answered: HeaderList,
  request: RoutedRequest,
  connection: ConnectionCommandFacts,
): HeaderList {
  let headers = answered;
  for (const operations of operationsOf(destination?.responseHeaders ?? null, route.responseHeaders))
    headers = applyOperations(headers, operations, (current) => ({
      ...connection,
      request: withPseudo(request.headers, request),
      response: current,
      routeName: route.name,
    }));
  return headers;
}

/** Of a destination among several first, then of the route. */
function operationsOf(destination: HeaderOperations | null, route: HeaderOperations): HeaderOperations[] {
  return destination === null ? [route] : [destination, route];
}

function withPseudo(headers: HeaderList, { path, host, method }: RoutedRequest): HeaderList {
  return [[':path', path], [':authority', host], ['host', host], [':method', method], ...headers];
}
