/** From an endpoint of a cluster to connections: by whose key, over which TLS, towards which identities. */
import type { OnReadOpts, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Cluster, ClusterEndpoint } from '../../policy/routes/compiled-routes.ts';
import { withoutPort } from '../../wire/name-match.ts';
import { Hop } from '../connection-table.ts';
import { inForceFor, type Core } from '../core.ts';
import { decisionOf } from '../error-table.ts';
import { UpstreamRefused } from '../forward-http.ts';
import type { Upstream } from '../http2/upstream.ts';
import { http1Upstream } from '../http2/upstream-http1.ts';
import { http2Upstream } from '../http2/upstream-http2.ts';
import type { InForce } from '../in-force.ts';
import { connectUpstream, UPSTREAM_ALPN } from '../mtls-gate.ts';
import {
  ENDPOINT_GONE,
  hasLeft,
  peerConnections,
  refusedUpstream,
  type PeerConnection,
} from '../outbound-route.ts';
import type { InstanceSnapshot } from '../snapshot.ts';
import { originateTls } from './tls-origination.ts';

/** How one instance reaches one endpoint of a cluster. */
export interface ClusterWay {
  inForce: InForce;
  from: InstanceSnapshot;
  cluster: Cluster;
  endpoint: ClusterEndpoint;
  /** Where it is reached. */
  address: { host: string; port: number };
  /** The request's Host, which some TLS takes its names from; null = there is none. */
  host: string | null;
}

/** The place of an endpoint on this machine, by the newest snapshot; null: its sidecar isn't bound. */
export function addressOf(
  inForce: InForce,
  { instance, host, port, standIn }: ClusterEndpoint,
): ClusterWay['address'] | null {
  if (standIn !== undefined) return standIn;
  return instance === null ? { host, port } : inForce.inboundAddress(instance, port);
}

/** What a caller asks of a connection besides. */
export interface HowToDial {
  /** See `UpstreamContext`; a TLS of the cluster's own doesn't use it. */
  onread?: OnReadOpts;
  /** Names that are offered before Istio's, where it is mutual TLS. */
  alpn?: readonly string[];
}

/** Envoy's words where a proxy didn't get what its cluster's TLS is made of. */
const NOT_SUPPLIED =
  'upstream_reset_before_response_started{remote_connection_failure|TLS_error:_Secret_is_not_supplied_by_SDS}';

/** Handshakes of one connection, where certificates are replaced meanwhile. */
const HANDSHAKES = 3;

/**
 * Connects, with the certificate and roots of this moment (see `dialPeer`). Throws `UpstreamRefused` when the other side
 * can't be reached or isn't who it must be.
 */
export function dialCluster(
  core: Core,
  way: ClusterWay,
  tag: string | null,
  how: HowToDial = {},
): Promise<PeerConnection> {
  const { host, port } = way.address;
  return core.handshakes.run(`${host}:${port}`, () => dial(core, way, tag, how));
}

async function dial(
  core: Core,
  way: ClusterWay,
  tag: string | null,
  { onread, alpn = [] }: HowToDial,
): Promise<PeerConnection> {
  const { cluster, from, address, endpoint } = way;
  const left = (): boolean =>
    endpoint.instance !== null &&
    endpoint.standIn === undefined &&
    hasLeft(core, endpoint.instance, endpoint.port, address);
  for (let attempt = 1; ; attempt += 1) {
    const inForce = inForceFor(core, from.id) ?? way.inForce;
    if (left()) throw new UpstreamRefused(decisionOf('connect-failure', ENDPOINT_GONE));
    const source = new Hop({ ip: from.podIp, instance: from.id, tag });
    const connected = (raw: Socket): void => core.table.registerHop(raw, source);
    if (cluster.tls.mode === 'REFUSED')
      throw new UpstreamRefused(decisionOf('connect-failure', cluster.tls.reason));
    if (cluster.tls.mode === 'SIMPLE') {
      const stream = await originateTls({ ...originationOf(core, way, inForce), connected });
      return remember({ stream, source, tls: null, spiffeId: null });
    }
    const security = securityOf(way, inForce, alpn);
    const result = await connectUpstream({
      ...address,
      gate: gateOf(core, inForce, cluster),
      security,
      connected,
      ...(onread === undefined ? {} : { onread }),
    });
    if (result.kind === 'admitted')
      return remember({ stream: result.stream, source, tls: result.tls, spiffeId: result.spiffeId });
    if (left()) continue;
    const material = inForceFor(core, from.id)?.tls(from.id);
    const replaced = material !== undefined && material !== inForce.tls(from.id);
    if (!replaced || result.reason === 'connect-failed' || attempt === HANDSHAKES)
      throw new UpstreamRefused(refusedUpstream(result), result.message);
  }
}

function gateOf(core: Core, inForce: InForce, { pool }: Cluster): ReturnType<InForce['gate']> {
  const { handshakeTimeoutMs } = core.limits;
  const timeouts = {
    clientHelloMs: handshakeTimeoutMs,
    handshakeMs: Math.min(pool.connectTimeoutMs, handshakeTimeoutMs),
  };
  return { ...inForce.gate(core.limits), timeouts };
}

function remember(connection: PeerConnection): PeerConnection {
  peerConnections.set(connection.stream, connection);
  return connection;
}

