/**
 * A gateway's connections whose bytes nobody reads: TCP, TLS that was ended here, TLS that is passed on as it comes. As
 * in Envoy the way on is opened at once, and policies are asked at the client's first byte: no byte of a denied client
 * gets any further.
 */
import type { Duplex } from 'node:stream';
import type { Decision } from '../../model/decision.ts';
import type { RequestFacts } from '../../model/request-facts.ts';
import { principalOf } from '../../model/spiffe-id.ts';
import type { RouteFacts } from '../../model/traffic-event.ts';
import type { CompiledPolicy } from '../../policy/compiled-policy.ts';
import type { TcpChain } from '../../policy/routes/compiled-routes.ts';
import { sameFamily } from '../../wire/address-family.ts';
import type { Source } from '../connection-table.ts';
import type { Core } from '../core.ts';
import { withoutStatus } from '../error-table.ts';
import { edgeFaults, type EdgeFaults } from '../faults/edge-faults.ts';
import { slowStream } from '../faults/slow-stream.ts';
import { faultTcp } from '../faults/tcp-faults.ts';
import type { InForce } from '../in-force.ts';
import { sourceOf } from '../inbound-connection.ts';
import { type BytesVerdict, judgeBytes } from '../judge-bytes.ts';
import { makeEvent } from '../make-event.ts';
import { dialTarget, targetOfChain, type TcpCall } from '../routing/dial-chain.ts';
import type { GatewayPortSnapshot, InstanceSnapshot } from '../snapshot.ts';
import { join } from '../tcp-pair.ts';
import { gatewayPeers, type GatewayConnection } from './gateway-connection.ts';

const NO_BYTES: Decision = { verdict: 'allow', phase: 'default', reason: 'no-bytes', matched: null };
/** The port has no policy for bytes in the newest snapshot: nothing passes. */
const NO_POLICY: Decision = { verdict: 'deny', phase: 'default', reason: 'no-server-at-port', matched: null };

/** A connection that the gate let in, and where it came to. */
export interface GatewayTcp {
  core: Core;
  connection: GatewayConnection;
  inForce: InForce;
  caller: InstanceSnapshot;
  port: GatewayPortSnapshot;
}

/** Carries the connection to its end; one event. Never rejects. */
export async function carryGatewayTcp(tcp: GatewayTcp, chain: TcpChain, client: Duplex): Promise<void> {
  const { core, connection, inForce, caller, port } = tcp;
  client.on('error', () => undefined);
  const aim = { kind: 'gateway', ip: caller.podIp, port: port.at.port } as const;
  const call: TcpCall = {
    core,
    connection: { ...connection, key: String(port.at.port), aim },
    inForce,
    caller,
  };
  let source = { ...sourceOf(core, connection.endpoints) };
  const target = targetOfChain(call, chain, source.ip);
  const faults = target.cluster === null ? null : edgeFaults(inForce, caller, target.cluster);
  const route: RouteFacts = {
    source: chain.source,
    cluster: target.cluster?.name ?? null,
    attempts: 0,
    flags: '',
    mirrors: [],
  };
  let told: BytesVerdict = { decision: NO_BYTES, explanation: null, findings: [] };
  const finish = (): void =>
    core.record(
      makeEvent({
        kind: 'tcp',
        direction: 'inbound',
        owner: caller.id,
        at: connection.acceptedAt,
        ...gatewayPeers({ inForce, instance: caller, port }, connection, source),
        tls: connection.tls,
        route,
        decision: told.decision,
        explanation: told.explanation,
        findings: [...connection.findings, ...told.findings, ...(faults?.findings ?? [])],
        snapshotVersion: inForce.snapshot.version,
        tag: source.tag,
      }),
    );
  const failed = (decision: Decision): void => {
    // A rehearsed caller may have declared itself meanwhile; of one that is gone nothing is known any more.
    if (!client.destroyed) source = { ...sourceOf(core, connection.endpoints) };
    told = { ...told, decision: withoutStatus(decision) };
    finish();
    client.destroy();
  };
  const over = await faultsBefore(faults, client, route);
  if (over !== null) {
    failed(over);
    return;
  }
  const dialed = await dialTarget(call, target, { client, route, faults }, source.tag);
  if (dialed.peer === null || client.destroyed) {
    dialed.release();
    dialed.peer?.stream.destroy();
    failed(dialed.peer === null ? dialed.decision : told.decision);
    return;
  }
  const { stream, source: hop } = dialed.peer;
  const { bytesPerSecond = null } = faults ?? {};
  let seen = false;
  join({
    client,
    upstream: bytesPerSecond === null ? stream : slowStream(stream, bytesPerSecond),
    connectTimeoutMs: core.limits.connectTimeoutMs,
    onClientBytes: () => {
      if (seen) return true;
      seen = true;
      // Now the other side has registered itself for sure.
      source = { ...sourceOf(core, connection.endpoints) };
      hop.tag = source.tag;
      const take = (verdict: BytesVerdict): boolean => {
        told = verdict;
        return verdict.decision.verdict === 'allow';
      };
      const verdict = judge(tcp, source);
      return verdict instanceof Promise ? verdict.then(take) : take(verdict);
    },
    onUpstreamBytes: () => undefined,
    onClose: () => {
      dialed.release();
      finish();
    },
  });
}

/** What a rehearsal has injected that ends the connection; null = it goes on. */
async function faultsBefore(
  faults: EdgeFaults | null,
  client: Duplex,
  route: RouteFacts,
): Promise<Decision | null> {
  if (faults === null) return null;
  const { over, flags } = await faultTcp(faults, client);
  route.flags = flags;
  return over;
}

/** By the snapshot of this moment, which may be newer than the connection; one that leaves is judged by its last. */
function judge(tcp: GatewayTcp, source: Source): BytesVerdict | Promise<BytesVerdict> {
  const { core, connection, inForce, caller: instance } = tcp;
  const port = core.inForce?.gateway(instance.id, connection.port) ?? tcp.port;
  const policy = tcpPolicyOf(port);
  if (policy === null) return { decision: NO_POLICY, explanation: null, findings: [] };
  return judgeBytes({ core, inForce, instance, connection, source }, policy, factsOf(tcp, source));
}

function factsOf({ connection, caller }: GatewayTcp, source: Source): RequestFacts {
  const { sourceIp, destinationIp } = sameFamily(source.ip, caller.podIp);
  return {
    connection: {
      sourceIp,
      destinationIp,
      destinationPort: connection.port,
      principal: connection.spiffeId && principalOf(connection.spiffeId),
      sni: connection.sni,
      mtls: connection.spiffeId !== null,
    },
    http: null,
  };
}

function tcpPolicyOf({ policy, tcpPolicy }: GatewayPortSnapshot): CompiledPolicy | null {
  return policy.protocol === 'tcp' ? policy : (tcpPolicy ?? null);
}
