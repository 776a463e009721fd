/** Clusters of a client: for each service, port and subset the endpoints and how to reach them. */
import type { DestinationRuleSpec, TrafficSettings } from '../../model/istio/destination-rule.ts';
import type { Cluster, ClusterEndpoint } from './compiled-routes.ts';
import { settingsFor } from './destination-rules.ts';
import { clusterTls, type TlsSide } from './cluster-tls.ts';
import { balanceOf, outlierOf, poolOf } from './cluster-settings.ts';
import type { RouteClient } from './sidecar-scope.ts';
import { portOf, type RouteService, type RouteServicePort } from './route-services.ts';

/** Istio's name of a cluster. */
export function clusterName(host: string, subset: string, port: number): string {
  return `outbound|${port}|${subset}|${host}`;
}

export function buildClusters(
  services: readonly RouteService[],
  ruleFor: (service: RouteService) => DestinationRuleSpec | null,
  { proxy }: Pick<RouteClient, 'proxy'>,
): Record<string, Cluster> {
  const clusters: Record<string, Cluster> = {};
  for (const service of services) {
    const rule = ruleFor(service);
    const credentialNames = proxy === 'router' || rule?.workloadSelector !== undefined ? 'read' : 'unread';
    for (const port of service.ports) {
      for (const subset of [null, ...(rule?.subsets ?? [])]) {
        const cluster = buildCluster({ service, port, rule, credentialNames }, subset);
        // Istio makes no cluster of nobody whom DNS could find.
        const nobody =
          service.resolution === 'dns' && cluster.discovery === 'endpoints' && cluster.endpoints.length === 0;
        if (!nobody) clusters[cluster.name] = cluster;
      }
    }
  }
  return clusters;
}

interface ClusterSite extends Pick<TlsSide, 'service' | 'credentialNames'> {
  port: RouteServicePort;
  rule: DestinationRuleSpec | null;
}

function buildCluster(
  { service, port, rule, credentialNames }: ClusterSite,
  subset: DestinationRuleSpec['subsets'][number] | null,
): Cluster {
  const name = subset?.name ?? '';
  const settings = settingsFor(rule, name, port.port);
  const simple = settings.loadBalancer?.simple;
  const side: TlsSide = { service, port: port.port, subset: name, credentialNames };
  return {
    name: clusterName(service.host, name, port.port),
    host: service.host,
    subset: name,
    port: port.port,
    protocol: protocolOf(port, settings),
    discovery:
      service.resolution === 'none' || simple === 'PASSTHROUGH' ? 'original-destination' : 'endpoints',
    endpoints: endpointsOf(service, port, subset?.labels ?? {}),
    balance: balanceOf(settings.loadBalancer),
    tls: clusterTls(settings.tls, side),
    pool: poolOf(settings.connectionPool),
    outlier: outlierOf(settings.outlierDetection),
  };
}

function protocolOf(
  { protocol }: RouteServicePort,
  { connectionPool }: TrafficSettings,
): Cluster['protocol'] {
  if (protocol === 'grpc' || protocol === 'http2') return 'http2';
  if (protocol === 'auto') return 'auto';
  if (protocol !== 'http') return 'tcp';
  return connectionPool?.http?.h2UpgradePolicy === 'UPGRADE' ? 'http2' : 'http1';
}

function endpointsOf(
  service: RouteService,
  port: RouteServicePort,
  labels: Readonly<Record<string, string>>,
): ClusterEndpoint[] {
  const fits = Object.entries(labels);
  return service.endpoints
    .filter((endpoint) => fits.every(([key, value]) => endpoint.labels[key] === value))
    .map((endpoint) => {
      const target = portOf(endpoint, port);
      return {
        host: endpoint.address,
        port: target,
        weight: endpoint.weight,
        meshed: endpoint.meshed && !(endpoint.plaintextPorts ?? []).includes(target),
        instance: endpoint.instance,
      };
    });
}
