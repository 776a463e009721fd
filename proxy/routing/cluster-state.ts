/**
 * What one sidecar remembers of one cluster between requests: whose turn it is, what is under way, who is ejected. By
 * client and cluster name, as each Envoy has its own; a new snapshot keeps it while the endpoints stay.
 */
import type { Cluster, ClusterEndpoint } from '../../policy/routes/compiled-routes.ts';
import { OutlierWatch } from './outlier-watch.ts';

export interface ClusterState {
  /** The next in round robin. */
  turn: number;
  /** Requests under way, by endpoint. */
  readonly active: Map<string, number>;
  /** Requests under way in all. */
  requests: number;
  /** Retries under way. */
  retries: number;
  readonly outliers: OutlierWatch;
}

/** A text that was made once is found in a map by its hash; one made for each request is hashed each time. */
const keys = new WeakMap<ClusterEndpoint, string>();

/** Names an endpoint within its cluster. */
export function endpointKey(endpoint: ClusterEndpoint): string {
  let key = keys.get(endpoint);
  if (key === undefined) {
    key = `${endpoint.instance ?? ''}@${endpoint.host}:${endpoint.port}`;
    keys.set(endpoint, key);
  }
  return key;
}

export class ClusterStates {
  readonly #states = new Map<string, ClusterState>();

  of(client: string, { name }: Pick<Cluster, 'name'>): ClusterState {
    const key = `${client}|${name}`;
    let state = this.#states.get(key);
    if (state === undefined) {
      state = { turn: 0, active: new Map(), requests: 0, retries: 0, outliers: new OutlierWatch() };
      this.#states.set(key, state);
    }
    return state;
  }

  /** Forgets clients that are gone. */
  retire(keep: (client: string) => boolean): void {
    for (const key of this.#states.keys()) if (!keep(key.split('|', 1)[0] ?? '')) this.#states.delete(key);
  }
}

/** Counts a request at an endpoint until the returned function is called, once or more often. */
export function occupy(state: ClusterState, endpoint: ClusterEndpoint): () => void {
  const key = endpointKey(endpoint);
  state.requests += 1;
  state.active.set(key, (state.active.get(key) ?? 0) + 1);
  let over = false;
  return () => {
    if (over) return;
    over = true;
    state.requests -= 1;
    const left = (state.active.get(key) ?? 1) - 1;
    if (left > 0) state.active.set(key, left);
    else state.active.delete(key);
  };
}
