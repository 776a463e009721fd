/** What the sidecars of a mesh are told about the ways out: its objects compiled once for clients that see the same. */
import type { Mesh, MeshGateway, Workload } from '../model/mesh.ts';
import type { CompiledRoutes } from '../policy/routes/compiled-routes.ts';
import {
  clientKey,
  compileRoutes,
  routingWorld,
  type RoutingWorld,
} from '../policy/routes/compile-routes.ts';
import { kubernetesService, type RouteService } from '../policy/routes/route-services.ts';
import type { MeshPolicies } from './mesh-policies.ts';

export interface MeshRoutes {
  /** By key. */
  routes: Record<string, CompiledRoutes>;
  /** Key of a workload's sidecars. */
  keyOf(workload: Workload): string;
  keyOfGateway(gateway: MeshGateway): string;
  /** What all of them were compiled from. */
  world: RoutingWorld;
}

/** Instances that are down are no endpoints. */
export function compileMeshRoutes(
  mesh: Mesh,
  policies: MeshPolicies,
  unavailable: ReadonlySet<string>,
): MeshRoutes {
  const { rootNamespace, outboundTrafficPolicy } = mesh.config;
  const services = mesh.workloads.map((workload) => serviceOf(workload, policies, unavailable));
  const world: RoutingWorld = routingWorld(mesh.policies, services, {
    rootNamespace,
    outboundTrafficPolicy,
    grpcRoutes: 'applied',
  });
  const routes: Record<string, CompiledRoutes> = {};
  for (const workload of mesh.workloads)
    routes[clientKey(world, workload)] ??= compileRoutes(world, workload);
  // No Sidecar object has a say at a gateway.
  const unscoped: RoutingWorld = { ...world, objects: { ...world.objects, sidecars: [] } };
  const keyOfGateway = ({ id }: MeshGateway): string => `gateway ${id}`;
  for (const gateway of mesh.gateways ?? [])
    routes[keyOfGateway(gateway)] = compileRoutes(unscoped, { ...gateway, proxy: 'router' });
  return { routes, keyOf: (workload) => clientKey(world, workload), keyOfGateway, world };
}

function serviceOf(
  workload: Workload,
  policies: MeshPolicies,
  unavailable: ReadonlySet<string>,
): RouteService {
  const { name, namespace, clusterIp, ports, spiffeId, labels, instances } = workload;
  const plaintextPorts = ports
    .map(({ targetPort }) => targetPort)
    .filter((port) => policies[workload.id]?.[port]?.mtls === 'DISABLE');
  return kubernetesService({
    host: `${name}.${namespace}.svc.cluster.local`,
    namespace,
    addresses: [clusterIp],
    ports: ports.map(({ name: portName, port, targetPort, protocol }) => ({
      name: portName,
      port,
      targetPort,
      protocol,
    })),
    subjectAltNames: [spiffeId],
    endpoints: instances
      .filter(({ id }) => !unavailable.has(id))
      .map(({ id, podIp }) => ({
        address: podIp,
        ports: {},
        labels,
        weight: 1,
        meshed: true,
        instance: id,
        plaintextPorts,
      })),
  });
}
