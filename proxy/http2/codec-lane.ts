/** The lane of all HTTP connections of a direction: finds out which version they speak, and hands them on. */
import type { Duplex } from 'node:stream';
import type { HttpLane } from '../http-lane.ts';
import type { Limits } from '../limits.ts';
import type { Leaving } from '../listener-set.ts';
import { chooseCodec } from './choose-codec.ts';
import type { Http2Link } from './link.ts';
import type { ServerExchange } from './server-exchange.ts';

export interface Codecs<C> {
  http1: HttpLane<C>;
  /** Takes over a connection that speaks HTTP/2. */
  http2(socket: Duplex, context: C): Http2Link<ServerExchange>;
  /** What the handshake agreed on; null without one. */
  alpn(context: C): string | null;
}

export interface CodecLane<C> extends HttpLane<C> {
  /** Tells the HTTP/2 clients that their listener goes, and which streams are the last. */
  leave(how: Leaving, whose: (context: C) => boolean): void;
}

export function createCodecLane<C>(limits: Limits, { http1, http2, alpn }: Codecs<C>): CodecLane<C> {
  const links = new Map<Http2Link<ServerExchange>, C>();
  return {
    accept: (socket, context) =>
      chooseCodec(socket, alpn(context), limits.headerTimeoutMs, (codec) => {
        if (codec === 'http1') {
          http1.accept(socket, context);
          return;
        }
        const link = http2(socket, context);
        links.set(link, context);
        socket.once('close', () => links.delete(link));
      }),
    leave: (how, whose) => {
      for (const [link, context] of links) {
        if (!whose(context)) continue;
        if (how === 'drains') link.drain();
        else link.goAway();
      }
    },
    isBusy: (whose) => {
      for (const [link, context] of links) if (link.connection.streams > 0 && whose(context)) return true;
      return http1.isBusy(whose);
    },
    close: () => http1.close(),
  };
}
