/** A request that its route sends to a cluster: rewritten, attempted, mirrored, and its answer touched up. */
import type { Decision } from '../../model/decision.ts';
import { setHeader } from '../../policy/routes/header-operations.ts';
import { drawMirrors } from '../../policy/routes/fault.ts';
import type { Cluster, ClusterEndpoint } from '../../policy/routes/compiled-routes.ts';
import { requestToUpstream } from '../../policy/routes/request-upstream.ts';
import type { ForwardDecision } from '../../policy/routes/route-decision.ts';
import { decisionOf } from '../error-table.ts';
import { brokenEdge, brokenUpstream } from '../faults/broken-upstream.ts';
import { slowUpstream } from '../faults/slow-upstream.ts';
import { httpDate } from '../http-date.ts';
import type { ExchangeTimes } from '../http2/told-exchange.ts';
import type { Upstream, UpstreamRequest } from '../http2/upstream.ts';
import { peerConnections, type PeerConnection } from '../outbound-route.ts';
import { attemptsUpstream, type AttemptOutcome, type AttemptPlan } from './attempts.ts';
import { addressOf, clusterUpstream, newestOf, spokenTo } from './cluster-way.ts';
import { hashOfRequest, type RequestHash } from './hash-of-request.ts';
import { mirroredUpstream } from './mirrored-upstream.ts';
import { originalEndpoint } from './original-destination.ts';
import { serverFields, type Call } from './outbound-call.ts';
import { peerOfEndpoint } from './peer-of-endpoint.ts';
import { pickEndpoint } from './pick-endpoint.ts';
import { finished, protocolOf, refuse, type Exchange } from './exchange.ts';
import type { CarryHooks } from './client-side.ts';
import { tunnelRouted } from './tunnel-routed.ts';
import { sendMirror, type Mirror } from './send-mirror.ts';
import { tellRouted } from './tell-routed.ts';
import { upstreamTimes, type UpstreamTimes } from './upstream-times.ts';

export const ROUTED: Decision = { verdict: 'allow', phase: 'default', reason: 'routed', matched: null };
export const PASSED_THROUGH: Decision = {
  verdict: 'allow',
  phase: 'egress',
  reason: 'allow-any',
  matched: null,
};

export async function forwardRouted(exchange: Exchange, decision: ForwardDecision): Promise<void> {
  const { call, client, request, facts } = exchange;
  const { route, action, destination } = decision;
  const spoken = protocolOf(call);
  const cluster = decision.cluster && spokenTo(decision.cluster, spoken);
  const by = { route, destination };
  const source = call.route?.source ?? null;
  if (cluster === null) {
    call.route = { source, cluster: destination.cluster, attempts: 0, flags: '', mirrors: [] };
    const missing = decisionOf('cluster-not-found');
    await refuse(exchange, by, { decision: { ...missing, status: action.notFoundStatus } }, 'NC');
    return;
  }
  call.to = peerOfEndpoint(call.inForce, cluster, null);
  const hash = hashOfRequest(action.hash, request, facts.remoteAddress);
  const times = upstreamTimes(action, request.headers);
  const sent = requestToUpstream(decision, { ...request, headers: times.headers }, facts);
  exchange.sent = sent;
  if (call.request !== null)
    call.request = { ...call.request, path: sent.path, host: sent.host, headers: sent.headers };
  const toSend: UpstreamRequest = { ...request, path: sent.path, host: sent.host, headers: sent.headers };
  const outcome: AttemptOutcome = { attempts: 0, flags: '', endpoint: null };
  const plan = planOf(exchange, decision, cluster, hash, times, sent.host);
  const mirrored = drawMirrors(action.mirrors, Math.random);
  const told = (): void => {
    const flags = [...exchange.flags, ...(outcome.flags === '' ? [] : [outcome.flags])].join(',');
    call.route = { source, cluster: cluster.name, attempts: outcome.attempts, flags, mirrors: mirrored };
    const { spiffeId } = call.to;
    call.to = { ...peerOfEndpoint(call.inForce, cluster, outcome.endpoint), spiffeId };
  };
  const verdict = cluster.name === 'PassthroughCluster' ? PASSED_THROUGH : ROUTED;
  const attempts = attemptsUpstream(plan, outcome);
  const upstream =
    mirrored.length === 0
      ? attempts
      : mirroredUpstream(attempts, (copy) => mirrorsOf(exchange, mirrored, copy));
  const reached: ExchangeTimes = { at: call.at, decidedAt: performance.now(), answeredAt: 0 };
  let peer: PeerConnection | undefined;
  const hooks: CarryHooks = {
    connected: (socket) => {
      peer = peerConnections.get(socket);
      if (peer === undefined) return;
      peer.source.tag = call.tag;
      call.tls = peer.tls;
      call.to = { ...call.to, spiffeId: peer.spiffeId };
    },
    responseHeaders: (came, serviceMs) => {
      reached.answeredAt = performance.now();
      // Told to the client's sidecar for its traces, and no further.
      const fields = came.filter(([name]) => name !== 'x-envoy-decorator-operation');
      const timed =
        serviceMs === null
          ? fields
          : setHeader(fields, 'x-envoy-upstream-service-time', String(Math.max(0, Math.floor(serviceMs))));
      const cookies = hash.cookie === null ? timed : [...timed, ['set-cookie', hash.cookie] as const];
      return withServer(call, finished(exchange, by, cookies));
    },
    report: (report) => {
      told();
      const { instance, ip, port } = call.to;
      const way = [call.inForce, call.tag, source, cluster.name, instance, ip, port, peer];
      tellRouted(exchange, decision, { outcome, way, verdict, times: reached }, report);
    },
  };
  const failed =
    client.tunnel === null
      ? await client.carry(upstream, toSend, hooks)
      : await tunnelRouted({ exchange, plan, outcome, cluster }, toSend, hooks);
  if (failed === null) return;
  told();
  const flag = outcome.flags;
  await refuse(exchange, by, { decision: failed }, flag);
}

