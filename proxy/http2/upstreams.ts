/** The way from a sidecar to its own application, by the protocol of the port that it goes to. */
import { applicationPool, type Core } from '../core.ts';
import { dialPlain } from '../dial-plain.ts';
import type { InboundPlace } from '../inbound-connection.ts';
import { speaksHttp2 } from './speaks-http2.ts';
import type { Upstream } from './upstream.ts';
import { http1Upstream } from './upstream-http1.ts';
import { http2Upstream } from './upstream-http2.ts';

/** From an inbound listener to its own application. */
export function applicationUpstream(
  core: Core,
  { instance, port }: InboundPlace,
  spoken: 'http1' | 'http2',
): Upstream {
  const key = applicationPool(instance, port.upstream);
  const dial = () => dialPlain(core, port.upstream);
  // Who didn't say what it speaks is spoken to as its caller does.
  const http2 = port.protocol === 'auto' ? spoken === 'http2' : speaksHttp2(port.protocol);
  if (http2) return http2Upstream(core.http2Pools.pool(key, null, dial));
  return http1Upstream(core.pools.agent(key, dial));
}
