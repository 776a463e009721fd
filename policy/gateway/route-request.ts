/**
 * What a gateway does with a request that its policies let through: hand it on, or answer itself (no route, a redirect
 * to https, a route's own redirect or response, a CORS preflight).
 */
import type { StringMatch, VirtualRoute, VirtualRouteMatch } from '../../model/istio/gateway-routing.ts';
import type { Decision } from '../../model/decision.ts';
import type { HeaderList, HttpFacts } from '../../model/request-facts.ts';
import { bestNameMatch, withoutPort } from '../../wire/name-match.ts';
import { withoutQuery } from '../attributes.ts';
import type { GatewayRoute, VirtualHost } from './virtual-hosts.ts';

/** What becomes of a request. */
export type GatewayOutcome =
  /** Answered in the application's place. */
  { kind: 'answered'; decision: Decision; headers: HeaderList } | { kind: 'routed'; route: VirtualRoute };

/** Finds the route of a request, or the answer in its place. */
export function routeAtGateway(hosts: readonly VirtualHost[], http: HttpFacts): GatewayOutcome {
  const domain = bestNameMatch(
    hosts.map((host) => host.domain),
    withoutPort(http.host),
  );
  const host = hosts.find((one) => one.domain === domain);
  if (host === undefined) return answered(http, 'no-virtual-host', 404, 'route_not_found');
  if (host.httpsOnly && valueOf(http, 'x-forwarded-proto') !== 'https')
    return answered(http, 'https-redirect', 301, 'direct_response', {
      location: `https://${http.host}${http.path}`,
    });
  const found = host.routes.find((route) => takes(route, http));
  if (found === undefined) return answered(http, 'no-route', 404, 'route_not_found');
  const { redirect, directResponse, corsPolicy } = found.route;
  if (corsPolicy && isPreflight(http)) {
    const origin = valueOf(http, 'origin') ?? '';
    const allowed = corsPolicy.allowOrigins.some((one) => matches(one, origin));
    if (allowed || corsPolicy.unmatchedPreflights === 'IGNORE')
      return answered(
        http,
        'cors-preflight',
        200,
        'cors_response',
        allowed ? preflightHeaders(corsPolicy, origin) : {},
      );
  }
  if (redirect)
    return answered(http, 'route-redirect', redirect.redirectCode ?? 301, 'direct_response', {
      location: redirectedTo(redirect, http),
    });
  if (directResponse)
    return answered(
      http,
      'route-response',
      directResponse.status,
      'direct_response',
      {},
      directResponse.body?.string,
    );
  return { kind: 'routed', route: found.route };
}

/** What a route's CORS policy adds to the application's own answer. */
export function corsHeaders({ corsPolicy }: VirtualRoute, http: HttpFacts): HeaderList {
  const origin = valueOf(http, 'origin');
  if (!corsPolicy || origin === null || !corsPolicy.allowOrigins.some((one) => matches(one, origin)))
    return [];
  return pairs({
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': corsPolicy.allowCredentials ? 'true' : undefined,
    'access-control-expose-headers': listed(corsPolicy.exposeHeaders),
  });
}

type CorsPolicy = NonNullable<VirtualRoute['corsPolicy']>;
type Told = Readonly<Record<string, string | undefined>>;

function preflightHeaders(cors: CorsPolicy, origin: string): Told {
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': cors.allowCredentials ? 'true' : undefined,
    'access-control-allow-methods': listed(cors.allowMethods),
    'access-control-allow-headers': listed(cors.allowHeaders),
    'access-control-max-age': cors.maxAge?.replace(/s$/, ''),
  };
}

function listed(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : names.join(',');
}

function pairs(told: Told): HeaderList {
  return Object.entries(told).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
}

/** Query and port of the Host are kept, the scheme is what the request came by, as Envoy has it. */
function redirectedTo(redirect: NonNullable<VirtualRoute['redirect']>, http: HttpFacts): string {
  const scheme = redirect.scheme ?? (valueOf(http, 'x-forwarded-proto') === 'https' ? 'https' : 'http');
  const named = redirect.authority ?? http.host;
  const host = redirect.port === undefined ? named : `${withoutPort(named)}:${redirect.port}`;
  const query = http.path.indexOf('?');
  const path =
    redirect.uri === undefined ? http.path : redirect.uri + (query < 0 ? '' : http.path.slice(query));
  return `${scheme}://${host}${path}`;
}

function answered(
  http: HttpFacts,
  reason: string,
  status: number,
  details: string,
  told: Told = {},
  body = '',
): GatewayOutcome {
  const grpc = http.protocol === 'grpc';
  const decision: Decision = {
    verdict: 'deny',
    phase: 'route',
    reason,
    matched: null,
    status: grpc ? 200 : status,
    body: grpc ? '' : body,
    details,
  };
  return { kind: 'answered', decision, headers: pairs(told) };
}

function isPreflight(http: HttpFacts): boolean {
  return (
    http.method === 'OPTIONS' &&
    (valueOf(http, 'origin') ?? '') !== '' &&
    (valueOf(http, 'access-control-request-method') ?? '') !== ''
  );
}

function takes({ match }: GatewayRoute, http: HttpFacts): boolean {
  if (match === null) return true;
  return (
    takesPath(match, withoutQuery(http.path)) &&
    (match.method === undefined || matches(match.method, http.method)) &&
    (match.authority === undefined || matches(match.authority, http.host)) &&
    Object.entries(match.headers).every(([name, wanted]) => hasHeader(http, name, wanted)) &&
    !Object.entries(match.withoutHeaders).some(([name, wanted]) => hasHeader(http, name, wanted))
  );
}

function takesPath({ uri, ignoreUriCase }: VirtualRouteMatch, path: string): boolean {
  if (uri === undefined) return true;
  if (!ignoreUriCase) return matches(uri, path);
  const lower = 'exact' in uri ? { exact: uri.exact.toLowerCase() } : { prefix: uri.prefix.toLowerCase() };
  return matches(lower, path.toLowerCase());
}

/** Any value of a header sent several times. */
function hasHeader(http: HttpFacts, name: string, wanted: StringMatch | Record<string, never>): boolean {
  const values = http.headers.filter(([header]) => header === name.toLowerCase()).map(([, value]) => value);
  if (!('exact' in wanted) && !('prefix' in wanted)) return values.length > 0;
  return values.some((value) => matches(wanted as StringMatch, value));
}

function matches(match: StringMatch, text: string): boolean {
  return 'exact' in match ? text === match.exact : text.startsWith(match.prefix);
}

function valueOf(http: HttpFacts, name: string): string | null {
  return http.headers.find(([header]) => header === name)?.[1] ?? null;
}
