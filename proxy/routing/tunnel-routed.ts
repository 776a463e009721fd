/** A WebSocket on its way to a cluster: connections are tried again as Istio's default has it, answers are not. */
import type { Decision } from '../../model/decision.ts';
import type { Cluster } from '../../policy/routes/compiled-routes.ts';
import { decisionOf } from '../error-table.ts';
import { brokenEdge, failedDial, type BrokenEdge } from '../faults/broken-upstream.ts';
import { slowStream } from '../faults/slow-stream.ts';
import type { UpstreamRequest } from '../http2/upstream.ts';
import type { AttemptOutcome, AttemptPlan } from './attempts.ts';
import type { CarryHooks, ClientTunnel, TunnelFailure } from './client-side.ts';
import { addressOf, clusterAgent } from './cluster-way.ts';
import { endpointKey, occupy } from './cluster-state.ts';
import type { Exchange } from './exchange.ts';

const ATTEMPTS = 3;

/** null: it is over; else what is to be answered. */
export async function tunnelRouted(
  {
    exchange,
    plan,
    outcome,
    cluster,
  }: { exchange: Exchange; plan: AttemptPlan; outcome: AttemptOutcome; cluster: Cluster },
  request: UpstreamRequest,
  hooks: CarryHooks,
): Promise<Decision | null> {
  const { call, client } = exchange;
  const { core, inForce, caller: from } = call;
  if (client.tunnel === null || cluster.protocol === 'http2') {
    // As Istio's inbound sidecar ends it: see http1-carrier.ts.
    outcome.attempts = 1;
    outcome.flags = 'UC';
    return decisionOf('upstream-reset', 'upgrade-towards-http2');
  }
  const { bytesPerSecond = null } = exchange.faults ?? {};
  const carried: CarryHooks =
    bytesPerSecond === null ? hooks : { ...hooks, upgraded: (socket) => slowStream(socket, bytesPerSecond) };
  const tried = new Set<string>();
  for (;;) {
    outcome.attempts += 1;
    const endpoint = plan.pick(tried);
    const address = endpoint === null ? null : addressOf(core.inForce ?? inForce, endpoint);
    if (endpoint === null || address === null) {
      outcome.flags = 'UH';
      return decisionOf('no-healthy-upstream');
    }
    outcome.endpoint = endpoint;
    tried.add(endpointKey(endpoint));
    const release = occupy(plan.state, endpoint);
    const broken = brokenEdge(core.limits, cluster, exchange.faults);
    const way = { inForce, from, cluster, endpoint, address, host: request.host };
    const failure =
      broken === null
        ? await client.tunnel.carry(clusterAgent(core, way, cluster.pool.maxConnections), request, carried)
        : await brokenOff(broken, client.tunnel, hooks);
    release();
    if (failure === null) return null;
    if (failure.unsent && outcome.attempts < ATTEMPTS && !client.over) continue;
    outcome.flags = failure.unsent ? 'URX,UF' : 'UC';
    return failure.decision;
  }
}

async function brokenOff(
  broken: BrokenEdge,
  { socket }: ClientTunnel,
  { report }: CarryHooks,
): Promise<TunnelFailure | null> {
  const decision = await failedDial(broken, socket);
  if (decision !== null) return { decision, unsent: broken.broken === 'black-hole' };
  report({ status: null, headers: [], requestBytes: 0, responseBytes: 0, end: 'client-gone' });
  return null;
}
