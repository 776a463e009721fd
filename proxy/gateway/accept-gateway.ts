/** A gateway's connections: from the accept through its servers and the gate to the HTTP lane, or on as bytes. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Decision } from '../../model/decision.ts';
import { endpointsOf, type Endpoints } from '../connection-table.ts';
import type { Core } from '../core.ts';
import type { HttpLane } from '../http-lane.ts';
import { sourceOf } from '../inbound-connection.ts';
import { makeEvent } from '../make-event.ts';
import type { Admitted, Refused } from '../admission.ts';
import { acceptAtGateway } from './gateway-gate.ts';
import { carryGatewayTcp } from './gateway-tcp.ts';
import { now, type Moment } from '../moment.ts';
import { whereThereIsRoom } from '../unfinished.ts';
import { gatewayPeers, type GatewayConnection, type GatewayPlace } from './gateway-connection.ts';

/** Never rejects. */
export async function acceptGateway(
  core: Core,
  lane: HttpLane<GatewayConnection>,
  site: { instance: string; key: string },
  socket: Socket,
): Promise<void> {
  const acceptedAt = now();
  const endpoints = endpointsOf(socket);
  socket.once('close', () => core.table.forget(endpoints));
  const { inForce } = core;
  const instance = inForce?.instance(site.instance) ?? null;
  const port = inForce?.gateway(site.instance, Number(site.key)) ?? null;
  const tls = inForce?.tls(site.instance) ?? null;
  if (inForce === null || instance === null || port === null || tls === null) {
    socket.destroy();
    return;
  }
  // Looked up early too: a client that is gone by the end of the handshake is forgotten by then.
  const early = sourceOf(core, endpoints);
  const gate = inForce.gate(core.limits);
  const result = await whereThereIsRoom(core, site, socket, () =>
    acceptAtGateway(socket, { at: port.at, tls: (server) => tls.gateway(server), gate }),
  );
  if (result.kind === 'refused') {
    const source = core.table.lookUp(endpoints) ?? early;
    recordRefusal(core, { inForce, instance, port }, { endpoints, acceptedAt, source }, result);
    return;
  }
  const base = { instance: site.instance, port: port.at.port, endpoints, acceptedAt };
  const connection = connectionOf(result, base);
  if (result.bytes === null) lane.accept(result.stream, connection);
  else
    await carryGatewayTcp({ core, connection, inForce, caller: instance, port }, result.bytes, result.stream);
}

function recordRefusal(
  core: Core,
  place: Omit<GatewayPlace, 'servers'>,
  {
    endpoints,
    acceptedAt,
    source,
  }: { endpoints: Endpoints; acceptedAt: Moment; source: ReturnType<typeof sourceOf> },
  refused: Refused,
): void {
  const { reason, details, message, tls } = refused;
  const decision: Decision = {
    verdict: 'deny',
    phase: 'mtls',
    reason,
    matched: null,
    ...(details === null ? {} : { details }),
  };
  core.record(
    makeEvent({
      kind: tls === null ? 'connection' : 'handshake',
      direction: 'inbound',
      owner: place.instance.id,
      at: acceptedAt,
      ...gatewayPeers(place, { endpoints, spiffeId: null }, source),
      tls,
      decision,
      explanation: {
        sentence: message,
        trail: [{ phase: 'mtls', outcome: 'denied', note: message, rules: [] }],
        nearest: null,
      },
      snapshotVersion: place.inForce.snapshot.version,
      tag: source.tag,
    }),
  );
}

function connectionOf(
  { stream, tls, spiffeId, findings }: Admitted,
  base: Pick<GatewayConnection, 'instance' | 'port' | 'endpoints' | 'acceptedAt'>,
): GatewayConnection {
  const peer = tls?.peer ?? null;
  const leaf = peer !== null && stream instanceof TLSSocket ? stream.getPeerX509Certificate() : undefined;
  return {
    ...base,
    mtls: peer !== null,
    encrypted: stream instanceof TLSSocket,
    tls,
    sni: tls?.sni ?? null,
    spiffeId,
    client:
      peer === null
        ? null
        : { fingerprint: peer.fingerprint, subject: peer.subject, uriSans: peer.uriSans, dnsSans: [] },
    certificate: leaf === undefined ? null : `"${encodeURIComponent(leaf.toString())}"`,
    findings,
  };
}
