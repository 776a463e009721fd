/**
 * An outbound listener's connections. It serves its own instance's addresses, and a rehearsed caller that the session
 * itself declared; a stranger would act with the instance's identity, so it is closed unanswered and recorded.
 */
import type { Socket } from 'node:net';
import { endpointsOf, type Endpoints } from './connection-table.ts';
import type { Core } from './core.ts';
import { readFirstBytes } from './first-bytes.ts';
import type { HttpLane } from './http-lane.ts';
import type { InForce } from './in-force.ts';
import { makeEvent } from './make-event.ts';
import { aimedDestination, tagOf, type Aim, type OutboundConnection } from './outbound-connection.ts';
import { destinationPeer } from './outbound-route.ts';
import { carryOutboundTcp, type TcpCall } from './outbound-tcp.ts';
import { inspectConnection } from './routing/inspect-connection.ts';
import { originalDestination } from './routing/original-destination.ts';
import { chainFor, listenerAt } from '../policy/routes/route-table.ts';
import { sniffedBytes } from '../wire/sniffed-protocol.ts';
import type { InstanceSnapshot, OutboundListener } from './snapshot.ts';
import { now } from './moment.ts';

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** Loopback is the instance's own only where its listener is on loopback (process runtime). */
function mayUse(instance: InstanceSnapshot, { remoteAddress, localAddress }: Endpoints): boolean {
  const process = isLoopback(remoteAddress) && isLoopback(localAddress);
  return process || instance.allowedOutboundPeers.includes(remoteAddress);
}

function aimOf(listener: OutboundListener): Aim {
  switch (listener.kind) {
    case 'http-proxy':
      return { kind: 'http-proxy' };
    case 'peer':
      return { kind: 'peer', service: listener.service, port: listener.port };
    case 'address':
      return { kind: 'address', ip: listener.ip, port: listener.port };
  }
}

export function acceptOutbound(
  core: Core,
  lane: HttpLane<OutboundConnection>,
  site: { instance: string; key: string },
  socket: Socket,
): void {
  const endpoints = endpointsOf(socket);
  socket.once('close', () => core.table.forget(endpoints));
  const { inForce } = core;
  const caller = inForce?.instance(site.instance) ?? null;
  const listener = inForce?.outbound(site.instance, site.key) ?? null;
  if (inForce === null || caller === null || listener === null) {
    socket.destroy();
    return;
  }
  const aim = aimOf(listener);
  const connection: OutboundConnection = {
    instance: site.instance,
    key: site.key,
    aim,
    endpoints,
    acceptedAt: now(),
  };
  const serve = (): void => serveOutbound({ core, connection, inForce, caller }, lane, socket);
  if (mayUse(caller, endpoints)) {
    serve();
    return;
  }
  // A rehearsed caller declares itself after the connect and before its first byte: until then anybody is a stranger.
  void readFirstBytes(socket, core.limits.handshakeTimeoutMs).then(() => {
    if (isDeclared(core, endpoints) && !socket.destroyed) serve();
    else refuseStranger(core, inForce, caller, connection, socket);
  });
}

/**
 * HTTP where the port has HTTP services and the first bytes are HTTP; else TCP. HTTP/1.0 has no chain of Istio's: it is
 * bytes where the port takes any. A port of declared HTTP takes none, and tells the client (docs/deviations.md).
 */
function serveOutbound(call: TcpCall, lane: HttpLane<OutboundConnection>, socket: Socket): void {
  const { core, connection, inForce, caller } = call;
  if (connection.aim.kind === 'http-proxy') {
    lane.accept(socket, connection);
    return;
  }
  const { address, port } = originalDestination(inForce, connection, '');
  const listener = listenerAt(inForce.routes(caller), address, port);
  if (listener === null || listener.hosts === null) {
    void carryOutboundTcp(call, socket);
    return;
  }
  inspectConnection(socket, core.limits.headerTimeoutMs, (found) => {
    const takesBytes = found === 'other' || chainFor(listener, address) !== null;
    if (sniffedBytes(found) === 'tcp' && takesBytes) void carryOutboundTcp(call, socket);
    else lane.accept(socket, connection);
  });
}

/** By the session itself; a hop of some sidecar of ours is no declaration. */
function isDeclared(core: Core, endpoints: Endpoints): boolean {
  return core.table.lookUp(endpoints)?.instance === null;
}

function refuseStranger(
  core: Core,
  inForce: InForce,
  caller: InstanceSnapshot,
  { aim, endpoints, acceptedAt }: OutboundConnection,
  socket: Socket,
): void {
  core.record(
    makeEvent({
      kind: 'connection',
      direction: 'outbound',
      owner: caller.id,
      at: acceptedAt,
      from: inForce.peer(endpoints.remoteAddress, endpoints.remotePort, null),
      to: destinationPeer(aimedDestination(inForce, aim), null, null),
      decision: { verdict: 'deny', phase: 'egress', reason: 'not-own-instance', matched: null },
      snapshotVersion: inForce.snapshot.version,
      tag: tagOf(core, endpoints),
    }),
  );
  socket.destroy();
}
