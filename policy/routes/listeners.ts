/** Listeners of a client: which addresses speak HTTP, and which are TCP to whom. */
import type { DestinationRuleSpec } from '../../model/istio/destination-rule.ts';
import { tcpChains, tlsChains, type ChainSite } from './byte-chains.ts';
import type { CompiledListener, TcpChain, VirtualHost } from './compiled-routes.ts';
import type { EgressListener, RouteClient, SidecarScope } from './sidecar-scope.ts';
import type { RouteService, RouteServicePort } from './route-services.ts';
import { buildVirtualHosts, type VirtualHostInput } from './virtual-hosts.ts';

/** Of listeners whatever address a client connects to. */
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

/** A service's port on its way into a listener. */
export interface Addition extends ListenerInput {
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
  else {
    const site: ChainSite = {
      listener: address === ANY_ADDRESS ? 'shared' : 'own',
      cidrs: block ? [own] : [],
    };
    addChains(
      entry.listener.tcp,
      port.protocol === 'tls' ? tlsChains(addition, site) : tcpChains(addition, site),
    );
  }
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

/** The first of two for the same addresses and server names wins. */
function addChains(into: TcpChain[], chains: readonly TcpChain[]): void {
  const key = ({ cidrs, serverNames }: TcpChain): string => JSON.stringify([cidrs, serverNames]);
  for (const chain of chains) if (!into.some((one) => key(one) === key(chain))) into.push(chain);
}
