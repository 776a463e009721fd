/** The called side of a shared connection: each stream is served as a connection of its own, by the same identity. */
import type { Duplex } from 'node:stream';
import { STREAM_ALPN } from '../../wire/mux-frames.ts';
import type { Source } from '../connection-table.ts';
import type { Core } from '../core.ts';
import type { InboundConnection } from '../inbound-connection.ts';
import { MuxConnection } from './mux-connection.ts';
import type { MuxStream } from './mux-stream.ts';

/** `serve` gets every stream with what is known of the connection. */
export function acceptShared(
  { table, limits, fast: { deadlines } }: Core,
  socket: Duplex,
  connection: InboundConnection,
  serve: (stream: Duplex, connection: InboundConnection) => void,
): void {
  const tls = connection.tls && { ...connection.tls, alpn: STREAM_ALPN };
  const caller = table.lookUp(connection.endpoints);
  // Gone since its handshake.
  if (caller === null) {
    socket.destroy();
    return;
  }
  const shared = new MuxConnection(socket, (stream) => {
    const endpoints = { ...connection.endpoints };
    table.registerStream(endpoints, sourceOf(caller, stream));
    serve(stream, { ...connection, tls, endpoints });
  });
  const idle = {
    deadline: deadlines.now + limits.headerTimeoutMs,
    expire: () => {
      deadlines.unwatch(idle);
      shared.destroy();
    },
  };
  shared.onUse = (streams) => {
    idle.deadline = streams > 0 ? Number.POSITIVE_INFINITY : deadlines.now + limits.keepAliveTimeoutMs;
  };
  deadlines.watch(idle);
  socket.once('close', () => deadlines.unwatch(idle));
}

/** Its tag is always that of the request which the stream carries now. */
function sourceOf({ ip, instance }: Source, stream: MuxStream): Source {
  return {
    ip,
    instance,
    get tag() {
      return stream.tag;
    },
    set tag(tag) {
      stream.tag = tag;
    },
  };
}
