/** The way from an inbound listener to its own application, by the protocol of the port. */
import { applicationPool, type Core } from '../core.ts';
import type { InboundPlace } from '../inbound-connection.ts';
import type { Dialer } from '../upstream-pool.ts';
import type { Upstream } from './upstream.ts';
import { http1Upstream } from './upstream-http1.ts';
import { http2Upstream } from './upstream-http2.ts';

/** Whether what stands behind a port of this protocol speaks HTTP/2 (Istio: `http2`, `grpc`). */
export function speaksHttp2(protocol: string): boolean {
  return protocol === 'http2' || protocol === 'grpc';
}

export function applicationUpstream(core: Core, { instance, port }: InboundPlace, dial: Dialer): Upstream {
  const key = applicationPool(instance, port.upstream);
  if (speaksHttp2(port.protocol)) return http2Upstream(core.http2Pools.pool(key, null, dial));
  return http1Upstream(core.pools.agent(key, dial));
}
