/**
 * An outbound listener's connections. It serves its own instance's addresses, and a rehearsed caller that the session
 * itself declared; a stranger would act with the instance's identity, so it is closed unanswered and recorded.
 */
import type { Socket } from 'node:net';
import { endpointsOf, type Endpoints } from './connection-table.ts';
import type { Core } from './core.ts';
import { readFirstBytes } from './first-bytes.ts';
import type { HttpLane } from './http-lane.ts';
import { makeEvent } from './make-event.ts';
import { aimedDestination, tagOf, type Aim, type OutboundConnection } from './outbound-connection.ts';
import { destinationPeer } from './outbound-route.ts';
import type { TcpCall } from './routing/dial-chain.ts';
import { readRelayed } from './relayed-connection.ts';
import { serveOutbound } from './serve-outbound.ts';
import type { InstanceSnapshot, OutboundListener } from './snapshot.ts';
import { now } from './moment.ts';

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** Loopback is the instance's own only where its listener is on loopback (process runtime). */
export function mayUse(instance: InstanceSnapshot, { remoteAddress, localAddress }: Endpoints): boolean {
  const process = isLoopback(remoteAddress) && isLoopback(localAddress);
  return process || instance.allowedOutboundPeers.includes(remoteAddress);
}

/** What a listener's connections are aimed at. */
export function aimOf(listener: OutboundListener): Aim {
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
  // One that is gone already has no address any more: nobody can tell whose it was.
  const gone = endpoints.remoteAddress === '';
  if (gone || inForce === null || caller === null || listener === null) {
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
  const call: TcpCall = { core, connection, inForce, caller };
  const serve = (served: TcpCall): void => {
    if (aim.kind === 'http-proxy') lane.accept(socket, served.connection);
    else serveOutbound(served, lane, socket);
  };
  // A rehearsed caller declares itself after the connect and before its first byte: until then anybody is a stranger.
  const serveDeclared = (): void => {
    if (isDeclared(core, endpoints) && !socket.destroyed) serve(call);
    else refuseStranger(call, socket);
  };
  const timeoutMs = core.limits.handshakeTimeoutMs;
  if (caller.relaySecret !== undefined)
    void readRelayed(socket, caller.relaySecret, timeoutMs).then((ends) => {
      if (ends === null) serveDeclared();
      else {
        const relayed = { ...call, connection: { ...connection, endpoints: ends } };
        const known = caller.allowedOutboundPeers.includes(ends.remoteAddress);
        if (known && !socket.destroyed) serve(relayed);
        else refuseStranger(relayed, socket);
      }
    });
  else if (mayUse(caller, endpoints)) serve(call);
  else void readFirstBytes(socket, timeoutMs).then(serveDeclared);
}

/** By the session itself; a hop of some sidecar of ours is no declaration. */
function isDeclared(core: Core, endpoints: Endpoints): boolean {
  return core.table.lookUp(endpoints)?.instance === null;
}

function refuseStranger({ core, inForce, caller, connection }: TcpCall, socket: Socket): void {
  const { aim, endpoints, acceptedAt } = connection;
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
