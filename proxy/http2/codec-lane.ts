/** The lane of all HTTP connections of a direction: finds out which version they speak, and hands them on. */
import type { Duplex } from 'node:stream';
import type { HttpLane } from '../http-lane.ts';
import type { Limits } from '../limits.ts';
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

export function createCodecLane<C>(limits: Limits, { http1, http2, alpn }: Codecs<C>): HttpLane<C> {
  const links = new Set<Http2Link<ServerExchange>>();
  return {
    accept: (socket, context) =>
      chooseCodec(socket, alpn(context), limits.headerTimeoutMs, (codec) => {
        if (codec === 'http1') {
          http1.accept(socket, context);
          return;
        }
        const link = http2(socket, context);
        links.add(link);
        socket.once('close', () => links.delete(link));
      }),
    close: () => {
      // A word before the end: clients learn which of their streams were never looked at.
      for (const link of links) link.goAway();
      http1.close();
    },
  };
}
