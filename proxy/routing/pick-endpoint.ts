/** Load balancing: which endpoint of a cluster takes the next attempt. */
import type { Cluster, ClusterEndpoint } from '../../policy/routes/compiled-routes.ts';
import { endpointKey, type ClusterState } from './cluster-state.ts';
import { endpointByHash } from './hash-ring.ts';

export interface Picking {
  cluster: Cluster;
  state: ClusterState;
  /** Whether an endpoint can be reached at all: its sidecar listens. */
  reachable(endpoint: ClusterEndpoint): boolean;
  /** Of what the DestinationRule hashes by; null = nothing. */
  hash: number | null;
  /** Keys of endpoints that this request has tried, to be avoided; those of a hash are kept. */
  tried: ReadonlySet<string>;
  now: number;
}

/** null: there is no endpoint, none is up, or all are ejected. */
export function pickEndpoint(picking: Picking): ClusterEndpoint | null {
  const { cluster, hash, tried } = picking;
  const healthy = healthyOf(picking);
  if (healthy.length === 0) return null;
  const { kind } = cluster.balance;
  if (hash !== null && (kind === 'ring-hash' || kind === 'maglev'))
    return endpointByHash(cluster, hash, (endpoint) => healthy.includes(endpoint));
  const fresh = tried.size === 0 ? healthy : healthy.filter((endpoint) => !tried.has(endpointKey(endpoint)));
  return balance(fresh.length > 0 ? fresh : healthy, picking);
}

/** A loop, since each request comes by: V8 leaves a `filter` with its closure to its runtime. */
function healthyOf({ cluster, state, reachable, now }: Picking): ClusterEndpoint[] {
  const { endpoints, outlier } = cluster;
  const healthy: ClusterEndpoint[] = [];
  for (const endpoint of endpoints) {
    if (!reachable(endpoint)) continue;
    if (outlier === null || !state.outliers.isEjected(endpointKey(endpoint), now)) healthy.push(endpoint);
  }
  return healthy;
}

function balance(endpoints: readonly ClusterEndpoint[], { cluster, state }: Picking): ClusterEndpoint {
  const [first] = endpoints;
  if (first !== undefined && endpoints.length === 1) return first;
  const weighted = endpoints.some(({ weight }) => weight !== 1) ? spread(endpoints) : endpoints;
  if (cluster.balance.kind === 'random')
    return weighted[Math.floor(Math.random() * weighted.length)] as ClusterEndpoint;
  const turn = weighted[state.turn % weighted.length] as ClusterEndpoint;
  state.turn = (state.turn + 1) % Number.MAX_SAFE_INTEGER;
  if (cluster.balance.kind !== 'least-request') return turn;
  // Two choices, as in Envoy; where they are equal, turns are fair.
  const other = weighted[Math.floor(Math.random() * weighted.length)] as ClusterEndpoint;
  const load = (endpoint: ClusterEndpoint): number => state.active.get(endpointKey(endpoint)) ?? 0;
  return load(other) < load(turn) ? other : turn;
}

/** An endpoint as often as it weighs, up to a hundred. */
function spread(endpoints: readonly ClusterEndpoint[]): ClusterEndpoint[] {
  const most = Math.max(...endpoints.map(({ weight }) => weight));
  const scale = most > 100 ? 100 / most : 1;
  return endpoints.flatMap((endpoint) =>
    Array.from({ length: Math.max(1, Math.round(endpoint.weight * scale)) }, () => endpoint),
  );
}
