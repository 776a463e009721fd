/** Virtual hosts of one port of one client, as istiod builds them: VirtualServices first, then services by themselves. */
import type { DestinationRuleSpec } from '../../model/istio/destination-rule.ts';
import type { Route, VirtualHost } from './compiled-routes.ts';
import { hashKeyOf, hashOfDestination } from './cluster-settings.ts';
import { clusterName } from './clusters.ts';
import { isWildcard, overlap } from './host-names.ts';
import type { RouteService } from './route-services.ts';
import { domainsOf } from './service-domains.ts';
import type { EgressListener, RouteClient } from './sidecar-scope.ts';
import { NO_OPERATIONS } from './translate-headers.ts';
import { takesEverything, translateMatch } from './translate-match.ts';
import { defaultRetries } from './translate-resilience.ts';
import { translateRoute, type RouteSurroundings } from './translate-route.ts';
import type { MeshVirtualService } from './virtual-services.ts';

export interface VirtualHostInput {
  client: RouteClient;
  listener: EgressListener;
  port: number;
  /** Of any service that the client knows. */
  serviceOf(host: string): RouteService | null;
  ruleFor(service: RouteService): DestinationRuleSpec | null;
  unknownHosts: 'REGISTRY_ONLY' | 'ALLOW_ANY';
}

interface Wrapped {
  /** Names that no service has. */
  hosts: readonly string[];
  services: readonly RouteService[];
  routes: Route[];
}

export function buildVirtualHosts(input: VirtualHostInput): VirtualHost[] {
  const { listener, port, client } = input;
  const registry = new Map<string, RouteService>();
  for (const service of listener.services) {
    const ports = service.ports.filter((one) => one.port === port);
    const host = service.host.toLowerCase();
    if (ports.length > 0 && !registry.has(host)) registry.set(host, { ...service, host, ports });
  }
  const wrapped = listener.virtualServices
    .filter((one) => port === 80 || namesAny(one, registry))
    .flatMap((one) => wrap(one, registry, input));
  const taken = new Set(wrapped.flatMap(({ services }) => services.map(({ host }) => host)));
  for (const service of registry.values())
    if (!taken.has(service.host) && service.ports.some(({ protocol }) => isHttp(protocol)))
      wrapped.push({ hosts: [], services: [service], routes: [defaultRoute(service, input)] });
  return [...domains(wrapped, client), catchAll(input.unknownHosts)];
}

function isHttp(protocol: string): boolean {
  return protocol !== 'tcp' && protocol !== 'tls';
}

function namesAny({ hosts }: MeshVirtualService, registry: ReadonlyMap<string, RouteService>): boolean {
  return hosts.some((host) => {
    const lower = host.toLowerCase();
    if (registry.has(lower)) return true;
    return [...registry.keys()].some(
      (service) => (isWildcard(lower) || isWildcard(service)) && overlap(lower, service),
    );
  });
}

function wrap(
  virtualService: MeshVirtualService,
  registry: ReadonlyMap<string, RouteService>,
  input: VirtualHostInput,
): Wrapped[] {
  const routes = routesOf(virtualService, input);
  if (routes.length === 0) return [];
  const { hosts, services } = splitHosts(virtualService, registry, input.listener);
  const own = services.filter(
    ({ namespace }) =>
      !virtualService.gatewayApi ||
      namespace === virtualService.namespace ||
      input.client.namespace === virtualService.namespace,
  );
  if (virtualService.gatewayApi && own.length === 0) return [];
  const http = own.filter(({ ports }) => ports.some(({ protocol }) => isHttp(protocol)));
  // A host that no service has is served on port 80, and beside services of the same object.
  return http.length > 0 || input.port === 80 ? [{ hosts, services: http, routes }] : [];
}

function splitHosts(
  virtualService: MeshVirtualService,
  registry: ReadonlyMap<string, RouteService>,
  listener: EgressListener,
): { hosts: string[]; services: RouteService[] } {
  const hosts: string[] = [];
  const services: RouteService[] = [];
  for (const host of virtualService.hosts.map((name) => name.toLowerCase())) {
    if (!isWildcard(host)) {
      const service = registry.get(host);
      if (service === undefined) hosts.push(host);
      else services.push(service);
      continue;
    }
    const matching = virtualService.gatewayApi
      ? []
      : [...registry.values()].filter((one) => overlap(one.host, host));
    services.push(...matching.filter((one) => listener.bestVirtualService.get(one.host) === virtualService));
    if (matching.length === 0) hosts.push(host);
  }
  return { hosts, services };
}

