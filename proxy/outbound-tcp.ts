/** TCP at an outbound listener: where it was meant to go names the chain, the chain a cluster, and one endpoint gets the bytes. */
import type { Duplex } from 'node:stream';
import type { Decision } from '../model/decision.ts';
import type { PeerRef, RouteFacts, TlsFacts } from '../model/traffic-event.ts';
import { pick } from '../policy/routes/choose-route.ts';
import type { Cluster, ClusterEndpoint, TcpChain } from '../policy/routes/compiled-routes.ts';
import { chainFor, listenerAt } from '../policy/routes/route-table.ts';
import type { Core } from './core.ts';
import { decisionOf, endedAs } from './error-table.ts';
import { brokenEdge, failedDial } from './faults/broken-upstream.ts';
import { edgeFaults, type EdgeFaults } from './faults/edge-faults.ts';
import { slowStream } from './faults/slow-stream.ts';
import { faultTcp } from './faults/tcp-faults.ts';
import { UpstreamRefused } from './forward-http.ts';
import type { InForce } from './in-force.ts';
import { makeEvent } from './make-event.ts';
import { callerPeer, tagOf, type OutboundConnection } from './outbound-connection.ts';
import type { PeerConnection } from './outbound-route.ts';
import { endpointKey, occupy } from './routing/cluster-state.ts';
import { addressOf, dialCluster, newestOf, spokenTo } from './routing/cluster-way.ts';
import { hashText } from './routing/hash-ring.ts';
import { originalDestination, originalEndpoint, passthroughCluster } from './routing/original-destination.ts';
import { peerOfEndpoint } from './routing/peer-of-endpoint.ts';
import { pickEndpoint } from './routing/pick-endpoint.ts';
import type { InstanceSnapshot } from './snapshot.ts';
import { join } from './tcp-pair.ts';

const ROUTED: Decision = { verdict: 'allow', phase: 'default', reason: 'routed', matched: null };
/** Where Istio's sidecar listens itself: what is meant for it goes nowhere. */
const OWN_PORT = 15_001;
const ALLOW_ANY: Decision = { verdict: 'allow', phase: 'egress', reason: 'allow-any', matched: null };
const UNKNOWN_PORT: Decision = { verdict: 'deny', phase: 'egress', reason: 'unknown-port', matched: null };
const ATTEMPTS = 3;

export interface TcpCall {
  core: Core;
  connection: OutboundConnection;
  inForce: InForce;
  caller: InstanceSnapshot;
}

/** What a connection is carried to. */
interface Target {
  cluster: Cluster | null;
  chain: TcpChain | null;
  decision: Decision;
  endpoint(tried: ReadonlySet<string>): ClusterEndpoint | null;
}

function targetOf({ core, connection, inForce, caller }: TcpCall): Target {
  const table = inForce.routes(caller);
  const to = originalDestination(inForce, connection, '');
  const listener = listenerAt(table, to.address, to.port);
  const chain = listener === null ? null : chainFor(listener, to.address);
  const original = (): ClusterEndpoint | null => originalEndpoint(inForce, connection, to);
  if (chain === null) {
    const open = table.compiled.outboundTrafficPolicy === 'ALLOW_ANY' && to.port !== OWN_PORT;
    return {
      cluster: open ? passthroughCluster('tcp') : null,
      chain,
      decision: open ? ALLOW_ANY : UNKNOWN_PORT,
      endpoint: open ? original : () => null,
    };
  }
  const name = pick(chain.destinations, Math.random)?.cluster ?? '';
  const named = Object.hasOwn(table.compiled.clusters, name) ? table.compiled.clusters[name] : undefined;
  if (named === undefined)
    return { cluster: null, chain, decision: decisionOf('cluster-not-found'), endpoint: () => null };
  const cluster = spokenTo(named, 'tcp');
  const hash = chain.hashSourceIp ? hashText(caller.podIp) : null;
  return {
    cluster,
    chain,
    decision: ROUTED,
    endpoint: (tried) =>
      cluster.discovery === 'original-destination'
        ? originalEndpoint(inForce, connection, to, cluster.standIn)
        : pickNewest({ core, inForce, client: caller.id, cluster, hash, tried }),
  };
}

interface NewestPick {
  core: Core;
  inForce: InForce;
  client: string;
  cluster: Cluster;
  hash: number | null;
  tried: ReadonlySet<string>;
}

function pickNewest({ core, inForce, client, cluster, hash, tried }: NewestPick): ClusterEndpoint | null {
  const newest = newestOf(core, inForce, client, cluster);
  const reachable = (endpoint: ClusterEndpoint): boolean => addressOf(newest.inForce, endpoint) !== null;
  const state = core.clusters.of(client, cluster);
  return pickEndpoint({ cluster: newest.cluster, state, reachable, hash, tried, now: performance.now() });
}

