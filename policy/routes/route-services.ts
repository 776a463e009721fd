/** Services as clients are told of them: a mesh's own, and those of ServiceEntries. */
import type { AppProtocol } from '../../model/mesh.ts';
import type { ServiceEntrySpec } from '../../model/istio/service-entry.ts';
import { portProtocol } from '../../model/port-protocol.ts';
import type { RoutingObject } from './routing-objects.ts';

export interface RouteServicePort {
  name: string;
  port: number;
  targetPort: number;
  protocol: AppProtocol;
}

export interface RouteServiceEndpoint {
  address: string;
  /** By the port's name; others are the port's target. */
  ports: Readonly<Record<string, number>>;
  labels: Readonly<Record<string, string>>;
  weight: number;
  /** A sidecar of the mesh stands before it. */
  meshed: boolean;
  instance: string | null;
  /** The ports on which its sidecar takes no mutual TLS (PeerAuthentication DISABLE). */
  plaintextPorts?: readonly number[];
}

export interface RouteService {
  host: string;
  namespace: string;
  registry: 'kubernetes' | 'external';
  /** Addresses or blocks; none = only by name. */
  addresses: readonly string[];
  ports: readonly RouteServicePort[];
  /** Namespaces, `.`, `*`, `~`; none = everybody. */
  exportTo: readonly string[];
  resolution: 'static' | 'dns' | 'none';
  /** Outside the mesh: never mutual TLS by itself. */
  external: boolean;
  /** Identities that its servers may have. */
  subjectAltNames: readonly string[];
  endpoints: readonly RouteServiceEndpoint[];
  created: string;
}

/** A Service of the cluster, of which no more is said than these. */
export function kubernetesService(
  own: Pick<RouteService, 'host' | 'namespace' | 'addresses' | 'ports' | 'subjectAltNames' | 'endpoints'>,
): RouteService {
  return {
    ...own,
    registry: 'kubernetes',
    exportTo: [],
    resolution: 'static',
    external: false,
    created: '',
  };
}

/** Whether clients of a namespace may know it. */
export function isVisible({ exportTo, namespace }: RouteService, client: string): boolean {
  if (exportTo.length === 0 || exportTo.includes('*')) return true;
  return exportTo.includes(client) || (exportTo.includes('.') && namespace === client);
}

export function portOf(endpoint: RouteServiceEndpoint, port: RouteServicePort): number {
  return endpoint.ports[port.name] ?? port.targetPort;
}

/** A service a host and address; its `workloadSelector` selects among the pods of `mesh`, the mesh's own services. */
export function servicesOfEntry(
  { spec, namespace, created }: RoutingObject<ServiceEntrySpec>,
  mesh: readonly RouteService[],
): RouteService[] {
  const selected = selectedPods(spec, namespace, mesh);
  const ports = spec.ports.map(({ number, name, protocol, targetPort }) => {
    const declared = portProtocol({ name: protocol.toLowerCase(), port: number });
    return {
      name,
      port: number,
      targetPort: targetPort || number,
      protocol: declared.kind === 'unsupported' ? ('tcp' as const) : declared.protocol,
    };
  });
  const addresses =
    spec.addresses.length > 0 ? spec.addresses.map((address) => [singleAddress(address)]) : [[]];
  return spec.hosts.flatMap((host) =>
    addresses.map((own) => ({
      host,
      namespace,
      registry: 'external' as const,
      addresses: own,
      ports,
      exportTo: spec.exportTo,
      resolution: resolutionOf(spec),
      external: spec.location === 'MESH_EXTERNAL',
      subjectAltNames: [...new Set([...spec.subjectAltNames, ...(selected?.identities ?? [])])],
      endpoints: selected?.endpoints ?? endpointsOf(spec, host),
      created,
    })),
  );
}

interface SelectedPods {
  identities: readonly string[];
  endpoints: RouteServiceEndpoint[];
}

/** Pods of the entry's own namespace, each at the container port that is called like the entry's; null = it selects none. */
function selectedPods(
  { workloadSelector }: ServiceEntrySpec,
  namespace: string,
  mesh: readonly RouteService[],
): SelectedPods | null {
  if (workloadSelector === undefined) return null;
  const wanted = Object.entries(workloadSelector.labels);
  const found = mesh
    .filter((service) => service.namespace === namespace)
    .map(({ subjectAltNames, ports, endpoints }) => ({
      subjectAltNames,
      endpoints: endpoints
        .filter(({ labels }) => wanted.every(([key, value]) => labels[key] === value))
        .map((endpoint) => ({
          ...endpoint,
          ports: Object.fromEntries(ports.map(({ name, targetPort }) => [name, targetPort])),
        })),
    }))
    .filter(({ endpoints }) => endpoints.length > 0);
  return {
    identities: found.flatMap(({ subjectAltNames }) => subjectAltNames),
    endpoints: found.flatMap(({ endpoints }) => endpoints),
  };
}

function singleAddress(address: string): string {
  return address.endsWith('/32') && !address.includes(':') ? address.slice(0, -3) : address;
}

function resolutionOf({ resolution }: ServiceEntrySpec): RouteService['resolution'] {
  if (resolution === 'STATIC') return 'static';
  return resolution === 'NONE' ? 'none' : 'dns';
}

/** DNS without endpoints asks for the host itself. */
function endpointsOf(
  { resolution, endpoints, location }: ServiceEntrySpec,
  host: string,
): RouteServiceEndpoint[] {
  if (endpoints.length === 0 && resolution !== 'DNS' && resolution !== 'DNS_ROUND_ROBIN') return [];
  const itself = { address: host, ports: {}, labels: {} as Record<string, string>, weight: 1 };
  return (endpoints.length > 0 ? endpoints : [itself]).map(({ address, ports, labels, weight }) => ({
    address,
    ports,
    labels,
    weight: weight || 1,
    meshed: location === 'MESH_INTERNAL' && labels['security.istio.io/tlsMode'] === 'istio',
    instance: null,
  }));
}
