/** Connections of the fast lane to an endpoint: streams of a shared one where a sidecar of ours is at the other end. */
import { MUX_ALPN } from '../../wire/mux-frames.ts';
import type { Core } from '../core.ts';
import { inForceFor } from '../core.ts';
import { decisionOf } from '../error-table.ts';
import type { Inlet } from '../fast/inlet.ts';
import type { Dialled } from '../fast/upstream-set.ts';
import { UpstreamRefused } from '../forward-http.ts';
import { ENDPOINT_GONE, hasLeft } from '../outbound-route.ts';
import { type ClusterWay, dialCluster, isMutual, wayKey } from '../routing/cluster-way.ts';

/** Throws `UpstreamRefused`, as `dialCluster` does. */
export async function dialShared(core: Core, way: ClusterWay, inlet: Inlet): Promise<Dialled> {
  const { instance, port } = way.endpoint;
  if (instance === null || !isShared(way)) {
    const peer = await dialCluster(core, way, null, { onread: inlet.onread });
    return { stream: peer.stream, peer };
  }
  if (hasLeft(core, instance, port, way.address))
    throw new UpstreamRefused(decisionOf('connect-failure', ENDPOINT_GONE));
  return core.fast.shared.open(
    {
      key: wayKey(way),
      material: (inForceFor(core, way.from.id) ?? way.inForce).tls(way.from.id),
      dial: ({ onread }) => dialCluster(core, way, null, { onread, alpn: [MUX_ALPN] }),
    },
    inlet,
  );
}

/** Mutual TLS of the mesh to a sidecar of ours, for HTTP/1. */
function isShared(way: ClusterWay): boolean {
  return isMutual(way) && way.endpoint.standIn === undefined && way.cluster.protocol === 'http1';
}
