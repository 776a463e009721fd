/** One accepted connection of a gateway, and its place in the snapshot that is in force now. */
import type { PeerRef } from '../../model/traffic-event.ts';
import { serverAt } from '../../policy/gateway/gateway-connection.ts';
import type { PortServer } from '../../policy/gateway/read-gateway.ts';
import type { Endpoints, Source } from '../connection-table.ts';
import type { Core } from '../core.ts';
import type { InForce } from '../in-force.ts';
import type { InboundConnection } from '../inbound-connection.ts';
import { instancePeer } from '../instance-peer.ts';
import type { GatewayPortSnapshot, InstanceSnapshot } from '../snapshot.ts';

/** As a sidecar's; `mtls` = the client has shown a certificate. */
export interface GatewayConnection extends InboundConnection {
  /** TLS, with or without a client certificate. */
  encrypted: boolean;
  /** The client's certificate as X-Forwarded-Client-Cert has it, its quotes included. */
  certificate: string | null;
}

export interface GatewayPlace {
  inForce: InForce;
  instance: InstanceSnapshot;
  port: GatewayPortSnapshot;
  /** Whose routes apply. */
  servers: readonly PortServer[];
}

/** Asked again before each request; null when the listener or the connection's server is gone. */
export function gatewayPlaceOf(core: Core, connection: GatewayConnection): GatewayPlace | null {
  const { inForce } = core;
  const instance = inForce?.instance(connection.instance) ?? null;
  const port = inForce?.gateway(connection.instance, connection.port) ?? null;
  if (inForce === null || instance === null || port === null) return null;
  const reached = serverAt(port.at, connection.encrypted ? { sni: connection.sni } : 'plaintext');
  return 'verdict' in reached ? null : { inForce, instance, port, servers: reached.servers };
}

/** Both ends, as events name them. */
export function gatewayPeers(
  { inForce, instance, port }: Omit<GatewayPlace, 'servers'>,
  { endpoints, spiffeId }: { endpoints: Endpoints; spiffeId: string | null },
  source: Source,
): { from: PeerRef; to: PeerRef } {
  return {
    from: inForce.peer(source.ip, endpoints.remotePort, spiffeId),
    to: instancePeer(instance, port.at.port),
  };
}
