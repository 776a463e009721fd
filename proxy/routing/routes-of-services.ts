/** Routes of a snapshot that brings none: each service by its own names, as without any routing object. */
import type { CompiledRoutes } from '../../policy/routes/compiled-routes.ts';
import { compileRoutes, routingWorld } from '../../policy/routes/compile-routes.ts';
import { kubernetesService, type RouteService } from '../../policy/routes/route-services.ts';
import type { ServiceSnapshot, Snapshot } from '../snapshot.ts';

export function routesOfServices(snapshot: Snapshot, namespace: string): CompiledRoutes {
  const { outboundTrafficPolicy } = snapshot;
  const addresses = new Map(snapshot.instances.map(({ id, podIp }) => [id, podIp]));
  const services = snapshot.services.map((service) => routeService(service, addresses));
  const world = routingWorld([], services, {
    rootNamespace: '',
    outboundTrafficPolicy,
    grpcRoutes: 'applied',
  });
  return compileRoutes(world, { namespace, labels: {} });
}

function routeService(service: ServiceSnapshot, addresses: ReadonlyMap<string, string>): RouteService {
  const { name, namespace, clusterIp, ports } = service;
  const instances = new Set(ports.flatMap(({ endpoints }) => endpoints.map(({ instance }) => instance)));
  return kubernetesService({
    host: `${name}.${namespace}.svc.cluster.local`,
    namespace,
    addresses: [clusterIp],
    ports: ports.map(({ port, targetPort, protocol }) => ({
      name: String(port),
      port,
      targetPort,
      protocol,
    })),
    subjectAltNames: [...new Set(ports.flatMap(({ expectedSpiffeIds }) => expectedSpiffeIds))],
    endpoints: [...instances].map((instance) => ({
      address: addresses.get(instance) ?? instance,
      ports: {},
      labels: {},
      weight: 1,
      meshed: true,
      instance,
      plaintextPorts: ports.filter(({ tls }) => tls === 'DISABLE').map(({ targetPort }) => targetPort),
    })),
  });
}
