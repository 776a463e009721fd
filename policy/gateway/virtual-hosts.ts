/**
 * Virtual hosts of a gateway's servers, as istiod builds them of Gateways and VirtualServices: whose routes a Host
 * meets, in which order, and which hosts are sent to https.
 */
import type { VirtualRoute, VirtualRouteMatch } from '../../model/istio/gateway-routing.ts';
import { narrowerName } from '../../wire/name-match.ts';
import { type GatewayPort, type NamedVirtualService, type PortServer, qualified } from './read-gateway.ts';

/** A route with one of its matches; null = it takes everything. */
export interface GatewayRoute {
  route: VirtualRoute;
  match: VirtualRouteMatch | null;
}

export interface VirtualHost {
  /** `shop.example.com`, `*.example.com` or `*`; lower-case. */
  domain: string;
  routes: readonly GatewayRoute[];
  /** Plaintext requests are answered with a redirect, whatever the routes. */
  httpsOnly: boolean;
}

/** Hosts of `servers`, which share their routes. */
export function virtualHosts(at: GatewayPort, servers: readonly PortServer[]): VirtualHost[] {
  const hosts = new Map<string, { routes: GatewayRoute[]; httpsOnly: boolean }>();
  const hostOf = (name: string) => {
    const domain = name.toLowerCase();
    const known = hosts.get(domain) ?? { routes: [], httpsOnly: false };
    hosts.set(domain, known);
    return known;
  };
  for (const { gateway, server } of servers) {
    const redirect = server.tls?.httpsRedirect ?? false;
    for (const service of at.virtualServices.filter((one) => one.gateways.includes(gateway))) {
      for (const domain of sharedHosts(server.hosts, service)) {
        const host = hostOf(domain);
        host.routes.push(...routesOf(service, gateway, at));
        host.httpsOnly ||= redirect;
      }
    }
    if (redirect) for (const name of server.hosts) hostOf(name).httpsOnly = true;
  }
  return [...hosts].map(([domain, { routes, httpsOnly }]) => ({
    domain,
    routes: catchAllLast(routes),
    httpsOnly,
  }));
}

/** Names that are both the server's and the service's. */
function sharedHosts(serverHosts: readonly string[], { namespace, spec }: NamedVirtualService): string[] {
  const shared = serverHosts
    .map((host): [string, string] => {
      const slash = host.indexOf('/');
      return slash < 0 ? ['*', host] : [host.slice(0, slash), host.slice(slash + 1)];
    })
    .filter(([owner]) => owner === '*' || owner === namespace)
    .flatMap(([, host]) => spec.hosts.map((other) => narrowerName(host, other)))
    .filter((name) => name !== null);
  return [...new Set(shared)];
}

/** In the order written, up to the first that takes everything. */
function routesOf(
  { namespace, spec }: NamedVirtualService,
  gateway: string,
  at: GatewayPort,
): GatewayRoute[] {
  const routes: GatewayRoute[] = [];
  for (const route of spec.http) {
    const matches: (VirtualRouteMatch | null)[] = route.match.length === 0 ? [null] : route.match;
    for (const match of matches) {
      if (match !== null && !isFor(match, namespace, gateway, at)) continue;
      const one = { route, match };
      routes.push(one);
      if (takesAll(one)) return routes;
    }
  }
  return routes;
}

function isFor(match: VirtualRouteMatch, namespace: string, gateway: string, at: GatewayPort): boolean {
  if (match.port !== undefined && match.port !== at.port) return false;
  if (match.gateways.length > 0) return match.gateways.some((one) => qualified(one, namespace) === gateway);
  const labels = Object.entries(match.sourceLabels).every(([key, value]) => at.labels[key] === value);
  return labels && (match.sourceNamespace === '' || match.sourceNamespace === at.namespace);
}

/** Where several services share a host, what takes everything comes last. */
function catchAllLast(routes: readonly GatewayRoute[]): GatewayRoute[] {
  return [...routes.filter((one) => !takesAll(one)), ...routes.filter(takesAll)];
}

function takesAll({ match }: GatewayRoute): boolean {
  if (match === null) return true;
  const { uri, method, authority, headers, withoutHeaders } = match;
  const conditions = Object.keys(headers).length + Object.keys(withoutHeaders).length;
  const anyPath = uri === undefined || ('prefix' in uri && uri.prefix === '/' && !match.ignoreUriCase);
  return anyPath && method === undefined && authority === undefined && conditions === 0;
}
