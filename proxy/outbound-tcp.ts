/** TCP at an outbound listener: where it was meant to go names the chain, the chain a cluster, and one endpoint gets the bytes. */
import type { Duplex } from 'node:stream';
import type { Decision } from '../model/decision.ts';
import type { PeerRef, RouteFacts, TlsFacts } from '../model/traffic-event.ts';
import type { ClusterEndpoint } from '../policy/routes/compiled-routes.ts';
import { asksForServerNames, chainFor, listenerAt } from '../policy/routes/route-table.ts';
import { withoutStatus } from './error-table.ts';
import { edgeFaults } from './faults/edge-faults.ts';
import { slowStream } from './faults/slow-stream.ts';
import { faultTcp } from './faults/tcp-faults.ts';
import { readFirstBytes } from './first-bytes.ts';
import { makeEvent } from './make-event.ts';
import { callerPeer, tagOf } from './outbound-connection.ts';
import { dialTarget, targetOfChain, type Target, type TcpCall } from './routing/dial-chain.ts';
import { originalDestination, originalEndpoint, passthroughCluster } from './routing/original-destination.ts';
import { peerOfEndpoint } from './routing/peer-of-endpoint.ts';
import { join } from './tcp-pair.ts';

/** Where Istio's sidecar listens itself: what is meant for it goes nowhere. */
const OWN_PORT = 15_001;
const ALLOW_ANY: Decision = { verdict: 'allow', phase: 'egress', reason: 'allow-any', matched: null };
const UNKNOWN_PORT: Decision = { verdict: 'deny', phase: 'egress', reason: 'unknown-port', matched: null };
const UNKNOWN_NAME: Decision = { ...UNKNOWN_PORT, reason: 'unknown-server-name' };

/** The chain's, or what the policy for unknown destinations says. */
async function targetOf(call: TcpCall, client: Duplex): Promise<Target> {
  const { core, connection, inForce, caller } = call;
  const table = inForce.routes(caller);
  const to = originalDestination(inForce, connection, '');
  const listener = listenerAt(table, to.address, to.port);
  const named = listener !== null && asksForServerNames(listener);
  const serverName = named ? await serverNameOf(client, core.limits.handshakeTimeoutMs) : null;
  const chain = listener === null ? null : chainFor(listener, to.address, serverName);
  if (chain !== null) return targetOfChain(call, chain, caller.podIp);
  const open = table.compiled.outboundTrafficPolicy === 'ALLOW_ANY' && to.port !== OWN_PORT;
  const original = (): ClusterEndpoint | null => originalEndpoint(inForce, connection, to);
  return {
    cluster: open ? passthroughCluster('tcp') : null,
    chain,
    decision: open ? ALLOW_ANY : named ? UNKNOWN_NAME : UNKNOWN_PORT,
    endpoint: open ? original : () => null,
  };
}

/** That of a ClientHello; null = there is none, or none in time. */
async function serverNameOf(client: Duplex, timeoutMs: number): Promise<string | null> {
  const first = await readFirstBytes(client, timeoutMs);
  return first.kind === 'client-hello' ? first.sni : null;
}

/** Carries the connection to its end; one event. Never rejects. */
export async function carryOutboundTcp(call: TcpCall, client: Duplex): Promise<void> {
  const { core, connection, inForce, caller } = call;
  let tag = tagOf(core, connection.endpoints);
  client.on('error', () => undefined);
  const target = await targetOf(call, client);
  const route: RouteFacts = {
    source: target.chain?.source ?? null,
    cluster: target.cluster?.name ?? null,
    attempts: 0,
    flags: '',
    mirrors: [],
  };
  const faults = target.cluster === null ? null : edgeFaults(inForce, caller, target.cluster);
  const finish = (decision: Decision, to: PeerRef, tls: TlsFacts | null): void => {
    core.record(
      makeEvent({
        kind: 'tcp',
        direction: 'outbound',
        owner: caller.id,
        at: connection.acceptedAt,
        from: callerPeer(caller, connection.endpoints),
        to,
        tls,
        route,
        decision,
        findings: faults?.findings ?? [],
        snapshotVersion: inForce.snapshot.version,
        tag,
      }),
    );
  };
  if (faults !== null && target.cluster !== null) {
    const { over, flags } = await faultTcp(faults, client);
    route.flags = flags;
    if (over !== null) {
      finish(withoutStatus(over), peerOfEndpoint(inForce, target.cluster, null), null);
      return;
    }
  }
  const dialed = await dialTarget(call, target, { client, route, faults }, tag);
  const to = dialed.to;
  if (dialed.peer === null || client.destroyed) {
    // A rehearsed caller may have declared itself meanwhile; of one that is gone nothing is known any more.
    if (!client.destroyed) tag = tagOf(core, connection.endpoints);
    dialed.release();
    dialed.peer?.stream.destroy();
    finish(
      dialed.peer === null ? withoutStatus(dialed.decision) : target.decision,
      to,
      dialed.peer?.tls ?? null,
    );
    client.destroy();
    return;
  }
  const { stream, source, tls, spiffeId } = dialed.peer;
  let seen = false;
  const { bytesPerSecond = null } = faults ?? {};
  join({
    client,
    upstream: bytesPerSecond === null ? stream : slowStream(stream, bytesPerSecond),
    connectTimeoutMs: core.limits.connectTimeoutMs,
    onClientBytes: () => {
      // A rehearsed caller has declared itself by its first byte, not by its connect.
      if (!seen) source.tag = tag = tagOf(core, connection.endpoints);
      seen = true;
      return true;
    },
    onUpstreamBytes: () => undefined,
    onClose: () => {
      dialed.release();
      finish(target.decision, { ...to, spiffeId }, tls);
    },
  });
}