function routesOf(virtualService: MeshVirtualService, input: VirtualHostInput): Route[] {
  const surroundings: RouteSurroundings = {
    port: input.port,
    portOf: () => input.port,
    hashOf: ({ destination }) => {
      const service = input.serviceOf(destination.host);
      if (service === null) return null;
      return hashOfDestination(input.ruleFor(service), {
        subset: destination.subset,
        port: destination.port?.number,
      });
    },
  };
  const routes: Route[] = [];
  for (const sourced of virtualService.http) {
    const matches = sourced.spec.match.length === 0 ? [null] : sourced.spec.match;
    for (const match of matches) {
      if (match !== null && !isForClient(match, input)) continue;
      const route = translateRoute(sourced, match, virtualService, surroundings);
      routes.push(route);
      if (takesEverything(route.match)) return routes;
    }
    if (sourced.spec.match.length === 0) return routes;
  }
  return routes;
}

function isForClient(
  match: NonNullable<MeshVirtualService['http'][number]['spec']['match'][number]>,
  { client, port }: VirtualHostInput,
): boolean {
  if (match.port !== 0 && match.port !== port) return false;
  if (match.gateways.length > 0) return match.gateways.includes('mesh');
  const labels = Object.entries(match.sourceLabels).every(([key, value]) => client.labels[key] === value);
  return labels && (match.sourceNamespace === '' || match.sourceNamespace === client.namespace);
}

function defaultRoute(service: RouteService, { port, ruleFor }: VirtualHostInput): Route {
  const policy = ruleFor(service)?.trafficPolicy;
  const atPort = policy?.portLevelSettings.find((one) => one.port.number === port)?.loadBalancer
    ?.consistentHash;
  return {
    name: 'default',
    source: null,
    match: translateMatch(null, 'prefix'),
    operation: `${service.host}:${port}/*`,
    requestHeaders: NO_OPERATIONS,
    responseHeaders: NO_OPERATIONS,
    fault: null,
    cors: null,
    action: {
      kind: 'forward',
      destinations: [
        {
          cluster: clusterName(service.host, '', port),
          weight: 1,
          requestHeaders: NO_OPERATIONS,
          responseHeaders: NO_OPERATIONS,
          host: null,
        },
      ],
      notFoundStatus: 503,
      timeoutMs: 0,
      retry: defaultRetries(false),
      host: null,
      path: null,
      mirrors: [],
      hash: hashKeyOf(atPort ?? policy?.loadBalancer?.consistentHash),
    },
  };
}

function catchAll(policy: VirtualHostInput['unknownHosts']): VirtualHost {
  const route: Route = {
    name: policy === 'ALLOW_ANY' ? 'allow_any' : 'block_all',
    source: null,
    match: translateMatch(null, 'prefix'),
    operation: null,
    requestHeaders: NO_OPERATIONS,
    responseHeaders: NO_OPERATIONS,
    fault: null,
    cors: null,
    action: { kind: policy === 'ALLOW_ANY' ? 'passthrough' : 'unknown-host' },
  };
  return { domains: ['*'], routes: [route] };
}

/** Each name is the first's that has it; a short name never hides a service that is really called so. */
function domains(wrapped: readonly Wrapped[], client: RouteClient): VirtualHost[] {
  const taken = new Set<string>();
  const known = new Set(wrapped.flatMap(({ services }) => services.map(({ host }) => host)));
  const hosts: VirtualHost[] = [];
  const add = (names: readonly { name: string; short: boolean }[], routes: Route[]): void => {
    const own: string[] = [];
    for (const { name, short } of names) {
      const lower = name.toLowerCase();
      if (taken.has(lower) || (short && known.has(name))) continue;
      taken.add(lower);
      own.push(lower);
    }
    if (own.length > 0) hosts.push({ domains: own, routes });
  };
  for (const { hosts: names, services, routes } of wrapped) {
    for (const name of names) add([{ name, short: false }], routes);
    for (const service of services) add(domainsOf(service, client.namespace), routes);
  }
  return hosts;
}
