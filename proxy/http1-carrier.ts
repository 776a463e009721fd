/** How an HTTP/1.1 exchange is carried on: over Node's client, or as a stream where the port it goes to speaks HTTP/2. */
import type { Agent } from 'node:http';
import { applicationPool, type Core } from './core.ts';
import { dialPlain } from './dial-plain.ts';
import { decisionOf } from './error-table.ts';
import { forward, type ForwardInput, type ForwardResult } from './forward-http.ts';
import { carryOverHttp2 } from './http2/carry-http1.ts';
import { speaksHttp2 } from './http2/speaks-http2.ts';
import { applicationUpstream } from './http2/upstreams.ts';
import type { InboundPlace } from './inbound-connection.ts';

/** Carries one exchange; resolves when it is over. */
type Carrier = (input: Omit<ForwardInput, 'agent'>) => Promise<ForwardResult>;

function agentCarrier(agent: Agent): Carrier {
  return (input) => forward({ ...input, agent });
}

/** To the application of an inbound listener. */
export function applicationCarrier(core: Core, place: InboundPlace): Carrier {
  const { protocol, upstream } = place.port;
  if (speaksHttp2(protocol))
    return (input) =>
      input.upgrade === null
        ? carryOverHttp2(input, applicationUpstream(core, place, 'http1'))
        : refusedUpgrade();
  return agentCarrier(
    core.pools.agent(applicationPool(place.instance, upstream), () => dialPlain(core, upstream)),
  );
}

/**
 * A WebSocket towards HTTP/2: Envoy makes an extended CONNECT of it (RFC 8441), which an application that hasn't offered
 * it breaks off. The client gets the answer that it would get there; nothing is sent.
 */
function refusedUpgrade(): Promise<ForwardResult> {
  const decision = decisionOf('upstream-protocol-error', 'upgrade-towards-http2');
  return Promise.resolve({ kind: 'failed', decision, unsent: false, requestBytes: 0 });
}
