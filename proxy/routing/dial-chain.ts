/** From a chain of bytes to a connection: one of its clusters, and there an endpoint that can be reached. */
import type { Duplex } from 'node:stream';
import type { Decision } from '../../model/decision.ts';
import type { PeerRef, RouteFacts } from '../../model/traffic-event.ts';
import { pick } from '../../policy/routes/choose-route.ts';
import type { Cluster, ClusterEndpoint, TcpChain } from '../../policy/routes/compiled-routes.ts';
import type { Core } from '../core.ts';
import { decisionOf, endedAs } from '../error-table.ts';
import { brokenEdge, failedDial } from '../faults/broken-upstream.ts';
import type { EdgeFaults } from '../faults/edge-faults.ts';
import { UpstreamRefused } from '../forward-http.ts';
import type { InForce } from '../in-force.ts';
import type { OutboundConnection } from '../outbound-connection.ts';
import type { PeerConnection } from '../outbound-route.ts';
import type { InstanceSnapshot } from '../snapshot.ts';
import { endpointKey, occupy } from './cluster-state.ts';
import { addressOf, dialCluster, newestOf, spokenTo } from './cluster-way.ts';
import { hashText } from './hash-ring.ts';
import { originalDestination, originalEndpoint } from './original-destination.ts';
import { peerOfEndpoint } from './peer-of-endpoint.ts';
import { pickEndpoint } from './pick-endpoint.ts';

const ROUTED: Decision = { verdict: 'allow', phase: 'default', reason: 'routed', matched: null };
const ATTEMPTS = 3;

/** A connection on its way out: a client's sidecar's, or a gateway's. */
export interface TcpCall {
  core: Core;
  connection: OutboundConnection;
  inForce: InForce;
  caller: InstanceSnapshot;
}

/** What a connection is carried to. */
export interface Target {
  cluster: Cluster | null;
  chain: TcpChain | null;
  decision: Decision;
  endpoint(tried: ReadonlySet<string>): ClusterEndpoint | null;
}

/** One of the chain's clusters. `client`: its address chooses the endpoint where the chain says so. */
export function targetOfChain(
  { core, connection, inForce, caller }: TcpCall,
  chain: TcpChain,
  client: string,
): Target {
  const { clusters } = inForce.routes(caller).compiled;
  const name = pick(chain.destinations, Math.random)?.cluster ?? '';
  const named = Object.hasOwn(clusters, name) ? clusters[name] : undefined;
  if (named === undefined)
    return { cluster: null, chain, decision: decisionOf('cluster-not-found'), endpoint: () => null };
  const cluster = spokenTo(named, 'tcp');
  const hash = chain.hashSourceIp ? hashText(client) : null;
  const to = originalDestination(inForce, connection, '');
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

/** What came of it. */
export interface Dialed {
  peer: PeerConnection | null;
  to: PeerRef;
  decision: Decision;
  release(): void;
}

/** Connections that fail are tried again, at other endpoints first. */
export async function dialTarget(
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
