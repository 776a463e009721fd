/**
 * An outbound listener's connections. It serves its own instance's addresses and nobody else: a stranger would act
 * with the instance's identity, so it is closed unread and recorded.
 */
import type { Socket } from 'node:net';
import { endpointsOf } from './connection-table.ts';
import type { Core } from './core.ts';
import type { HttpLane } from './http-lane.ts';
import { makeEvent } from './make-event.ts';
import { aimedDestination, tagOf, type Aim, type OutboundConnection } from './outbound-connection.ts';
import { destinationPeer } from './outbound-route.ts';
import { carryOutboundTcp } from './outbound-tcp.ts';
import type { BoundListener, InstanceSnapshot } from './snapshot.ts';

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** Loopback is the instance's own only where its listener is on loopback (process runtime). */
function mayUse(instance: InstanceSnapshot, address: string): boolean {
  return isLoopback(address) || instance.allowedOutboundPeers.includes(address);
}

export function acceptOutbound(
  core: Core,
  lane: HttpLane<OutboundConnection>,
  site: { instance: string; key: string },
  bound: BoundListener | null,
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
  const aim: Aim =
    listener.kind === 'http-proxy'
      ? { kind: 'http-proxy' }
      : { kind: 'peer', service: listener.service, port: listener.port };
  const destination = aimedDestination(inForce, aim);
  const acceptedAt = Date.now();
  if (!mayUse(caller, endpoints.remoteAddress)) {
    core.record(
      makeEvent({
        kind: 'connection',
        direction: 'outbound',
        owner: caller.id,
        at: acceptedAt,
        from: inForce.peer(endpoints.remoteAddress, endpoints.remotePort, null),
        to: destinationPeer(destination, null, null),
        decision: { verdict: 'deny', phase: 'egress', reason: 'not-own-instance', matched: null },
        snapshotVersion: inForce.snapshot.version,
        tag: tagOf(core, endpoints),
      }),
    );
    socket.destroy();
    return;
  }
  const connection: OutboundConnection = {
    instance: site.instance,
    key: site.key,
    aim,
    endpoints,
    acceptedAt,
    bound,
  };
  const tcp =
    destination !== null && (destination.port.protocol === 'tcp' || destination.port.protocol === 'tls');
  if (tcp) void carryOutboundTcp({ core, connection, inForce, caller, destination }, socket);
  else lane.accept(socket, connection);
}
