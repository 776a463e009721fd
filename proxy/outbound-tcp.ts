/** Plain TCP at an outbound listener: the listener (or a CONNECT) names the service, the bytes go to one endpoint. */
import type { Duplex } from 'node:stream';
import type { Decision } from '../model/decision.ts';
import type { PeerRef, TlsFacts } from '../model/traffic-event.ts';
import type { Core } from './core.ts';
import { decisionOf } from './error-table.ts';
import { UpstreamRefused } from './forward-http.ts';
import type { Destination, InForce } from './in-force.ts';
import { makeEvent } from './make-event.ts';
import { callerPeer, tagOf, type OutboundConnection } from './outbound-connection.ts';
import { destinationPeer, dialPeer, pickEndpoint, type PeerConnection } from './outbound-route.ts';
import type { InstanceSnapshot } from './snapshot.ts';
import { join } from './tcp-pair.ts';

const ROUTED: Decision = { verdict: 'allow', phase: 'default', reason: 'routed', matched: null };
const ATTEMPTS = 3;

export interface TcpCall {
  core: Core;
  connection: OutboundConnection;
  inForce: InForce;
  caller: InstanceSnapshot;
  destination: Destination;
}

/** Carries the connection to its end; one event. Never rejects. */
export async function carryOutboundTcp(call: TcpCall, client: Duplex): Promise<void> {
  const { core, connection, inForce, caller, destination } = call;
  const at = connection.acceptedAt;
  const tag = tagOf(core, connection.endpoints);
  const finish = (decision: Decision, to: PeerRef, tls: TlsFacts | null): void => {
    core.record(
      makeEvent({
        kind: 'tcp',
        direction: 'outbound',
        owner: caller.id,
        at,
        from: callerPeer(caller, connection.endpoints),
        to,
        tls,
        decision,
        snapshotVersion: inForce.snapshot.version,
        tag,
      }),
    );
  };
  const swallow = (): void => undefined;
  client.on('error', swallow);
  let decision = decisionOf('no-healthy-upstream');
  let to = destinationPeer(destination, null, null);
  let peer: PeerConnection | null = null;
  for (let attempt = 1; attempt <= ATTEMPTS && peer === null; attempt += 1) {
    const endpoint = pickEndpoint(core, inForce, destination);
    if (endpoint === null) break;
    to = destinationPeer(destination, endpoint, null);
    try {
      peer = await dialPeer(
        core,
        { inForce, from: caller, destination, endpoint, tls: destination.port.tls },
        tag,
      );
    } catch (error) {
      if (!(error instanceof UpstreamRefused)) throw error;
      decision = error.decision;
    }
  }
  if (peer === null || client.destroyed) {
    peer?.stream.destroy();
    // TCP has no status: the client sees a close.
    const { verdict, phase, reason, matched, details } = decision;
    finish(
      peer === null
        ? { verdict, phase, reason, matched, ...(details === undefined ? {} : { details }) }
        : ROUTED,
      to,
      peer?.tls ?? null,
    );
    client.destroy();
    return;
  }
  const { stream, tls, spiffeId } = peer;
  join({
    client,
    upstream: stream,
    connectTimeoutMs: core.limits.connectTimeoutMs,
    onClientBytes: () => true,
    onUpstreamBytes: () => undefined,
    onClose: () => finish(ROUTED, { ...to, spiffeId }, tls),
  });
}
