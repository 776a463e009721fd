/**
 * An inbound listener's connections: from the accept through the gate to the lane of the port's protocol. What the
 * gate refuses ends here, with an event.
 */
import type { Socket } from 'node:net';
import type { Decision } from '../model/decision.ts';
import type { AppProtocol } from '../model/mesh.ts';
import { sniffedBytes } from '../wire/sniffed-protocol.ts';
import { endpointsOf } from './connection-table.ts';
import type { Core } from './core.ts';
import type { HttpLane } from './http-lane.ts';
import { MUX_ALPN } from '../wire/mux-frames.ts';
import { acceptShared } from './mux/accept-shared.ts';
import { sharedWithHops } from './mux/shared-with-hops.ts';
import { peersOf, placeOf, sourceOf, type InboundConnection } from './inbound-connection.ts';
import { carryInboundTcp } from './inbound-tcp.ts';
import { makeEvent } from './make-event.ts';
import type { Admitted, Refused } from './admission.ts';
import { acceptConnection } from './mtls-gate.ts';
import { inspectConnection } from './routing/inspect-connection.ts';
import { sniffingTls } from './sniffing-tls.ts';
import { whereThereIsRoom } from './unfinished.ts';
import { now } from './moment.ts';

/** What a port speaks; an `auto` one has the filter chains of bytes, and those of HTTP besides. */
function spokenAt(protocol: AppProtocol): 'http' | 'tcp' | 'auto' {
  if (protocol === 'auto') return 'auto';
  return protocol === 'tcp' || protocol === 'tls' ? 'tcp' : 'http';
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
  const spoken = spokenAt(place.port.protocol);
  const http = sharedWithHops(core.table, endpoints, tls);
  const sniffing = sniffingTls(place.port.mtls, { http, tcp: tls.tcp });
  // Looked up early too: a client that is gone by the end of the handshake is forgotten by then.
  const early = sourceOf(core, endpoints);
  const result = await whereThereIsRoom(core, site, socket, () =>
    acceptConnection(socket, {
      mode: place.port.mtls,
      protocol: spoken === 'http' ? 'http' : 'tcp',
      tls: spoken === 'auto' ? sniffing : spoken === 'http' ? http : tls.tcp,
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
  const serve = (protocol: 'http' | 'tcp'): void => {
    if (protocol === 'http' && result.tls?.alpn === MUX_ALPN)
      acceptShared(core, result.stream, connection, (stream, of) => lane.accept(stream, of));
    else if (protocol === 'http') lane.accept(result.stream, connection);
    else carryInboundTcp(core, connection, result.stream);
  };
  if (spoken !== 'auto') serve(spoken);
  else if (result.chain === 'mtls') serve(sniffing.speaks);
  else if (result.chain === 'tls-passthrough') serve('tcp');
  else inspectConnection(result.stream, core.limits.headerTimeoutMs, (found) => serve(sniffedBytes(found)));
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
