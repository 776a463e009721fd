/** A VirtualService's HTTP route, for one client at one port → what its sidecar does. */
import type {
  HttpMatchSpec,
  HttpRouteSpec,
  RouteDestinationSpec,
} from '../../model/istio/virtual-service.ts';
import { durationMs } from '../../model/istio/routing-values.ts';
import type {
  ForwardAction,
  HashKey,
  PathRewrite,
  Route,
  RouteAction,
  RouteMatch,
  WeightedDestination,
} from './compiled-routes.ts';
import { clusterName } from './clusters.ts';
import { NO_OPERATIONS, translateHeaders } from './translate-headers.ts';
import { translateMatch } from './translate-match.ts';
import { translateRedirect } from './translate-redirect.ts';
import { millionths, translateCors, translateFault, translateRetries } from './translate-resilience.ts';
import type { MeshVirtualService, SourcedRoute } from './virtual-services.ts';

/** What a route's translation asks of its surroundings. */
export interface RouteSurroundings {
  /** Port that the client connects to. */
  port: number;
  /** Of a destination that names none. */
  portOf(host: string): number;
  hashOf(destination: RouteDestinationSpec): HashKey | null;
}

export function translateRoute(
  { spec, source }: SourcedRoute,
  match: HttpMatchSpec | null,
  virtualService: MeshVirtualService,
  surroundings: RouteSurroundings,
): Route {
  const routeMatch = translateMatch(match, virtualService.gatewayApi ? 'segments' : 'prefix');
  const headers = translateHeaders(spec.headers);
  const action = actionOf(spec, routeMatch, virtualService, headers.host, surroundings);
  const [only, ...others] = action.kind === 'forward' ? action.destinations : [];
  const single = only !== undefined && others.length === 0 && spec.route.length === 1;
  const merged = single ? joinDestination(headers, only) : headers;
  return {
    name: [spec.name, match?.name ?? ''].filter((name) => name !== '').join('.'),
    source,
    match: routeMatch,
    operation: operationOf(routeMatch, single ? only.cluster : null, virtualService.name, surroundings.port),
    requestHeaders: merged.request,
    responseHeaders: merged.response,
    fault: spec.fault === undefined ? null : translateFault(spec.fault),
    cors: spec.corsPolicy === undefined ? null : translateCors(spec.corsPolicy),
    action: single && action.kind === 'forward' ? withOwnHost(action, only) : action,
  };
}

/** One destination's operations come after the route's, as part of them. */
function joinDestination(
  route: ReturnType<typeof translateHeaders>,
  destination: WeightedDestination,
): ReturnType<typeof translateHeaders> {
  const join = (
    one: WeightedDestination['requestHeaders'],
    other: WeightedDestination['requestHeaders'],
  ): WeightedDestination['requestHeaders'] => ({
    remove: [...one.remove, ...other.remove],
    change: [...one.change, ...other.change],
  });
  return {
    request: join(route.request, destination.requestHeaders),
    response: join(route.response, destination.responseHeaders),
    host: route.host,
  };
}

function withOwnHost(action: ForwardAction, destination: WeightedDestination): ForwardAction {
  const bare = { ...destination, requestHeaders: NO_OPERATIONS, responseHeaders: NO_OPERATIONS, host: null };
  return { ...action, destinations: [bare], host: action.host ?? destination.host };
}

function actionOf(
  spec: HttpRouteSpec,
  match: RouteMatch,
  virtualService: MeshVirtualService,
  host: string | null,
  surroundings: RouteSurroundings,
): RouteAction {
  if (spec.redirect !== undefined) return translateRedirect(spec.redirect, surroundings.port);
  if (spec.directResponse !== undefined) {
    const { status, body } = spec.directResponse;
    return { kind: 'direct-response', status, body: body?.string ?? bytesOf(body?.bytes ?? '') };
  }
  return forwardOf(spec, match, virtualService, host, surroundings);
}

