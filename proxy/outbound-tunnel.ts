/**
 * CONNECT at the HTTP_PROXY listener. A tunnel to a mesh port is what a connection redirected to
 * that port would be (its first bytes say whether it is HTTP); anything else is egress, and refused unless ALLOW_ANY.
 */
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Decision } from '../model/decision.ts';
import type { PeerRef } from '../model/traffic-event.ts';
import { hasServerName, listenerAt } from '../policy/routes/route-table.ts';
import { rawAnswer } from './answer.ts';
import { inForceFor, type Core } from './core.ts';
import { decisionOf } from './error-table.ts';
import type { Detached, HttpLane } from './http-lane.ts';
import { hostName, hostPort } from './in-force.ts';
import type { OutboundConnection } from './outbound-connection.ts';
import type { InstanceSnapshot } from './snapshot.ts';
import { serveOutbound } from './serve-outbound.ts';
import { join } from './tcp-pair.ts';

export interface TunnelRequest {
  /** `host:port`. */
  target: string;
  detached: Detached;
  response: ServerResponse;
  lane: HttpLane<OutboundConnection>;
}

const ESTABLISHED = 'HTTP/1.1 200 Connection Established\r\n\r\n';
const ALLOW_ANY: Decision = { verdict: 'allow', phase: 'egress', reason: 'allow-any', matched: null };

function refused(reason: string): Decision {
  return { verdict: 'deny', phase: 'egress', reason, matched: null, status: 403, body: '' };
}

/** `record` is called for what never reaches a lane of its own. */
export function openTunnel(
  core: Core,
  connection: OutboundConnection,
  caller: InstanceSnapshot,
  { target, detached, response, lane }: TunnelRequest,
  record: (decision: Decision, to: PeerRef | null) => void,
): void {
  const inForce = inForceFor(core, connection.instance);
  const { socket, head } = detached;
  response.detachSocket(response.req.socket);
  const port = hostPort(target);
  const host = hostName(target);
  const to: PeerRef = { workload: null, namespace: null, instance: null, spiffeId: null, ip: host, port };
  const close = (decision: Decision): void => {
    record(decision, to);
    socket.end(
      'HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\nserver: envoy\r\n\r\n',
      () => socket.destroy(),
    );
  };
  if (inForce === null || port === null || port === 0 || port > 65_535) {
    close(refused('bad-target'));
    return;
  }
  const destination = inForce.destinationByHost(host, port, caller.namespace);
  if (destination !== null) {
    socket.write(ESTABLISHED);
    if (head.length > 0) socket.unshift(head);
    const aimed: OutboundConnection = {
      ...connection,
      aim: { kind: 'peer', service: destination.service.id, port },
    };
    serveOutbound({ core, connection: aimed, inForce, caller }, lane, socket);
    return;
  }
  // Outside the mesh, and known by its server name: its ClientHello chooses the chain, as after a connect.
  const listener = listenerAt(inForce.routes(caller), host, port);
  if (listener !== null && hasServerName(listener, host)) {
    socket.write(ESTABLISHED);
    if (head.length > 0) socket.unshift(head);
    const aimed: OutboundConnection = { ...connection, aim: { kind: 'address', ip: host, port } };
    serveOutbound({ core, connection: aimed, inForce, caller }, lane, socket);
    return;
  }
  if (inForce.snapshot.outboundTrafficPolicy !== 'ALLOW_ANY') {
    close(refused(inForce.servesPort(port) ? 'unknown-host' : 'unknown-port'));
    return;
  }
  const upstream = connect({ host, port, noDelay: true, allowHalfOpen: true });
  const timer = setTimeout(
    () => upstream.destroy(new Error('connect timeout')),
    core.limits.connectTimeoutMs,
  );
  const abandon = (): void => void upstream.destroy();
  socket.once('close', abandon);
  // Until somebody answers there is no tunnel, and the client is told so.
  upstream.once('close', () => {
    clearTimeout(timer);
    socket.off('close', abandon);
    if (established) return;
    const decision = decisionOf('connect-failure');
    record(decision, to);
    if (!socket.destroyed) socket.end(rawAnswer(decision, 'envoy'), () => socket.destroy());
  });
  upstream.on('error', () => undefined);
  let established = false;
  upstream.once('connect', () => {
    established = true;
    clearTimeout(timer);
    socket.write(ESTABLISHED);
    if (head.length > 0) upstream.write(head);
    join({
      client: socket,
      upstream,
      connectTimeoutMs: core.limits.connectTimeoutMs,
      onClientBytes: () => true,
      onUpstreamBytes: () => undefined,
      onClose: () => record(ALLOW_ANY, to),
    });
  });
}