/** Whether it is the mesh's mutual TLS: always, or where the endpoint has a sidecar. */
export function isMutual({ cluster: { tls }, endpoint }: Pick<ClusterWay, 'cluster' | 'endpoint'>): boolean {
  return tls.mode === 'ISTIO_MUTUAL' && (!tls.auto || endpoint.meshed);
}

function securityOf(
  way: ClusterWay,
  inForce: InForce,
  besides: readonly string[],
): Parameters<typeof connectUpstream>[0]['security'] {
  const { tls, protocol } = way.cluster;
  if (tls.mode !== 'ISTIO_MUTUAL' || !isMutual(way)) return { kind: 'plaintext' };
  const material = inForce.tls(way.from.id);
  if (material === null) throw new UpstreamRefused(decisionOf('internal-error', 'no-credentials'));
  const alpn =
    protocol === 'tcp' ? UPSTREAM_ALPN.tcp : protocol === 'http2' ? UPSTREAM_ALPN.http2 : UPSTREAM_ALPN.http;
  return {
    kind: 'mtls',
    tls: material.upstream,
    sni: tls.sni,
    alpn: [...besides, ...alpn],
    expectedSpiffeIds: tls.subjectAltNames,
  };
}

function originationOf(
  core: Core,
  { cluster, address, host, from }: ClusterWay,
  inForce: InForce,
): Omit<Parameters<typeof originateTls>[0], 'connected'> {
  const { tls, protocol, pool } = cluster;
  if (tls.mode !== 'SIMPLE') throw new Error('no TLS to originate');
  const { certificates = {}, roots = {} } = (inForce.instance(from.id) ?? from).clientSecrets ?? {};
  const sni = tls.sni ?? withoutPort(host ?? '');
  return {
    ...address,
    timeoutMs: Math.min(pool.connectTimeoutMs, core.limits.connectTimeoutMs),
    sni,
    alpn: protocol === 'http2' ? ['h2'] : [],
    certificate: tls.certificate === null ? null : supplied(certificates, tls.certificate),
    verify: tls.verify
      ? {
          roots: tls.roots === null ? (inForce.snapshot.publicRootsPem ?? null) : supplied(roots, tls.roots),
          names: tls.subjectAltNames,
          // Without an SNI (bytes that name no host) Envoy has nothing to compare: any server of a known authority.
          host: tls.verifyHost && sni !== '' ? sni : null,
        }
      : null,
  };
}

/** A server is reached with all that its rule names, or not at all. */
function supplied<T>(secrets: Readonly<Record<string, T>>, name: string): T {
  const secret = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
  if (secret === undefined)
    throw new UpstreamRefused({
      ...decisionOf('connect-failure', 'secret-not-supplied'),
      details: NOT_SUPPLIED,
    });
  return secret;
}

/** TLS settings as text, which lasts as long as they do: each request asks for its connections by it. */
const securities = new WeakMap<Cluster['tls'], string>();

function securityKey(tls: Cluster['tls']): string {
  let key = securities.get(tls);
  if (key === undefined) {
    key = JSON.stringify(tls);
    securities.set(tls, key);
  }
  return key;
}

/** Names everything that the identity of a way's connections depends on. */
export function wayKey(way: ClusterWay): string {
  const { cluster, from, address, host } = way;
  const { tls } = cluster;
  const names = tls.mode === 'SIMPLE' && tls.sni === null ? [host ?? ''] : [];
  const security = tls.mode === 'ISTIO_MUTUAL' && !isMutual(way) ? 'plaintext' : securityKey(tls);
  const place = `${address.host}:${address.port}`;
  return ['cluster', from.id, from.podIp, cluster.name, place, security, ...names].join('|');
}

/**
 * The cluster of the newest snapshot: an instance that has left since the request was routed gets no further attempt.
 */
export function newestOf(
  core: Core,
  routedBy: InForce,
  client: string,
  cluster: Cluster,
): { inForce: InForce; cluster: Cluster } {
  const inForce = core.inForce ?? routedBy;
  const instance = inForce.instance(client);
  const clusters = instance === null ? {} : inForce.routes(instance).compiled.clusters;
  const newest = Object.hasOwn(clusters, cluster.name) ? (clusters[cluster.name] ?? cluster) : cluster;
  return { inForce, cluster: cluster.protocol === 'auto' ? newest : spokenTo(newest, cluster.protocol) };
}

/** A cluster that didn't say what it speaks, spoken to as the client's own connection is. */
export function spokenTo(cluster: Cluster, protocol: Exclude<Cluster['protocol'], 'auto'>): Cluster {
  return cluster.protocol === 'auto' ? { ...cluster, protocol } : cluster;
}

/** Pooled connections of that way, in the cluster's protocol. */
export function clusterUpstream(core: Core, way: ClusterWay, tag: string | null): Upstream {
  const key = wayKey(way);
  const { protocol, pool } = way.cluster;
  if (protocol === 'http2')
    return http2Upstream(
      core.http2Pools.pool(key, tag, async () => (await dialCluster(core, way, tag)).stream),
    );
  return http1Upstream(clusterAgent(core, way, pool.maxConnections));
}

/** For exchanges that leave HTTP, too. */
export function clusterAgent(
  core: Core,
  way: ClusterWay,
  maxConnections: number,
): ReturnType<Core['pools']['agent']> {
  const dial = async (): Promise<Duplex> => (await dialCluster(core, way, null)).stream;
  return core.pools.agent(wayKey(way), dial, maxConnections);
}
