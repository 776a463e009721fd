/** Where a client meant to connect to, before any Host is read: what Envoy's original destination is. */
import type { Cluster, ClusterEndpoint } from '../../policy/routes/compiled-routes.ts';
import { aimedDestination, type OutboundConnection } from '../outbound-connection.ts';
import { hostName, hostPort, type InForce } from '../in-force.ts';

export interface OriginalDestination {
  /** An IP address; mostly the name in a Host, where a client uses us as its HTTP proxy. */
  address: string;
  port: number;
}

export function originalDestination(
  inForce: InForce,
  { aim, instance }: Pick<OutboundConnection, 'aim' | 'instance'>,
  host: string,
): OriginalDestination {
  switch (aim.kind) {
    case 'address':
      return { address: aim.ip, port: aim.port };
    case 'peer':
      return { address: aimedDestination(inForce, aim)?.service.clusterIp ?? aim.service, port: aim.port };
    case 'gateway':
      return { address: aim.ip, port: aim.port };
    case 'http-proxy': {
      const port = hostPort(host) ?? 80;
      const own = inForce.ownAddress(host, port, inForce.instance(instance)?.namespace ?? '');
      return { address: own ?? hostName(host), port };
    }
  }
}

/**
 * The endpoint that stands for it. The address of a service is nobody's: behind it, as the nodes of a cluster have it,
 * one of its pods answers, in plaintext.
 */
export function originalEndpoint(
  inForce: InForce,
  connection: Pick<OutboundConnection, 'aim'>,
  { address, port }: OriginalDestination,
  played: Cluster['standIn'] = inForce.snapshot.standIns?.[`${address}:${port}`],
): ClusterEndpoint | null {
  // Its clients meant itself: there is no other destination behind it.
  if (connection.aim.kind === 'gateway') return null;
  const base = { weight: 1, meshed: false };
  const aimed = aimedDestination(inForce, connection.aim);
  if (aimed !== null) {
    const [first] = aimed.port.endpoints;
    const instance = first === undefined ? null : inForce.instance(first.instance);
    if (instance === null) return null;
    return { ...base, host: instance.podIp, port: aimed.port.targetPort, instance: instance.id };
  }
  return {
    ...base,
    host: address,
    port,
    instance: null,
    ...(played === undefined ? {} : { standIn: played }),
  };
}

/** Istio's PassthroughCluster, in the protocol that the client speaks. */
export function passthroughCluster(protocol: Cluster['protocol']): Cluster {
  return {
    name: 'PassthroughCluster',
    host: 'PassthroughCluster',
    subset: '',
    port: 0,
    protocol,
    discovery: 'original-destination',
    endpoints: [],
    balance: { kind: 'passthrough' },
    tls: { mode: 'DISABLE' },
    pool: {
      maxConnections: UNBOUNDED,
      connectTimeoutMs: 10_000,
      maxPendingRequests: UNBOUNDED,
      maxRequests: UNBOUNDED,
      maxRequestsPerConnection: UNBOUNDED,
      maxRetries: UNBOUNDED,
      idleTimeoutMs: 3_600_000,
    },
    outlier: null,
  };
}

const UNBOUNDED = 4_294_967_295;
