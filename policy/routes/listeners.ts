/** Listeners of a client: which addresses speak HTTP, and which are TCP to whom. */
import type { DestinationRuleSpec } from '../../model/istio/destination-rule.ts';
import type { CompiledListener, TcpChain, VirtualHost, WeightedDestination } from './compiled-routes.ts';
import { clusterName } from './clusters.ts';
import { namesService, type EgressListener, type RouteClient, type SidecarScope } from './sidecar-scope.ts';
import type { RouteService, RouteServicePort } from './route-services.ts';
import { NO_OPERATIONS } from './translate-headers.ts';
import { clusterOf } from './translate-route.ts';
import { buildVirtualHosts, type VirtualHostInput } from './virtual-hosts.ts';
import type { MeshVirtualService } from './virtual-services.ts';

export const ANY_ADDRESS = '0.0.0.0';

export interface ListenerInput {
  client: RouteClient;
  scope: SidecarScope;
  serviceOf(host: string): RouteService | null;
  ruleFor(service: RouteService): DestinationRuleSpec | null;
  unknownHosts: VirtualHostInput['unknownHosts'];
}

interface Entry {
  listener: CompiledListener;
  /** Made by an egress listener with this very port: others add nothing. */
  locked: boolean;
}

export function buildListeners(input: ListenerInput): CompiledListener[] {
  const entries = new Map<string, Entry>();
  for (const egress of input.scope.listeners) {
    if (egress.port === null) for (const entry of entries.values()) entry.locked = true;
    for (const service of egress.services) {
      for (const port of egress.port === null ? service.ports : [listenerPort(egress.port)])
        addService(entries, { ...input, egress, service, port });
    }
  }
  return [...entries.values()].map(({ listener }) => listener);
}

function listenerPort({ number, protocol }: NonNullable<EgressListener['port']>): RouteServicePort {
  return { name: '', port: number, targetPort: number, protocol };
}

interface Addition extends ListenerInput {
  egress: EgressListener;
  service: RouteService;
  port: RouteServicePort;
}

function addService(entries: Map<string, Entry>, addition: Addition): void {
  const { port, service } = addition;
  const sniffed = port.protocol === 'auto';
  const http = !sniffed && port.protocol !== 'tcp' && port.protocol !== 'tls';
  const own = service.addresses[0] ?? ANY_ADDRESS;
  const block = own.includes('/');
  const address = http || block ? ANY_ADDRESS : own;
  const key = `${address}:${port.port}`;
  const known = entries.get(key);
  if (known?.locked) return;
  const entry = known ?? { listener: { address, port: port.port, http: null, tcp: [] }, locked: false };
  entries.set(key, entry);
  if (http) entry.listener.http ??= virtualHosts(addition);
  else addChains(entry.listener.tcp, chainsOf(addition, block ? [own] : []));
  if (sniffed) entry.listener.http ??= sniffedHosts(addition);
}

/** A listener of a service's own address, where the first bytes tell: whatever Host they name, it is this service. */
function sniffedHosts({ client, egress, serviceOf, ruleFor, port, service }: Addition): VirtualHost[] {
  const listener = { ...egress, services: [{ ...service, ports: [port] }] };
  const input = {
    client,
    listener,
    port: port.port,
    serviceOf,
    ruleFor,
    unknownHosts: 'REGISTRY_ONLY' as const,
  };
  const own = buildVirtualHosts(input).find(({ domains }) => domains.includes(service.host.toLowerCase()));
  return own === undefined ? [] : [{ ...own, domains: ['*'] }];
}

/** All HTTP services of a port share their virtual hosts. */
function virtualHosts({
  client,
  scope,
  serviceOf,
  ruleFor,
  unknownHosts,
  port,
}: Addition): CompiledListener['http'] {
  const listener = scope.listeners.find((one) => one.port === null || one.port.number === port.port);
  if (listener === undefined) return null;
  return buildVirtualHosts({ client, listener, port: port.port, serviceOf, ruleFor, unknownHosts });
}

/** The first of two for the same addresses wins. */
function addChains(into: TcpChain[], chains: readonly TcpChain[]): void {
  for (const chain of chains)
    if (!into.some(({ cidrs }) => cidrs.join() === chain.cidrs.join())) into.push(chain);
}

function chainsOf(addition: Addition, cidrs: string[]): TcpChain[] {
  const { egress, service, port } = addition;
  const chains: TcpChain[] = [];
  for (const virtualService of egress.virtualServices) {
    if (!virtualService.hosts.some((host) => namesService(host, service.host))) continue;
    for (const route of virtualService.tcp) {
      const taken = chainOfRoute(route, addition, cidrs);
      if (taken === null) continue;
      chains.push(taken);
      if (taken.cidrs === cidrs) return chains;
    }
  }
  if (chains.some((chain) => chain.cidrs.toSorted().join() === cidrs.toSorted().join())) return chains;
  const target = service.ports.length === 1 ? (service.ports[0] as RouteServicePort).port : port.port;
  const destinations = [destination(clusterName(service.host, '', target), 1)];
  return [...chains, { cidrs, destinations, hashSourceIp: hashesSourceIp(addition), source: null }];
}

/** null: not for this client or port. With the service's own addresses it takes all that is left. */
function chainOfRoute(
  { spec, source }: MeshVirtualService['tcp'][number],
  addition: Addition,
  cidrs: string[],
): TcpChain | null {
  if (spec.route.length === 0) return null;
  const { client, port } = addition;
  const fitting = spec.match.filter((match) => {
    const labels = Object.entries(match.sourceLabels).every(([key, value]) => client.labels[key] === value);
    const gateway = match.gateways.length === 0 || match.gateways.includes('mesh');
    const at = match.port === 0 || match.port === port.port;
    return (
      labels && gateway && at && (match.sourceNamespace === '' || match.sourceNamespace === client.namespace)
    );
  });
  if (spec.match.length > 0 && fitting.length === 0) return null;
  const subnets: string[] = [];
  for (const { destinationSubnets } of fitting) {
    if (destinationSubnets.length === 0) break;
    subnets.push(...destinationSubnets);
  }
  const everywhere =
    spec.match.length === 0 || fitting.some((match) => match.destinationSubnets.length === 0);
  const routes = spec.route.length === 1 ? spec.route : spec.route.filter(({ weight }) => weight > 0);
  return {
    cidrs: everywhere ? cidrs : subnets,
    destinations: routes.map((one) => destination(tcpCluster(one.destination, addition), one.weight || 1)),
    hashSourceIp: hashesSourceIp(addition),
    source,
  };
}

/** Without a port: the service's only one, else that of the connection. */
function tcpCluster(
  to: MeshVirtualService['tcp'][number]['spec']['route'][number]['destination'],
  { serviceOf, port }: Addition,
): string {
  const ports = serviceOf(to.host)?.ports ?? [];
  return clusterOf(to, {
    portOf: () => (ports.length === 1 ? (ports[0] as RouteServicePort).port : port.port),
  });
}

function destination(cluster: string, weight: number): WeightedDestination {
  return { cluster, weight, requestHeaders: NO_OPERATIONS, responseHeaders: NO_OPERATIONS, host: null };
}

function hashesSourceIp({ ruleFor, service }: Addition): boolean {
  return ruleFor(service)?.trafficPolicy?.loadBalancer?.consistentHash?.useSourceIp ?? false;
}