/** Base64 → bytes as characters. */
function bytesOf(base64: string): string {
  return atob(base64);
}

declare function atob(base64: string): string;

function forwardOf(
  spec: HttpRouteSpec,
  match: RouteMatch,
  { gatewayApi }: MeshVirtualService,
  host: string | null,
  surroundings: RouteSurroundings,
): ForwardAction {
  const hash = spec.route.map((one) => surroundings.hashOf(one)).find((key) => key !== null) ?? null;
  const used = spec.route.length === 1 ? spec.route : spec.route.filter(({ weight }) => weight > 0);
  const policies = [
    ...(spec.mirror === undefined ? [] : [{ destination: spec.mirror, share: mirrorShare(spec) }]),
    ...spec.mirrors.map(({ destination, percentage }) => ({
      destination,
      share: percentage === undefined ? 1_000_000 : millionths(percentage.value),
    })),
  ];
  return {
    kind: 'forward',
    destinations: used.map((one) => destinationOf(one, surroundings)),
    notFoundStatus: gatewayApi ? 500 : 503,
    timeoutMs: spec.timeout === undefined ? 0 : durationMs(spec.timeout),
    retry: translateRetries(spec.retries, spec.route.length === 1 && hash !== null),
    host: spec.rewrite?.authority || host,
    path: pathRewrite(spec, match, gatewayApi),
    mirrors: policies
      .filter(({ share }) => share > 0)
      .map(({ destination, share }) => ({
        cluster: clusterOf(destination, surroundings),
        millionths: share,
      })),
    hash,
  };
}

function mirrorShare({ mirrorPercentage, mirrorPercent }: HttpRouteSpec): number {
  if (mirrorPercentage !== undefined) return millionths(mirrorPercentage.value);
  return mirrorPercent === undefined ? 1_000_000 : millionths(mirrorPercent);
}

function destinationOf(one: RouteDestinationSpec, surroundings: RouteSurroundings): WeightedDestination {
  const { request, response, host } = translateHeaders(one.headers);
  return {
    cluster: clusterOf(one.destination, surroundings),
    weight: one.weight,
    requestHeaders: request,
    responseHeaders: response,
    host,
  };
}

/** The cluster's name; the port is the destination's own, where it names one. */
export function clusterOf(
  { host, subset, port }: RouteDestinationSpec['destination'],
  { portOf }: Pick<RouteSurroundings, 'portOf'>,
): string {
  return clusterName(host, subset, port?.number ?? portOf(host));
}

function pathRewrite({ rewrite }: HttpRouteSpec, match: RouteMatch, gatewayApi: boolean): PathRewrite | null {
  const regex = rewrite?.uriRegexRewrite;
  if (regex !== undefined)
    return { kind: 'regex', pattern: { pattern: regex.match }, substitution: regex.rewrite };
  if (!rewrite?.uri) return null;
  if (!gatewayApi || rewrite.uri !== '/') return { kind: 'prefix', value: rewrite.uri };
  // The prefix is taken away, and its slash stays.
  const prefix = match.path.kind === 'segments' ? match.path.value : '';
  const quoted = prefix.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
  return { kind: 'regex', pattern: { pattern: `^${quoted}(/?)(.*)` }, substitution: '/\\2' };
}

/** What traces call the route: its one destination, else its VirtualService. */
function operationOf(match: RouteMatch, cluster: string | null, name: string, port: number): string {
  const path = operationPath(match);
  const parts = (cluster ?? '').split('|');
  if (parts.length === 4 && parts[3] !== '') return `${parts[3]}:${parts[1]}${path}`;
  return `${name}:${port}${path}`;
}

function operationPath({ path }: RouteMatch): string {
  switch (path.kind) {
    case 'prefix':
      return `${path.value}*`;
    case 'exact':
      return path.value;
    case 'regex':
      return path.value.pattern;
    case 'segments':
      return '/*';
  }
}
