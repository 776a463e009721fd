/** Where a gateway's route leads: a service of the mesh over mutual TLS, or a host outside of it in plaintext. */
import type { Duplex } from 'node:stream';
import type { VirtualRoute } from '../../model/istio/gateway-routing.ts';
import type { Decision } from '../../model/decision.ts';
import type { Core } from '../core.ts';
import { dialPlain } from '../dial-plain.ts';
import { decisionOf } from '../error-table.ts';
import type { Destination, InForce } from '../in-force.ts';
import { agentCarrier, peerCarrier, type Carrier } from '../http1-carrier.ts';
import type { Upstream } from '../http2/upstream.ts';
import { http1Upstream } from '../http2/upstream-http1.ts';
import { peerUpstream } from '../http2/upstreams.ts';
import { peerConnections, pickEndpoint } from '../outbound-route.ts';
import type { GatewayPlace } from './gateway-connection.ts';

/** How requests get to the chosen destination; a decision says why they can't. */
export type GatewayWay =
  | {
      /** For an HTTP/1.1 client. */
      carry: Carrier;
      /** For an HTTP/2 client. */
      upstream: Upstream;
      onConnection(socket: Duplex): void;
    }
  | { decision: Decision };

/** Chooses by weight, and an endpoint by turns. `random` is in [0, 1). */
export function wayOf(
  core: Core,
  place: GatewayPlace,
  route: VirtualRoute,
  tag: string | null,
  random: number,
): GatewayWay {
  const { inForce, instance, port } = place;
  const chosen = byWeight(route.route ?? [], random)?.destination;
  if (chosen === undefined) return { decision: decisionOf('cluster-not-found', 'no-destination') };
  const { host } = chosen;
  const number = chosen.port?.number;
  const outside = inForce.snapshot.externalHosts?.find(
    (one) => one.host === host && (number === undefined || one.port === number),
  );
  if (outside !== undefined) {
    const key = ['external', instance.id, outside.address.host, outside.address.port].join('|');
    const agent = core.pools.agent(key, () => dialPlain(core, outside.address));
    return { carry: agentCarrier(agent), upstream: http1Upstream(agent), onConnection: () => undefined };
  }
  const destination = destinationOf(inForce, host, number, {
    namespace: instance.namespace,
    port: port.at.port,
  });
  if (destination === null) return { decision: decisionOf('cluster-not-found') };
  const endpoint = pickEndpoint(core, inForce, destination);
  if (endpoint === null) return { decision: decisionOf('no-healthy-upstream') };
  const way = { inForce, from: instance, destination, endpoint, tls: destination.port.tls };
  return {
    carry: peerCarrier(core, way, tag),
    upstream: peerUpstream(core, way, tag),
    onConnection: (socket) => {
      const peer = peerConnections.get(socket);
      if (peer !== undefined) peer.source.tag = tag;
    },
  };
}

function byWeight<T extends { weight?: number | undefined }>(
  routes: readonly T[],
  random: number,
): T | undefined {
  if (routes.length === 1) return routes[0];
  const total = routes.reduce((sum, { weight = 0 }) => sum + weight, 0);
  let rest = random * total;
  return routes.find(({ weight = 0 }) => {
    rest -= weight;
    return rest < 0;
  });
}

/** Without a port: the service's only one, else the gateway's own number (Istio's GetDestinationCluster). */
function destinationOf(
  inForce: InForce,
  host: string,
  number: number | undefined,
  from: { namespace: string; port: number },
): Destination | null {
  if (number !== undefined) return inForce.destinationByHost(host, number, from.namespace);
  const numbers = new Set(inForce.snapshot.services.flatMap(({ ports }) => ports.map(({ port }) => port)));
  const found = [...numbers].flatMap((port) => inForce.destinationByHost(host, port, from.namespace) ?? []);
  const only = found.length === 1 ? found[0] : undefined;
  return only ?? inForce.destinationByHost(host, from.port, from.namespace);
}
