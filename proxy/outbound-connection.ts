/** One accepted outbound connection: whose sidecar it came to and what it was aimed at. */
import type { PeerRef } from '../model/traffic-event.ts';
import type { Endpoints, Source } from './connection-table.ts';
import type { Core } from './core.ts';
import { hostName, hostPort, type Destination, type InForce } from './in-force.ts';
import { instancePeer } from './instance-peer.ts';
import type { InstanceSnapshot } from './snapshot.ts';
import type { Moment } from './moment.ts';

/** What the connection was aimed at, before any Host is read. */
export type Aim =
  /** HTTP_PROXY: each request says its own. */
  | { kind: 'http-proxy' }
  /** A peer's port: the listener's own, or that of a CONNECT. */
  | { kind: 'peer'; service: string; port: number }
  /** An address outside of the mesh. */
  | { kind: 'address'; ip: string; port: number }
  /** A gateway itself. */
  | { kind: 'gateway'; ip: string; port: number };

export interface OutboundConnection {
  instance: string;
  key: string;
  aim: Aim;
  endpoints: Endpoints;
  acceptedAt: Moment;
}

/** The service that an aim names, in this snapshot. */
export function aimedDestination(inForce: InForce, aim: Aim): Destination | null {
  if (aim.kind !== 'peer') return null;
  const service = inForce.service(aim.service);
  const port = service?.ports.find((candidate) => candidate.port === aim.port);
  return service === null || port === undefined ? null : { service, port };
}

/**
 * The Host that a request would have had in the cluster. A process that calls its peer by the listener's loopback
 * address (GREENROOM_URL_…) sends that address as Host; in the cluster it would have sent the service's name.
 */
export function clusterHost(
  host: string,
  connection: OutboundConnection,
  inForce: InForce,
  caller: InstanceSnapshot,
): string {
  const { aim, endpoints } = connection;
  const aimed = aimedDestination(inForce, aim);
  if (aimed === null || hostPort(host) !== endpoints.localPort) return host;
  const name = hostName(host);
  if (name !== 'localhost' && name !== endpoints.localAddress) return host;
  const { service, port } = aimed;
  const short =
    service.namespace === caller.namespace ? service.name : `${service.name}.${service.namespace}`;
  return port.port === 80 ? short : `${short}:${port.port}`;
}

/** Who calls: the sidecar's own instance, whatever the socket says; a declared source only brings its tag. */
export function callerPeer(caller: InstanceSnapshot, endpoints: Endpoints): PeerRef {
  return instancePeer(caller, endpoints.remotePort);
}

/** The tag of what comes on this connection. */
export function tagOf(core: Core, endpoints: Endpoints): string | null {
  const source: Source | null = core.table.lookUp(endpoints);
  return source?.tag ?? null;
}