/** Date is the upstream's own, where it has one. */
function withServer(call: Call, headers: readonly (readonly [string, string])[]): [string, string][] {
  const kept: [string, string][] = [];
  let dated = false;
  for (const [name, value] of headers) {
    if (name === 'server') continue;
    if (name === 'date') dated = true;
    kept.push([name, value]);
  }
  if (!dated) kept.push(['date', httpDate()]);
  kept.push(...serverFields(call));
  return kept;
}

function planOf(
  exchange: Exchange,
  { action }: Pick<ForwardDecision, 'action'>,
  cluster: Cluster,
  { hash }: RequestHash,
  { timeoutMs }: UpstreamTimes,
  host: string,
): AttemptPlan {
  const plan = clusterPlan(exchange, cluster, hash, host);
  const upstreamOf = (endpoint: ClusterEndpoint): Upstream => overEdge(exchange, cluster, plan, endpoint);
  return { ...plan, upstreamOf, retry: action.retry, timeoutMs };
}

/** The way to an endpoint, as a rehearsal has left it. */
function overEdge(
  { call, faults }: Exchange,
  cluster: Cluster,
  { upstreamOf }: Pick<AttemptPlan, 'upstreamOf'>,
  endpoint: ClusterEndpoint,
): Upstream {
  const broken = brokenEdge(call.core.limits, cluster, faults);
  if (broken !== null) return brokenUpstream(broken);
  const { bytesPerSecond = null } = faults ?? {};
  return bytesPerSecond === null ? upstreamOf(endpoint) : slowUpstream(upstreamOf(endpoint), bytesPerSecond);
}

/** Endpoints of a cluster and the way to each, for one request. */
function clusterPlan(
  { call, to }: Exchange,
  cluster: Cluster,
  hash: number | null,
  host: string,
): Omit<AttemptPlan, 'retry' | 'timeoutMs'> {
  const { core, inForce, caller, tag, connection } = call;
  const state = core.clusters.of(caller.id, cluster);
  const newest = (): ReturnType<typeof newestOf> => newestOf(core, inForce, caller.id, cluster);
  return {
    cluster,
    state,
    pick: (tried) => {
      const now = newest();
      if (cluster.discovery === 'original-destination')
        return originalEndpoint(now.inForce, connection, to, cluster.standIn);
      const reachable = (endpoint: ClusterEndpoint): boolean => addressOf(now.inForce, endpoint) !== null;
      return pickEndpoint({ cluster: now.cluster, state, reachable, hash, tried, now: performance.now() });
    },
    upstreamOf: (endpoint) => {
      const now = newest();
      const address = addressOf(now.inForce, endpoint);
      if (address === null) throw new Error('an endpoint that was picked is reachable');
      const way = { inForce, from: caller, cluster: now.cluster, endpoint, address, host };
      return clusterUpstream(core, way, tag);
    },
    now: () => performance.now(),
  };
}

function mirrorsOf(exchange: Exchange, names: readonly string[], request: UpstreamRequest): Mirror[] {
  const { call } = exchange;
  const { clusters } = call.inForce.routes(call.caller).compiled;
  return names.flatMap((name) => {
    const cluster = Object.hasOwn(clusters, name) ? clusters[name] : undefined;
    if (cluster === undefined) return [];
    const own = spokenTo(cluster, protocolOf(call));
    const plan = { ...clusterPlan(exchange, own, null, request.host), retry: null, timeoutMs: 0 };
    return [sendMirror(plan, request, call.caller.podIp)];
  });
}
