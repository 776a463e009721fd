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
import { serveOutbound } from './serve-outbound.ts';
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
  const serve = (): void => {
    if (aim.kind === 'http-proxy') lane.accept(socket, connection);
    else serveOutbound({ core, connection, inForce, caller }, lane, socket);
  };
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
