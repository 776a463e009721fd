/** What a connection speaks that was aimed at an address, redirected or through a tunnel, and who carries it. */
import type { Duplex } from 'node:stream';
import { chainFor, listenerAt } from '../policy/routes/route-table.ts';
import { sniffedBytes } from '../wire/sniffed-protocol.ts';
import type { HttpLane } from './http-lane.ts';
import type { OutboundConnection } from './outbound-connection.ts';
import { carryOutboundTcp } from './outbound-tcp.ts';
import type { TcpCall } from './routing/dial-chain.ts';
import { inspectConnection } from './routing/inspect-connection.ts';
import { originalDestination } from './routing/original-destination.ts';

/**
 * HTTP where the port has HTTP services and the first bytes are HTTP; else TCP. HTTP/1.0 has no chain of Istio's: it is
 * bytes where the port takes any. A port of declared HTTP takes none, and tells the client (docs/deviations.md).
 */
export function serveOutbound(call: TcpCall, lane: HttpLane<OutboundConnection>, socket: Duplex): void {
  const { core, connection, inForce, caller } = call;
  const { address, port } = originalDestination(inForce, connection, '');
  const listener = listenerAt(inForce.routes(caller), address, port);
  if (listener === null || listener.hosts === null) {
    void carryOutboundTcp(call, socket);
    return;
  }
  inspectConnection(socket, core.limits.headerTimeoutMs, (found) => {
    const takesBytes = found === 'other' || chainFor(listener, address, null) !== null;
    if (sniffedBytes(found) === 'tcp' && takesBytes) void carryOutboundTcp(call, socket);
    else lane.accept(socket, connection);
  });
}
