/**
 * The server's side of HTTP/2, the same at every listener: a connection becomes streams, and the head of a stream a
 * request that the codec took, an answer, or an end that says why there is none. What becomes of a request is the
 * site's business.
 */
import type { Duplex } from 'node:stream';
import type { Decision } from '../../model/decision.ts';
import type { PathNormalization } from '../../model/mesh.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import type { DecodedBlock } from '../../wire/http2/hpack-decoder.ts';
import { statedLength } from '../../wire/http2/message-fields.ts';
import type { Http2Stream, Then } from '../../wire/http2/stream.ts';
import type { Http2Request } from '../../wire/http2-fields.ts';
import type { Limits } from '../limits.ts';
import { Http2Link } from './link.ts';
import { readRequest, unreadRequest } from './read-request.ts';
import { ServerExchange } from './server-exchange.ts';
import type { UpstreamRequest } from './upstream.ts';

/** A request that the codec took. */
export interface Asked {
  request: Http2Request;
  /** Normalized. */
  path: string;
  protocol: 'http2' | 'grpc';
  /** How it goes on, whatever is done to its fields. */
  onward: Pick<UpstreamRequest, 'scheme' | 'neverIndexed' | 'body'>;
}

/** A listener's connection. `S`: what stands when a head comes (place, source, moment), found out for each anew. */
export interface Http2Site<S> {
  /** null: nothing is said any more, and the connection closes. */
  admit(block: DecodedBlock): S | null;
  normalization(standing: S): PathNormalization;
  /** Tells of a message that ends its stream, or the connection, without an answer. */
  ended(standing: S, request: TrafficEvent['request'], decision: Decision): void;
  /** Answers and tells of a message that is none to be judged. */
  refuse(
    standing: S,
    request: TrafficEvent['request'],
    decision: Decision,
    protocol: 'http2' | 'grpc',
    exchange: ServerExchange,
  ): void;
  begin(standing: S, asked: Asked, exchange: ServerExchange): void;
  /** The connection is over; a decision where the peer broke the protocol, or a budget. */
  over(fault: Decision | null): void;
}

/** Takes over a connection that speaks HTTP/2. */
export function serveHttp2<S>(limits: Limits, socket: Duplex, site: Http2Site<S>): Http2Link<ServerExchange> {
  const link: Http2Link<ServerExchange> = new Http2Link(
    'server',
    socket,
    {
      head: (stream, block, then) => begin(site, link, stream, block, then),
      data: (stream, bytes, then) => stream.context?.onData(bytes, then),
      trailers: (stream, block) => stream.context?.onTrailers(block),
      reset: (stream) => stream.context?.onReset(),
      sent: (stream, count) => stream.context?.onSent(count),
      closed: () => undefined,
      over: (fault) => site.over(fault === null ? null : brokenProtocol(fault.reason)),
    },
    limits,
  );
  return link;
}

function brokenProtocol(reason: string): Decision {
  return { verdict: 'deny', phase: 'codec', reason, matched: null, details: 'http2.protocol_error' };
}

function begin<S>(
  site: Http2Site<S>,
  link: Http2Link<ServerExchange>,
  stream: Http2Stream<ServerExchange>,
  block: DecodedBlock,
  then: Then,
): void {
  const standing = site.admit(block);
  if (standing === null) {
    link.socket.destroy();
    return;
  }
  const exchange = new ServerExchange(link, stream);
  const read = readRequest(block, then, site.normalization(standing));
  if (read.kind === 'reset') {
    site.ended(standing, unreadRequest(block), read.decision);
    exchange.refuseMessage(read.ends, read.code);
    return;
  }
  if (read.kind === 'refused') {
    site.refuse(standing, unreadRequest(block), read.decision, read.protocol, exchange);
    return;
  }
  const { request, path, protocol } = read;
  stream.expectedBytes = statedLength(request.headers);
  const { scheme } = request;
  const onward = {
    scheme,
    neverIndexed: block.neverIndexed,
    body: then === 'end' ? 'none' : 'follows',
  } as const;
  site.begin(standing, { request, path, protocol, onward }, exchange);
}
