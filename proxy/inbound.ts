/**
 * An inbound listener's connections: from the accept through the gate to the lane of the port's protocol. What the
 * gate refuses ends here, with an event.
 */
import type { Socket } from 'node:net';
import type { Decision } from '../model/decision.ts';
import { endpointsOf } from './connection-table.ts';
import type { Core } from './core.ts';
import type { HttpLane } from './http-lane.ts';
import { peersOf, placeOf, sourceOf, type InboundConnection } from './inbound-connection.ts';
import { carryInboundTcp } from './inbound-tcp.ts';
import { makeEvent } from './make-event.ts';
import type { Admitted, Refused } from './admission.ts';
import { acceptConnection } from './mtls-gate.ts';
import { whereThereIsRoom } from './unfinished.ts';
import { now } from './moment.ts';

/** Whether a port's protocol is parsed as HTTP. */
function isHttp(protocol: string): boolean {
  return protocol !== 'tcp' && protocol !== 'tls';
}

function refusal(refused: Refused): Decision {
  return {
    verdict: 'deny',
    phase: 'mtls',
    reason: refused.reason,
    matched: null,
    ...(refused.details === null ? {} : { details: refused.details }),
  };
}

/** Never rejects. */
export async function acceptInbound(
  core: Core,
  lane: HttpLane<InboundConnection>,
  site: { instance: string; key: string },
  socket: Socket,
): Promise<void> {
  const acceptedAt = now();
  const port = Number(site.key);
  const endpoints = endpointsOf(socket);
  socket.once('close', () => core.table.forget(endpoints));
  const place = placeOf(core, site.instance, port);
  const tls = place?.inForce.tls(site.instance) ?? null;
  if (place === null || tls === null) {
    socket.destroy();
    return;
  }
  const http = isHttp(place.port.protocol);
  // Looked up early too: a client that is gone by the end of the handshake is forgotten by then.
  const early = sourceOf(core, endpoints);
  const result = await whereThereIsRoom(core, site, socket, () =>
    acceptConnection(socket, {
      mode: place.port.mtls,
      protocol: http ? 'http' : 'tcp',
      tls: http ? tls.http : tls.tcp,
      gate: place.inForce.gate(core.limits),
    }),
  );
  if (result.kind === 'refused') {
    // Nothing said, nothing asked: a health check or a scan, told as what it is.
    const source = core.table.lookUp(endpoints) ?? early;
    core.record(
      makeEvent({
        kind: result.tls === null ? 'connection' : 'handshake',
        direction: 'inbound',
        owner: place.instance.id,
        at: acceptedAt,
        ...peersOf(place, { endpoints, spiffeId: null }, source),
        tls: result.tls,
        decision: refusal(result),
        explanation: {
          sentence: result.message,
          trail: [{ phase: 'mtls', outcome: 'denied', note: result.message, rules: [] }],
          nearest: null,
        },
        snapshotVersion: place.inForce.snapshot.version,
        tag: source.tag,
      }),
    );
    return;
  }
  const connection = connectionOf(result, { instance: site.instance, port, endpoints, acceptedAt });
  if (http) lane.accept(result.stream, connection);
  else carryInboundTcp(core, connection, result.stream);
}

function connectionOf(
  admitted: Admitted,
  base: Pick<InboundConnection, 'instance' | 'port' | 'endpoints' | 'acceptedAt'>,
): InboundConnection {
  const mtls = admitted.chain === 'mtls';
  const peer = admitted.tls?.peer ?? null;
  return {
    ...base,
    mtls,
    tls: admitted.tls,
    sni: admitted.tls?.sni ?? null,
    spiffeId: admitted.spiffeId,
    client:
      mtls && peer !== null
        ? { fingerprint: peer.fingerprint, subject: peer.subject, uriSans: peer.uriSans, dnsSans: [] }
        : null,
    findings: admitted.findings,
  };
}
