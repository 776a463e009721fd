/** Filter chains of connections whose bytes nobody reads: a service's port, its VirtualServices' tcp and tls routes. */
import type { BytesMatchSpec, TcpRouteSpec } from '../../model/istio/virtual-service-bytes.ts';
import { clusterName } from './clusters.ts';
import type { TcpChain, WeightedDestination } from './compiled-routes.ts';
import type { Addition } from './listeners.ts';
import type { RouteServicePort } from './route-services.ts';
import { namesService } from './sidecar-scope.ts';
import { NO_OPERATIONS } from './translate-headers.ts';
import { clusterOf } from './translate-route.ts';
import type { MeshVirtualService } from './virtual-services.ts';

/** Where a service's chains stand. */
export interface ChainSite {
  /** Whose the listener is: of the service's address, or of every address. */
  listener: 'own' | 'shared';
  /** The service's block, where it has one. */
  cidrs: string[];
}

/** Chains of a port that speaks plain bytes. */
export function tcpChains(addition: Addition, { cidrs }: ChainSite): TcpChain[] {
  const chains: TcpChain[] = [];
  for (const virtualService of namingService(addition)) {
    for (const route of virtualService.tcp) {
      const taken = chainOfRoute(route, addition, cidrs);
      if (taken === null) continue;
      chains.push(taken);
      if (taken.cidrs === cidrs) return chains;
    }
  }
  if (chains.some((chain) => chain.cidrs.toSorted().join() === cidrs.toSorted().join())) return chains;
  return [...chains, ownChain(addition, cidrs, [])];
}

/**
 * Chains of a port that speaks TLS: by the server names of its tls routes; a service without any has its own chain.
 * Where its listener is everybody's, the server name tells it from others.
 */
export function tlsChains(addition: Addition, { listener, cidrs }: ChainSite): TcpChain[] {
  const routed: TcpChain[] = [];
  // Istio: subnets of one match are those of the next without any, too.
  let blocks = cidrs;
  for (const { spec, source } of namingService(addition).flatMap(({ tls }) => tls)) {
    for (const match of spec.match.filter((one) => isForClient(one, addition))) {
      if (match.destinationSubnets.length > 0) blocks = match.destinationSubnets;
      routed.push({
        cidrs: blocks,
        serverNames: serverNamesOf(match.sniHosts),
        destinations: destinationsOf(spec.route, addition),
        hashSourceIp: hashesSourceIp(addition),
        source,
      });
    }
  }
  if (routed.length > 0) return routed;
  const serverNames = listener === 'shared' ? serverNamesOf([addition.service.host]) : [];
  return [ownChain(addition, cidrs, serverNames)];
}

/** Server names of a chain: one `*` among them takes every connection, TLS or not. */
export function serverNamesOf(names: readonly string[]): string[] {
  return names.includes('*') ? [] : names.map((name) => name.toLowerCase());
}

function namingService({ egress, service }: Addition): MeshVirtualService[] {
  return egress.virtualServices.filter(({ hosts }) => hosts.some((host) => namesService(host, service.host)));
}

function isForClient(match: BytesMatchSpec, { client, port }: Addition): boolean {
  const { sourceLabels, sourceNamespace, gateways } = match;
  return (
    Object.entries(sourceLabels).every(([key, value]) => client.labels[key] === value) &&
    (gateways.length === 0 || gateways.includes('mesh')) &&
    (match.port === 0 || match.port === port.port) &&
    (sourceNamespace === '' || sourceNamespace === client.namespace)
  );
}

/** null: not for this client or port. With the service's own addresses it takes all that is left. */
function chainOfRoute(
  { spec, source }: MeshVirtualService['tcp'][number],
  addition: Addition,
  cidrs: string[],
): TcpChain | null {
  const fitting = spec.match.filter((match) => isForClient(match, addition));
  if (spec.match.length > 0 && fitting.length === 0) return null;
  const subnets: string[] = [];
  for (const { destinationSubnets } of fitting) {
    if (destinationSubnets.length === 0) break;
    subnets.push(...destinationSubnets);
  }
  const everywhere =
    spec.match.length === 0 || fitting.some((match) => match.destinationSubnets.length === 0);
  return {
    cidrs: everywhere ? cidrs : subnets,
    serverNames: [],
    destinations: destinationsOf(spec.route, addition),
    hashSourceIp: hashesSourceIp(addition),
    source,
  };
}

function ownChain(addition: Addition, cidrs: string[], serverNames: string[]): TcpChain {
  const { service, port } = addition;
  const target = service.ports.length === 1 ? (service.ports[0] as RouteServicePort).port : port.port;
  return {
    cidrs,
    serverNames,
    destinations: [destination(clusterName(service.host, '', target), 1)],
    hashSourceIp: hashesSourceIp(addition),
    source: null,
  };
}

/** Without a port: the service's only one, else that of the connection. */
function destinationsOf(route: TcpRouteSpec['route'], { serviceOf, port }: Addition): WeightedDestination[] {
  return weightedDestinations(route, (host) => {
    const [only, ...others] = serviceOf(host)?.ports ?? [];
    return only !== undefined && others.length === 0 ? only.port : port.port;
  });
}

/** Destinations with a share; `portOf`: of a host where the destination names none. */
export function weightedDestinations(
  route: TcpRouteSpec['route'],
  portOf: (host: string) => number,
): WeightedDestination[] {
  const used = route.length === 1 ? route : route.filter(({ weight }) => weight > 0);
  return used.map((one) => destination(clusterOf(one.destination, { portOf }), one.weight || 1));
}

function destination(cluster: string, weight: number): WeightedDestination {
  return { cluster, weight, requestHeaders: NO_OPERATIONS, responseHeaders: NO_OPERATIONS, host: null };
}

function hashesSourceIp({ ruleFor, service }: Addition): boolean {
  return ruleFor(service)?.trafficPolicy?.loadBalancer?.consistentHash?.useSourceIp ?? false;
}