/** Carries the connection to its end; one event. Never rejects. */
export async function carryOutboundTcp(call: TcpCall, client: Duplex): Promise<void> {
  const { core, connection, inForce, caller } = call;
  const tag = tagOf(core, connection.endpoints);
  const target = targetOf(call);
  const route: RouteFacts = {
    source: target.chain?.source ?? null,
    cluster: target.cluster?.name ?? null,
    attempts: 0,
    flags: '',
    mirrors: [],
  };
  const faults = target.cluster === null ? null : edgeFaults(inForce, caller, target.cluster);
  const finish = (decision: Decision, to: PeerRef, tls: TlsFacts | null): void => {
    core.record(
      makeEvent({
        kind: 'tcp',
        direction: 'outbound',
        owner: caller.id,
        at: connection.acceptedAt,
        from: callerPeer(caller, connection.endpoints),
        to,
        tls,
        route,
        decision,
        findings: faults?.findings ?? [],
        snapshotVersion: inForce.snapshot.version,
        tag,
      }),
    );
  };
  client.on('error', () => undefined);
  if (faults !== null && target.cluster !== null) {
    const { over, flags } = await faultTcp(faults, client);
    route.flags = flags;
    if (over !== null) {
      finish(withoutStatus(over), peerOfEndpoint(inForce, target.cluster, null), null);
      return;
    }
  }
  const dialed = await dialTarget(call, target, { client, route, faults }, tag);
  const to = dialed.to;
  if (dialed.peer === null || client.destroyed) {
    dialed.release();
    dialed.peer?.stream.destroy();
    // TCP has no status: the client sees a close.
    finish(
      dialed.peer === null ? withoutStatus(dialed.decision) : target.decision,
      to,
      dialed.peer?.tls ?? null,
    );
    client.destroy();
    return;
  }
  const { stream, tls, spiffeId } = dialed.peer;
  const { bytesPerSecond = null } = faults ?? {};
  join({
    client,
    upstream: bytesPerSecond === null ? stream : slowStream(stream, bytesPerSecond),
    connectTimeoutMs: core.limits.connectTimeoutMs,
    onClientBytes: () => true,
    onUpstreamBytes: () => undefined,
    onClose: () => {
      dialed.release();
      finish(target.decision, { ...to, spiffeId }, tls);
    },
  });
}

interface Dialed {
  peer: PeerConnection | null;
  to: PeerRef;
  decision: Decision;
  release(): void;
}

/** Connections that fail are tried again, at other endpoints first. */
async function dialTarget(
  call: TcpCall,
  target: Target,
  { client, route, faults }: { client: Duplex; route: RouteFacts; faults: EdgeFaults | null },
  tag: string | null,
): Promise<Dialed> {
  const { core, connection, inForce, caller: from } = call;
  const { cluster } = target;
  const nowhere = originalDestination(inForce, connection, '');
  let to: PeerRef =
    cluster === null
      ? {
          workload: null,
          namespace: null,
          instance: null,
          spiffeId: null,
          ip: nowhere.address,
          port: nowhere.port,
        }
      : peerOfEndpoint(inForce, cluster, null);
  const failed = (decision: Decision, flags: string): Dialed => {
    route.flags = route.flags === '' ? flags : `${route.flags},${flags}`;
    return { peer: null, to, decision, release: () => undefined };
  };
  if (cluster === null) return failed(target.decision, target.chain === null ? 'UH' : 'NC');
  const broken = brokenEdge(core.limits, cluster, faults);
  const tried = new Set<string>();
  let last: Decision | null = null;
  while (route.attempts < ATTEMPTS) {
    const endpoint = target.endpoint(tried);
    const address = endpoint === null ? null : addressOf(core.inForce ?? inForce, endpoint);
    if (endpoint === null || address === null) break;
    route.attempts += 1;
    tried.add(endpointKey(endpoint));
    to = peerOfEndpoint(inForce, cluster, endpoint);
    if (broken !== null) {
      last = await failedDial(broken, client);
      if (last === null) return failed(endedAs(target.decision, 'client-gone'), 'DC');
      continue;
    }
    const release = occupy(core.clusters.of(from.id, cluster), endpoint);
    try {
      const peer = await dialCluster(core, { inForce, from, cluster, endpoint, address, host: null }, tag);
      return { peer, to, decision: target.decision, release };
    } catch (error) {
      release();
      if (!(error instanceof UpstreamRefused)) throw error;
      last = error.decision;
    }
  }
  return last === null ? failed(decisionOf('no-healthy-upstream'), 'UH') : failed(last, 'UF,URX');
}

function withoutStatus({ verdict, phase, reason, matched, details }: Decision): Decision {
  return { verdict, phase, reason, matched, ...(details === undefined ? {} : { details }) };
}
