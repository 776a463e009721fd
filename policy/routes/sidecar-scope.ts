/**
 * What a client sees: the services, VirtualServices and DestinationRules of its egress listeners. Without a Sidecar that
 * is everything exported to its namespace.
 */
import type { SidecarSpec } from '../../model/istio/sidecar.ts';
import type { HttpRouteSpec } from '../../model/istio/virtual-service.ts';
import { isWildcard, isWithin, mostSpecific, overlap } from './host-names.ts';
import { isVisible, type RouteService, type RouteServicePort } from './route-services.ts';
import type { RoutingObject } from './routing-objects.ts';
import type { MeshVirtualService } from './virtual-services.ts';

export interface RouteClient {
  namespace: string;
  labels: Readonly<Record<string, string>>;
  /** Istio's word for a gateway; absent = a sidecar. */
  proxy?: 'router';
}

export interface EgressListener {
  /** null: every port that no other listener has. */
  port: { number: number; protocol: RouteServicePort['protocol'] } | null;
  services: RouteService[];
  virtualServices: MeshVirtualService[];
  /** Which VirtualService names a service best, by the service's host. */
  bestVirtualService: Map<string, MeshVirtualService>;
}

export interface SidecarScope {
  listeners: EgressListener[];
  /** Those that have clusters: imported, or the destination of a VirtualService. */
  services: RouteService[];
  outboundTrafficPolicy: 'REGISTRY_ONLY' | 'ALLOW_ANY' | null;
}

export interface ScopeInput {
  client: RouteClient;
  services: readonly RouteService[];
  virtualServices: readonly MeshVirtualService[];
  sidecars: readonly RoutingObject<SidecarSpec>[];
  rootNamespace: string;
}

const EVERYTHING = [{ hosts: ['*/*'] }];

export function sidecarScope(input: ScopeInput): SidecarScope {
  const sidecar = sidecarOf(input);
  const egress = sidecar === null || sidecar.egress.length === 0 ? EVERYTHING : sidecar.egress;
  const listeners = egress.map((one) => egressListener(one, input));
  const mode = sidecar?.outboundTrafficPolicy?.mode;
  return {
    listeners,
    services: importedServices(listeners, input),
    outboundTrafficPolicy: mode === undefined ? null : mode === 'REGISTRY_ONLY' ? mode : 'ALLOW_ANY',
  };
}

/** With a selector first, then the namespace's, then the mesh's. */
function sidecarOf({ client, sidecars, rootNamespace }: ScopeInput): SidecarSpec | null {
  const own = sidecars.filter(({ namespace }) => namespace === client.namespace);
  const fits = ({ spec }: RoutingObject<SidecarSpec>): boolean =>
    Object.entries(spec.workloadSelector?.labels ?? {}).every(([key, value]) => client.labels[key] === value);
  const selected = own.find((one) => one.spec.workloadSelector !== undefined && fits(one));
  const plain = own.find(({ spec }) => spec.workloadSelector === undefined);
  const root = sidecars.find(
    ({ namespace, spec }) => namespace === rootNamespace && spec.workloadSelector === undefined,
  );
  return (selected ?? plain ?? root)?.spec ?? null;
}

interface Imports {
  hosts: string[];
  excluded: string[];
}

function importsOf(hosts: readonly string[], client: string): Map<string, Imports> {
  const byNamespace = new Map<string, Imports>();
  for (const written of hosts) {
    const [scope = '', name = ''] = written.split('/');
    const out = scope.startsWith('~');
    const bare = out ? scope.slice(1) || '*' : scope;
    const namespace = bare === '.' ? client : bare;
    const imports = byNamespace.get(namespace) ?? { hosts: [], excluded: [] };
    (out ? imports.excluded : imports.hosts).push(name);
    byNamespace.set(namespace, imports);
  }
  return byNamespace;
}

function egressListener(
  { hosts, port }: { hosts: readonly string[]; port?: SidecarSpec['egress'][number]['port'] },
  input: ScopeInput,
): EgressListener {
  const imports = importsOf(hosts, input.client.namespace);
  const number = port?.number ?? 0;
  const services = selectServices(imports, number, input);
  const virtualServices = selectVirtualServices(imports, input);
  return {
    port: number === 0 ? null : { number, protocol: listenerProtocol(port?.protocol ?? 'HTTP') },
    services,
    virtualServices,
    bestVirtualService: bestVirtualServices(services, virtualServices),
  };
}

function listenerProtocol(name: string): RouteServicePort['protocol'] {
  const lower = name.toLowerCase();
  if (lower === 'grpc' || lower === 'http2') return lower;
  if (lower === 'https' || lower === 'tls') return 'tls';
  return lower.startsWith('http') || lower === 'grpc-web' ? 'http' : 'tcp';
}

function excludes(imports: Map<string, Imports>, namespace: string, host: string): boolean {
  return [imports.get(namespace), imports.get('*')].some((one) =>
    one?.excluded.some((pattern) => isWithin(host, pattern)),
  );
}

function selectServices(imports: Map<string, Imports>, port: number, input: ScopeInput): RouteService[] {
  const found: RouteService[] = [];
  for (const service of input.services) {
    if (!isVisible(service, input.client.namespace) || excludes(imports, service.namespace, service.host))
      continue;
    const wanted = [imports.get(service.namespace), imports.get('*')].some((one) =>
      one?.hosts.some((pattern) => isWithin(service.host, pattern)),
    );
    const trimmed = port === 0 ? service : atPort(service, port);
    if (wanted && trimmed !== null) found.push(trimmed);
  }
  return oneNamespaceAHost(found, input.client.namespace);
}

