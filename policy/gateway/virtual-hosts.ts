/**
 * Virtual hosts of a gateway's servers, as istiod builds them of Gateways and VirtualServices: whose routes a Host
 * meets, in which order, and which hosts are sent to https.
 */
import type { HttpMatchSpec } from '../../model/istio/virtual-service.ts';
import type { Route } from '../routes/compiled-routes.ts';
import { takesEverything } from '../routes/translate-match.ts';
import { translateRoute, type RouteSurroundings } from '../routes/translate-route.ts';
import type { AttachedVirtualService } from '../routes/virtual-services.ts';
import { destinationKey } from './gateway-destinations.ts';
import type { GatewayPort, PortServer } from './read-gateway.ts';
import { sharedNames } from './server-hosts.ts';

export interface VirtualHost {
  /** `shop.example.com`, `*.example.com` or `*`; lower-case. */
  domain: string;
  routes: readonly Route[];
  /** Plaintext requests are answered with a redirect, whatever the routes. */
  httpsOnly: boolean;
}

/** Hosts of `servers`, which share their routes. */
export function virtualHosts(at: GatewayPort, servers: readonly PortServer[]): VirtualHost[] {
  const hosts = new Map<string, { routes: Route[]; httpsOnly: boolean }>();
  const hostOf = (name: string) => {
    const domain = name.toLowerCase();
    const known = hosts.get(domain) ?? { routes: [], httpsOnly: false };
    hosts.set(domain, known);
    return known;
  };
  for (const { gateway, server } of servers) {
    const redirect = server.tls?.httpsRedirect ?? false;
    for (const service of at.virtualServices.filter((one) => one.gateways.includes(gateway))) {
      for (const domain of sharedNames(server.hosts, service)) {
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

/** In the order written, up to the first that takes everything. */
function routesOf(service: AttachedVirtualService, gateway: string, at: GatewayPort): Route[] {
  const surroundings = surroundingsOf(at);
  const routes: Route[] = [];
  for (const sourced of service.http) {
    const matches = sourced.spec.match.length === 0 ? [null] : sourced.spec.match;
    for (const match of matches) {
      if (match !== null && !isFor(match, gateway, at)) continue;
      const route = translateRoute(sourced, match, service, surroundings);
      routes.push(route);
      if (takesEverything(route.match)) return routes;
    }
  }
  return routes;
}

/** Without a port: the service's only one, else the gateway's own (Istio's GetDestinationCluster). */
function surroundingsOf({ port, destinations: { ports, hashes } }: GatewayPort): RouteSurroundings {
  return {
    port,
    portOf: (host) => ports[host] ?? port,
    hashOf: ({ destination }) => hashes[destinationKey(destination)] ?? null,
  };
}

function isFor(match: HttpMatchSpec, gateway: string, at: GatewayPort): boolean {
  if (match.port !== 0 && match.port !== at.port) return false;
  if (match.gateways.length > 0) return match.gateways.includes(gateway);
  const labels = Object.entries(match.sourceLabels).every(([key, value]) => at.labels[key] === value);
  return labels && (match.sourceNamespace === '' || match.sourceNamespace === at.namespace);
}

/** Where several services share a host, what takes everything comes last. */
function catchAllLast(routes: readonly Route[]): Route[] {
  return [
    ...routes.filter(({ match }) => !takesEverything(match)),
    ...routes.filter(({ match }) => takesEverything(match)),
  ];
}
