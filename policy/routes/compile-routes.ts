/** Objects and services → what each client's sidecar does with what leaves it. */
import type { PolicyObject } from '../../model/policy-object.ts';
import { buildClusters } from './clusters.ts';
import type { CompiledRoutes } from './compiled-routes.ts';
import { createRuleFinder } from './destination-rules.ts';
import { gatewayApiVirtualServices } from './gateway-api-routes.ts';
import { buildListeners } from './listeners.ts';
import { servicesOfEntry, type RouteService } from './route-services.ts';
import { byAge, readRoutingObjects, type RoutingObjects } from './routing-objects.ts';
import { sidecarScope, type RouteClient } from './sidecar-scope.ts';
import { meshVirtualServices, type MeshVirtualService } from './virtual-services.ts';

export interface RoutesConfig {
  rootNamespace: string;
  outboundTrafficPolicy: 'REGISTRY_ONLY' | 'ALLOW_ANY';
  /**
   * Whether GRPCRoutes of Services route, as Istio's sources and documentation have it. In the Istio that RouteSuites are
   * observed on they don't.
   */
  grpcRoutes: 'applied' | 'ignored';
}

/** Objects read once, for all clients of a mesh. */
export interface RoutingWorld {
  objects: RoutingObjects;
  services: readonly RouteService[];
  virtualServices: readonly MeshVirtualService[];
  config: RoutesConfig;
}

/** Reads the objects of a mesh with its own services. */
export function routingWorld(
  policies: readonly PolicyObject[],
  services: readonly RouteService[],
  config: RoutesConfig,
): RoutingWorld {
  const objects = readRoutingObjects(policies);
  return {
    objects,
    services: [...services, ...objects.serviceEntries.flatMap((entry) => servicesOfEntry(entry, services))],
    virtualServices: [
      ...meshVirtualServices(objects.virtualServices),
      ...gatewayApiVirtualServices(
        config.grpcRoutes === 'applied' ? objects : { ...objects, grpcRoutes: [] },
      ),
    ].toSorted(byAge),
    config,
  };
}

/** What one client is told. */
export function compileRoutes(world: RoutingWorld, client: RouteClient): CompiledRoutes {
  const { objects, services, virtualServices, config } = world;
  const { rootNamespace } = config;
  const scope = sidecarScope({
    client,
    services,
    virtualServices,
    sidecars: objects.sidecars,
    rootNamespace,
  });
  const ruleFor = createRuleFinder(objects.destinationRules, client, rootNamespace);
  const byHost = new Map(scope.services.map((service) => [service.host, service]));
  const unknownHosts = scope.outboundTrafficPolicy ?? config.outboundTrafficPolicy;
  return {
    listeners: buildListeners({
      client,
      scope,
      serviceOf: (host) => byHost.get(host) ?? null,
      ruleFor,
      unknownHosts,
    }),
    clusters: buildClusters(scope.services, ruleFor, client),
    outboundTrafficPolicy: unknownHosts,
  };
}

/**
 * Clients with one key are told the same: its namespace, and those labels that any object asks for. Sidecars share what
 * is compiled for a key.
 */
export function clientKey({ objects }: RoutingWorld, { namespace, labels }: RouteClient): string {
  const asked = new Set<string>();
  const ask = (record: Readonly<Record<string, string>> | undefined): void => {
    for (const name of Object.keys(record ?? {})) asked.add(name);
  };
  for (const { spec } of objects.sidecars) ask(spec.workloadSelector?.labels);
  for (const { spec } of objects.destinationRules) ask(spec.workloadSelector?.matchLabels);
  for (const { spec } of objects.virtualServices)
    for (const { match } of [...spec.http, ...spec.tcp, ...spec.tls])
      for (const { sourceLabels } of match) ask(sourceLabels);
  const own = [...asked].sort().map((name) => `${name}=${labels[name] ?? ''}`);
  return [namespace, ...own].join(',');
}