function atPort(service: RouteService, port: number): RouteService | null {
  const ports = service.ports.filter((one) => one.port === port);
  return ports.length === 0 ? null : ports.length === service.ports.length ? service : { ...service, ports };
}

/** The client's own namespace first, then Kubernetes' own services, then the first. */
function oneNamespaceAHost(services: readonly RouteService[], client: string): RouteService[] {
  const chosen = new Map<string, RouteService>();
  for (const service of services) {
    const known = chosen.get(service.host);
    const better =
      known === undefined ||
      service.namespace === client ||
      (known.registry === 'external' && service.registry === 'kubernetes' && known.namespace !== client);
    if (better) chosen.set(service.host, service);
  }
  return services.filter(({ host, namespace }) => chosen.get(host)?.namespace === namespace);
}

/** Private ones first, then those exported to the namespace, then everybody's; of each, own Gateway API routes first. */
function selectVirtualServices(imports: Map<string, Imports>, input: ScopeInput): MeshVirtualService[] {
  const client = input.client.namespace;
  const reach = ({ exportTo, namespace }: MeshVirtualService): number => {
    if (exportTo.length === 0 || exportTo.includes('*')) return 2;
    if (exportTo.includes('~')) return -1;
    if (namespace === client && (exportTo.includes('.') || exportTo.includes(client))) return 0;
    return exportTo.includes(client) ? 1 : -1;
  };
  const own = (one: MeshVirtualService): boolean => one.gatewayApi && one.namespace === client;
  const selected: MeshVirtualService[] = [];
  for (const rank of [0, 1, 2]) {
    const reached = input.virtualServices.filter((one) => reach(one) === rank);
    for (const one of [...reached.filter(own), ...reached.filter((other) => !own(other))])
      if (importsVirtualService(imports, one)) selected.push(one);
  }
  return selected;
}

function importsVirtualService(
  imports: Map<string, Imports>,
  { namespace, hosts, gatewayApi }: MeshVirtualService,
): boolean {
  return [imports.get(namespace), imports.get('*')].some((one) =>
    hosts.some((host) => {
      if (excludes(imports, namespace, host)) return false;
      return one?.hosts.some((pattern) => (gatewayApi ? isWithin(host, pattern) : overlap(host, pattern)));
    }),
  );
}

function bestVirtualServices(
  services: readonly RouteService[],
  virtualServices: readonly MeshVirtualService[],
): Map<string, MeshVirtualService> {
  const byHost = new Map<string, MeshVirtualService>();
  for (const one of virtualServices)
    for (const host of one.hosts) if (!byHost.has(host)) byHost.set(host, one);
  const best = new Map<string, MeshVirtualService>();
  for (const { host } of services) {
    const name = mostSpecific(host, byHost.keys());
    const found = name === null ? undefined : byHost.get(name);
    if (found !== undefined) best.set(host, found);
  }
  return best;
}

/** Services of all listeners, ports of one host joined; what VirtualServices lead to is added where it isn't there. */
function importedServices(listeners: readonly EgressListener[], input: ScopeInput): RouteService[] {
  const added = new Map<string, RouteService>();
  for (const listener of listeners) {
    for (const service of listener.services) addService(added, service);
    for (const virtualService of listener.virtualServices)
      for (const { host, port } of destinationsOf(virtualService, input.client.namespace)) {
        const service = visibleService(host, input);
        if (service === null) continue;
        const { number } = listener.port ?? { number: 0 };
        const trimmed = number > 0 ? atPort(service, number) : port > 0 ? atPort(service, port) : service;
        if (trimmed !== null) addService(added, trimmed);
      }
  }
  return [...added.values()];
}

function addService(added: Map<string, RouteService>, service: RouteService): void {
  const known = added.get(service.host);
  if (known === undefined || (known.registry === 'external' && service.registry === 'kubernetes')) {
    added.set(service.host, service);
    return;
  }
  if (known.namespace !== service.namespace || known.registry !== service.registry) return;
  const more = service.ports.filter(({ port }) => !known.ports.some((other) => other.port === port));
  if (more.length > 0) added.set(service.host, { ...known, ports: [...known.ports, ...more] });
}

function visibleService(host: string, { client, services }: ScopeInput): RouteService | null {
  const named = services.filter((one) => one.host === host);
  const own = named.find(({ namespace }) => namespace === client.namespace);
  if (own !== undefined) return own;
  const seen = named.filter((one) => isVisible(one, client.namespace));
  return seen.toSorted((a, b) => (a.namespace < b.namespace ? -1 : 1))[0] ?? null;
}

function destinationsOf(
  { http, tcp, tls }: MeshVirtualService,
  client: string,
): { host: string; port: number }[] {
  const own = ({ match }: HttpRouteSpec): boolean =>
    match.length === 0 ||
    match.some(({ sourceNamespace }) => sourceNamespace === '' || sourceNamespace === client);
  return [
    ...http
      .filter(({ spec }) => own(spec))
      .flatMap(({ spec }) => [
        ...spec.route.map(({ destination }) => destination),
        ...(spec.mirror === undefined ? [] : [spec.mirror]),
        ...spec.mirrors.map(({ destination }) => destination),
      ]),
    ...[...tcp, ...tls].flatMap(({ spec }) => spec.route.map(({ destination }) => destination)),
  ].map(({ host, port }) => ({ host, port: port?.number ?? 0 }));
}

/** Whether a VirtualService host and a service are about the same name. */
export function namesService(host: string, service: string): boolean {
  return isWildcard(host) || isWildcard(service) ? overlap(host, service) : host === service;
}
