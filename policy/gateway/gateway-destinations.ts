/** What routes of a gateway ask of the services that they lead to: a port where they name none, a key that sticks. */
import type { HttpRouteSpec, RouteDestinationSpec } from '../../model/istio/virtual-service.ts';
import { hashOfDestination } from '../routes/cluster-settings.ts';
import type { HashKey } from '../routes/compiled-routes.ts';
import type { RoutingWorld } from '../routes/compile-routes.ts';
import { createRuleFinder } from '../routes/destination-rules.ts';
import type { AttachedVirtualService } from '../routes/virtual-services.ts';
import type { GatewayWorkload } from './read-gateway.ts';

type Destination = RouteDestinationSpec['destination'];

export interface DestinationFacts {
  /** Of services with one port only, by host. */
  ports: Readonly<Record<string, number>>;
  /** By `destinationKey`; absent = none. */
  hashes: Readonly<Record<string, HashKey>>;
}

/** Nobody knows the services. */
export const NO_FACTS: DestinationFacts = { ports: {}, hashes: {} };

/** The name of a destination among a gateway's. */
export function destinationKey({ host, subset, port }: Destination): string {
  return `${host}|${subset}|${port?.number ?? ''}`;
}

/** Facts of every destination of these routes. */
export function destinationFacts(
  services: readonly AttachedVirtualService[],
  workload: GatewayWorkload,
  { objects, services: known, config }: RoutingWorld,
): DestinationFacts {
  const ruleFor = createRuleFinder(objects.destinationRules, workload, config.rootNamespace);
  const ports: Record<string, number> = {};
  const hashes: Record<string, HashKey> = {};
  for (const destination of services.flatMap(allDestinations)) {
    const service = known.find((one) => one.host === destination.host);
    if (service === undefined) continue;
    const [only, ...others] = service.ports;
    if (only !== undefined && others.length === 0) ports[service.host] = only.port;
    const { subset, port } = destination;
    const hash = hashOfDestination(ruleFor(service), { subset, port: port?.number });
    if (hash !== null) hashes[destinationKey(destination)] = hash;
  }
  return { ports, hashes };
}

function allDestinations({ http, tcp, tls }: AttachedVirtualService): Destination[] {
  return [
    ...http.flatMap(({ spec }) => destinationsOf(spec)),
    ...[...tcp, ...tls].flatMap(({ spec }) => spec.route.map(({ destination }) => destination)),
  ];
}

function destinationsOf({ route, mirror, mirrors }: HttpRouteSpec): Destination[] {
  return [
    ...route.map(({ destination }) => destination),
    ...(mirror === undefined ? [] : [mirror]),
    ...mirrors.map(({ destination }) => destination),
  ];
}
