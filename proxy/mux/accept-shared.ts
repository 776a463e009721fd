/** The called side of a shared connection: each stream is served as a connection of its own, by the same identity. */
import type { Duplex } from 'node:stream';
import { STREAM_ALPN } from '../../wire/mux-frames.ts';
import type { Source } from '../connection-table.ts';
import type { Core } from '../core.ts';
import type { InboundConnection } from '../inbound-connection.ts';
import { type Site, siteId } from '../listener-set.ts';
import type { Room } from '../room.ts';
import { tellTooMany } from '../too-many-connections.ts';
import { MuxConnection } from './mux-connection.ts';
import type { MuxStream } from './mux-stream.ts';

/** `serve` gets every stream with what is known of the connection. */
export function acceptShared(
  core: Core,
  socket: Duplex,
  connection: InboundConnection,
  serve: (stream: Duplex, connection: InboundConnection) => void,
): void {
  const {
    table,
    limits,
    fast: { deadlines },
  } = core;
  const tls = connection.tls && { ...connection.tls, alpn: STREAM_ALPN };
  const caller = table.lookUp(connection.endpoints);
  // Gone since its handshake.
  if (caller === null) {
    socket.destroy();
    return;
  }
  const site: Site = {
    instance: connection.instance,
    direction: 'inbound',
    key: String(connection.port),
  };
  const places = new StreamPlaces(core.open, siteId(site));
  const shared = new MuxConnection(socket, (stream) => {
    const endpoints = { ...connection.endpoints };
    table.registerStream(endpoints, sourceOf(caller, stream));
    if (!places.take(stream)) {
      tellTooMany(core, site, endpoints);
      stream.destroy();
      return;
    }
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

/** Each stream takes the place of a connection; the first has that of the connection which they share. */
class StreamPlaces {
  readonly #room: Room;
  readonly #place: string;
  #open = 0;

  constructor(room: Room, place: string) {
    this.#room = room;
    this.#place = place;
  }

  /** false = there is no place. */
  take(stream: MuxStream): boolean {
    if (this.#open > 0 && !this.#room.enter(this.#place)) return false;
    this.#open += 1;
    stream.once('close', () => {
      this.#open -= 1;
      if (this.#open > 0) this.#room.leave(this.#place);
    });
    return true;
  }
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
