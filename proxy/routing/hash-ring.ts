/**
 * Consistent hashing: which endpoint a hash belongs to. Equal hashes find the same endpoint while it is there, and few
 * others move when one comes or goes. The hash function isn't Envoy's, so it is another endpoint than there.
 */
import type { Cluster, ClusterEndpoint } from '../../policy/routes/compiled-routes.ts';
import { endpointKey } from './cluster-state.ts';

/** Points of each cluster object; a new snapshot brings new objects. */
const rings = new WeakMap<Cluster, readonly Point[]>();

interface Point {
  hash: number;
  endpoint: ClusterEndpoint;
}

const MAX_POINTS_OF_ENDPOINT = 1_024;

/** FNV-1a with a final mix, 32 bits. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The endpoint of `hash` among those that `usable` lets pass. */
export function endpointByHash(
  cluster: Cluster,
  hash: number,
  usable: (endpoint: ClusterEndpoint) => boolean,
): ClusterEndpoint | null {
  const points = ringOf(cluster);
  if (points.length === 0) return null;
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle] as Point).hash < hash) low = middle + 1;
    else high = middle;
  }
  for (let step = 0; step < points.length; step += 1) {
    const { endpoint } = points[(low + step) % points.length] as Point;
    if (usable(endpoint)) return endpoint;
  }
  return null;
}

function ringOf(cluster: Cluster): readonly Point[] {
  const known = rings.get(cluster);
  if (known !== undefined) return known;
  const { endpoints, balance } = cluster;
  const wanted =
    balance.kind === 'ring-hash'
      ? balance.minimumRingSize
      : balance.kind === 'maglev'
        ? balance.tableSize
        : 1;
  const each = Math.min(MAX_POINTS_OF_ENDPOINT, Math.ceil(wanted / Math.max(1, endpoints.length)));
  const points = endpoints.flatMap((endpoint) =>
    Array.from({ length: each * endpoint.weight }, (_, index) => ({
      hash: hashText(`${endpointKey(endpoint)}_${index}`),
      endpoint,
    })),
  );
  const ring = points.toSorted((one, other) => one.hash - other.hash);
  rings.set(cluster, ring);
  return ring;
}
