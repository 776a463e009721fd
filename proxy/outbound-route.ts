/** From a destination to a connection: which endpoint, by whose key, towards which identities. */
import { validatorWords, verifyErrorDetails } from '../wire/verify-error.ts';
import type { Refused } from './admission.ts';
import type { Duplex } from 'node:stream';
import type { Decision } from '../model/decision.ts';
import type { AppProtocol } from '../model/mesh.ts';
import type { PeerRef, TlsFacts } from '../model/traffic-event.ts';
import { Hop, type Source } from './connection-table.ts';
import { inForceFor, type Core } from './core.ts';
import { decisionOf } from './error-table.ts';
import { speaksHttp2 } from './http2/speaks-http2.ts';
import { UpstreamRefused } from './forward-http.ts';
import type { Destination, InForce, ServicePort } from './in-force.ts';
import { connectUpstream, UPSTREAM_ALPN, upstreamSni, type UpstreamContext } from './mtls-gate.ts';
import type { BoundListener, InstanceSnapshot } from './snapshot.ts';

/** A connection of ours to a peer's sidecar. */
export interface PeerConnection {
  stream: Duplex;
  /** Entry of the connection table; its tag follows the request that the connection carries. */
  source: Source;
  tls: TlsFacts | null;
  spiffeId: string | null;
}

export interface Endpoint {
  instance: InstanceSnapshot;
  address: BoundListener;
  targetPort: number;
}

/** Facts of a pooled connection by its stream. */
export const peerConnections = new WeakMap<Duplex, PeerConnection>();

/**
 * Round robin over the endpoints whose inbound listener is bound. Endpoints are always the newest snapshot's, also for
 * a request that an older one routed: an instance that has left meanwhile gets no further attempt.
 */
export function pickEndpoint(core: Core, routedBy: InForce, { service, port }: Destination): Endpoint | null {
  const inForce = core.inForce ?? routedBy;
  const current = inForce.service(service.id)?.ports.find((candidate) => candidate.port === port.port);
  const alive = current === undefined ? [] : boundEndpoints(inForce, current);
  if (alive.length < 2) return alive[0] ?? null;
  const key = `${service.id}:${port.port}`;
  const turn = core.turns.get(key) ?? 0;
  core.turns.set(key, (turn + 1) % Number.MAX_SAFE_INTEGER);
  return alive[turn % alive.length] as Endpoint;
}

const bound = new WeakMap<InForce, Map<ServicePort, readonly Endpoint[]>>();

/** Where a port's endpoints are bound; it stays so while the snapshot is in force. */
function boundEndpoints(inForce: InForce, port: ServicePort): readonly Endpoint[] {
  const known = bound.get(inForce) ?? new Map<ServicePort, readonly Endpoint[]>();
  bound.set(inForce, known);
  let alive = known.get(port);
  if (alive === undefined) {
    alive = port.endpoints.flatMap(({ instance: id }) => {
      const instance = inForce.instance(id);
      const address = inForce.inboundAddress(id, port.targetPort);
      return instance === null || address === null
        ? []
        : [{ instance, address, targetPort: port.targetPort }];
    });
    known.set(port, alive);
  }
  return alive;
}

/** The decision for a connection that the gate didn't let us use. */
export function refusedUpstream(refused: Refused): Decision {
  const failure = refused.reason === 'connect-failed' ? 'connect-failure' : 'wrong-peer-identity';
  const decision = decisionOf(failure, refused.reason);
  const words = validatorWords(refused.reason, refused.tls?.peer?.uriSans ?? []);
  return words === null ? decision : { ...decision, details: verifyErrorDetails(words) };
}

/** Handshakes of one connection, where certificates are replaced meanwhile. */
const HANDSHAKES = 3;

/** How one instance reaches one endpoint of a destination. */
export interface Way {
  inForce: InForce;
  from: InstanceSnapshot;
  destination: Destination;
  endpoint: Endpoint;
  /** An unknown host that ALLOW_ANY lets through goes in plaintext, as Istio's PassthroughCluster does. */
  tls: 'ISTIO_MUTUAL' | 'DISABLE';
}

