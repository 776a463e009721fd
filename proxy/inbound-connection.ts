/** One accepted inbound connection, after its filter chain and the gate: what later stages may know of it. */
import type { Decision, Finding } from '../model/decision.ts';
import type { ConnectionFacts } from '../model/request-facts.ts';
import { principalOf } from '../model/spiffe-id.ts';
import type { PeerRef, TlsFacts } from '../model/traffic-event.ts';
import { sameFamily } from '../wire/address-family.ts';
import type { ForwardedClient } from '../wire/forwarded-client-cert.ts';
import type { Endpoints, Source } from './connection-table.ts';
import { inForceFor, type Core } from './core.ts';
import type { EventContext } from './event-writer.ts';
import type { InForce } from './in-force.ts';
import { instancePeer } from './instance-peer.ts';
import type { InboundPort, InstanceSnapshot } from './snapshot.ts';
import type { Moment } from './moment.ts';

export interface InboundConnection {
  instance: string;
  port: number;
  endpoints: Endpoints;
  /** Wall clock when it was accepted. */
  acceptedAt: Moment;
  mtls: boolean;
  tls: TlsFacts | null;
  sni: string | null;
  /** Verified, `spiffe://…`. */
  spiffeId: string | null;
  client: ForwardedClient | null;
  /** The gate's own, repeated in every event of the connection. */
  findings: readonly Finding[];
}

/** The place of a connection in the snapshot that is in force now; null when its listener is gone. */
export interface InboundPlace {
  inForce: InForce;
  instance: InstanceSnapshot;
  port: InboundPort;
}

/** Asked again before each request, so that the next one is judged by the snapshot of that moment. */
export function placeOf(core: Core, instanceId: string, portNumber: number): InboundPlace | null {
  const inForce = inForceFor(core, instanceId);
  const instance = inForce?.instance(instanceId) ?? null;
  const port = inForce?.inbound(instanceId, portNumber) ?? null;
  return inForce === null || instance === null || port === null ? null : { inForce, instance, port };
}

/** Who sent what comes on this connection now (a pooled hop changes its tag with each request). */
export function sourceOf(core: Core, endpoints: Endpoints): Source {
  return core.table.lookUp(endpoints) ?? { ip: endpoints.remoteAddress, instance: null, tag: null };
}

export function connectionFacts(
  place: InboundPlace,
  connection: InboundConnection,
  source: Source,
): ConnectionFacts {
  const { sourceIp, destinationIp } = sameFamily(source.ip, place.instance.podIp);
  return {
    sourceIp,
    destinationIp,
    destinationPort: place.port.port,
    principal: connection.spiffeId && principalOf(connection.spiffeId),
    ...otherPrincipals(connection),
    sni: connection.sni,
    mtls: connection.mtls,
  };
}

/** Envoy compares every URI SAN of a certificate with a policy's principals. */
function otherPrincipals({ spiffeId, client }: InboundConnection): Pick<ConnectionFacts, 'otherPrincipals'> {
  const others = client?.uriSans.filter((uri) => uri !== spiffeId && uri.startsWith('spiffe://')) ?? [];
  return others.length > 0 ? { otherPrincipals: others.map(principalOf) } : {};
}

/** Both ends, as events name them. */
export function peersOf(
  place: InboundPlace,
  connection: Pick<InboundConnection, 'endpoints' | 'spiffeId'>,
  source: Source,
): { from: PeerRef; to: PeerRef } {
  const { instance, port, inForce } = place;
  return {
    from: inForce.peer(source.ip, connection.endpoints.remotePort, connection.spiffeId),
    to: instancePeer(instance, port.port),
  };
}

/** What the exchanges of a connection have in common that one decision is about. */
export function inboundContext(
  { place, source, decision }: { place: InboundPlace; source: Source; decision: Decision },
  connection: InboundConnection,
  findings: readonly Finding[],
): EventContext {
  return {
    direction: 'inbound',
    owner: place.instance.id,
    ...peersOf(place, connection, source),
    tls: connection.tls,
    decision,
    findings,
    snapshotVersion: place.inForce.snapshot.version,
    tag: source.tag,
  };
}

/** What must be told of a connection in each of its events. */
export function connectionFindings(
  place: InboundPlace,
  connection: InboundConnection,
  source: Source,
): readonly Finding[] {
  return [...connection.findings, ...stolenIdentity(place, connection, source)];
}

/** A good certificate in the wrong pod: the mesh can't tell, a person should (attack M10). */
function stolenIdentity(place: InboundPlace, connection: InboundConnection, source: Source): Finding[] {
  const pod = place.inForce.instanceByPodIp(source.ip);
  if (connection.spiffeId === null || pod === null || pod.spiffeId === connection.spiffeId) return [];
  return [
    {
      code: 'not-covered',
      attack: 'M10',
      message: `${pod.id} (${source.ip}) came with the certificate of ${connection.spiffeId}; a mesh judges the certificate alone.`,
      remedy:
        'Keep certificates short-lived, and deny by source address as well where an identity lives in few places.',
    },
  ];
}

/** A plaintext connection may outlive the snapshot that let it in: STRICT ends it at its next request. */
export function strictNow(place: InboundPlace, connection: InboundConnection): boolean {
  return place.port.mtls === 'STRICT' && !connection.mtls;
}

/** Its decision; nothing is answered. */
export const PLAINTEXT_ON_STRICT: Decision = {
  verdict: 'deny',
  phase: 'mtls',
  reason: 'plaintext-on-strict',
  matched: null,
  details: 'filter_chain_not_found',
};
