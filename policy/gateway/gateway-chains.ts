/**
 * Where a gateway's connections go whose bytes nobody reads, as istiod builds their chains: `tcp` routes for servers
 * that end TLS or know none, `tls` routes by server name for those that pass it on. At gateways Istio looks at nothing
 * of a match but its port, its gateways and its server names.
 */
import type { BytesMatchSpec } from '../../model/istio/virtual-service-bytes.ts';
import { serverNamesOf, weightedDestinations } from '../routes/byte-chains.ts';
import type { TcpChain } from '../routes/compiled-routes.ts';
import type { AttachedVirtualService } from '../routes/virtual-services.ts';
import { type DestinationFacts, destinationKey } from './gateway-destinations.ts';
import type { PortServer } from './read-gateway.ts';
import { sharedNames } from './server-hosts.ts';

/** What chains are made of. */
export interface ChainSources {
  /** Oldest first. */
  virtualServices: readonly AttachedVirtualService[];
  destinations: DestinationFacts;
}

/** The chain of a server that ends TLS, or of plain bytes: the first tcp route for it; null = none, and it has no chain. */
export function chainOfServer(served: PortServer, sources: ChainSources): TcpChain | null {
  for (const { tcp } of servicesOf(served, sources))
    for (const { spec, source } of tcp)
      if (spec.match.length === 0 || spec.match.some((match) => isFor(match, served)))
        return { ...chainTo(spec.route, served, sources), serverNames: [], source };
  return null;
}

/**
 * The chains of a server that passes TLS on, one a match. `taken`: server names that have a chain at this port; a match
 * with one of them is left out, as Istio leaves it out.
 */
export function passedOnBy(served: PortServer, sources: ChainSources, taken: Set<string>): TcpChain[] {
  return servicesOf(served, sources).flatMap(({ tls }) =>
    tls.flatMap(({ spec, source }) =>
      spec.match.flatMap((match): TcpChain[] => {
        if (!isFor(match, served) || match.sniHosts.some((name) => taken.has(name))) return [];
        for (const name of match.sniHosts) taken.add(name);
        return [
          { ...chainTo(spec.route, served, sources), serverNames: serverNamesOf(match.sniHosts), source },
        ];
      }),
    ),
  );
}

/** Those of the server's Gateway that share a host with it. */
function servicesOf(
  { gateway, server }: PortServer,
  { virtualServices }: ChainSources,
): AttachedVirtualService[] {
  return virtualServices.filter(
    (service) => service.gateways.includes(gateway) && sharedNames(server.hosts, service).length > 0,
  );
}

function isFor({ port, gateways }: BytesMatchSpec, { gateway, server }: PortServer): boolean {
  return (port === 0 || port === server.port.number) && (gateways.length === 0 || gateways.includes(gateway));
}

function chainTo(
  route: Parameters<typeof weightedDestinations>[0],
  { server }: PortServer,
  { destinations: { ports, hashes } }: ChainSources,
): Pick<TcpChain, 'cidrs' | 'destinations' | 'hashSourceIp'> {
  const [first] = route;
  const hash = first === undefined ? undefined : hashes[destinationKey(first.destination)];
  return {
    cidrs: [],
    destinations: weightedDestinations(route, (host) => ports[host] ?? server.port.number),
    hashSourceIp: hash?.kind === 'source-ip',
  };
}