/** By which names the two sidecars recognize each other. */
function alpnOf(protocol: AppProtocol): keyof typeof UPSTREAM_ALPN {
  if (speaksHttp2(protocol)) return 'http2';
  return protocol === 'http' || protocol === 'auto' ? 'http' : 'tcp';
}

function securityOf(way: Way, inForce: InForce): UpstreamContext['security'] {
  if (way.tls === 'DISABLE') return { kind: 'plaintext' };
  const material = inForce.tls(way.from.id);
  if (material === null) throw new UpstreamRefused(decisionOf('internal-error', 'no-credentials'));
  const { service, port } = way.destination;
  return {
    kind: 'mtls',
    tls: material.upstream,
    sni: upstreamSni(`${service.name}.${service.namespace}.svc.cluster.local`, port.port),
    alpn: UPSTREAM_ALPN[alpnOf(port.protocol)],
    expectedSpiffeIds: port.expectedSpiffeIds,
  };
}

/**
 * Connects, with the certificate and roots of this moment: since the request was routed they may have been replaced,
 * and the other side may know the new ones alone. Where they are replaced during the handshake, that one proves
 * nothing, and another is made. Throws `UpstreamRefused` when the peer can't be reached or isn't who it must be.
 */
export function dialPeer(core: Core, way: Way, tag: string | null): Promise<PeerConnection> {
  const { host, port } = way.endpoint.address;
  return core.handshakes.run(`${host}:${port}`, () => dial(core, way, tag));
}

/** Reason of a connection that wasn't made because its endpoint left while it waited or was being made. */
export const ENDPOINT_GONE = 'endpoint-gone';

/** Whether that port of an instance is no longer where it was. */
export function hasLeft(
  { inForce }: Core,
  instance: string,
  targetPort: number,
  address: Pick<Endpoint['address'], 'host' | 'port'>,
): boolean {
  const now = inForce?.inboundAddress(instance, targetPort) ?? null;
  return now?.host !== address.host || now.port !== address.port;
}

async function dial(core: Core, way: Way, tag: string | null): Promise<PeerConnection> {
  const { instance, targetPort, address } = way.endpoint;
  const left = (): boolean => hasLeft(core, instance.id, targetPort, address);
  for (let attempt = 1; ; attempt += 1) {
    const inForce = inForceFor(core, way.from.id) ?? way.inForce;
    if (left()) throw new UpstreamRefused(decisionOf('connect-failure', ENDPOINT_GONE));
    const source = new Hop({ ip: way.from.podIp, instance: way.from.id, tag });
    const result = await connectUpstream({
      host: way.endpoint.address.host,
      port: way.endpoint.address.port,
      gate: inForce.gate(core.limits),
      security: securityOf(way, inForce),
      connected: (raw) => core.table.registerHop(raw, source),
    });
    if (result.kind === 'admitted') {
      const connection = { stream: result.stream, source, tls: result.tls, spiffeId: result.spiffeId };
      peerConnections.set(result.stream, connection);
      return connection;
    }
    if (left()) continue;
    const material = inForceFor(core, way.from.id)?.tls(way.from.id);
    const replaced = material !== undefined && material !== inForce.tls(way.from.id);
    if (!replaced || result.reason === 'connect-failed' || attempt === HANDSHAKES)
      throw new UpstreamRefused(refusedUpstream(result), result.message);
  }
}

/** The far end, as events name it. */
export function destinationPeer(
  destination: Destination | null,
  endpoint: Endpoint | null,
  spiffeId: string | null,
): PeerRef {
  return {
    workload: endpoint?.instance.workload ?? destination?.service.name ?? null,
    namespace: destination?.service.namespace ?? null,
    instance: endpoint?.instance.id ?? null,
    spiffeId,
    ip: endpoint?.instance.podIp ?? destination?.service.clusterIp ?? '',
    port: destination?.port.port ?? null,
  };
}
