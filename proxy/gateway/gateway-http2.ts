/** Requests on HTTP/2 connections at a gateway: the same judgement as for HTTP/1.1, a stream's own way of answering. */
import { randomInt } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { VirtualRoute } from '../../model/istio/gateway-routing.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { corsHeaders } from '../../policy/gateway/route-request.ts';
import type { DecodedBlock } from '../../wire/http2/hpack-decoder.ts';
import { statedLength } from '../../wire/http2/message-fields.ts';
import type { ConnectionFault } from '../../wire/http2/protocol.ts';
import type { Http2Stream, Then } from '../../wire/http2/stream.ts';
import { upstreamAnswerHeaders } from '../answer.ts';
import { challenge } from '../challenge.ts';
import type { Core } from '../core.ts';
import { Http2Link } from '../http2/link.ts';
import { localAnswer } from '../http2/local-answer.ts';
import { readRequest, unreadRequest } from '../http2/read-request.ts';
import { ServerExchange } from '../http2/server-exchange.ts';
import type { UpstreamRequest } from '../http2/upstream.ts';
import { sourceOf } from '../inbound-connection.ts';
import { now } from '../moment.ts';
import { gatewayPlaceOf, type GatewayConnection } from './gateway-connection.ts';
import { wayOf } from './gateway-destination.ts';
import {
  factsAtGateway,
  judgeAtGateway,
  recordGateway,
  reportGateway,
  type GatewayJudged,
} from './gateway-judge.ts';

/** One stream of a client's. */
interface Asked {
  stream: Http2Stream<ServerExchange>;
  block: DecodedBlock;
  ends: Then;
}

/** Takes over a connection that speaks HTTP/2. */
export function acceptGatewayHttp2(
  core: Core,
  socket: Duplex,
  connection: GatewayConnection,
): Http2Link<ServerExchange> {
  const link: Http2Link<ServerExchange> = new Http2Link(
    'server',
    socket,
    {
      head: (stream, block, then) => void begin(core, connection, link, { stream, block, ends: then }),
      data: (stream, bytes, then) => stream.context?.onData(bytes, then),
      trailers: (stream, block) => stream.context?.onTrailers(block),
      reset: (stream) => stream.context?.onReset(),
      sent: (stream, count) => stream.context?.onSent(count),
      closed: () => undefined,
      over: (fault) => {
        if (fault !== null) recordFault(core, connection, fault);
      },
    },
    core.limits,
  );
  return link;
}

/** A connection that broke the protocol, or a budget. */
function recordFault(core: Core, connection: GatewayConnection, { reason }: ConnectionFault): void {
  const place = gatewayPlaceOf(core, connection);
  if (place === null) return;
  const source = { ...sourceOf(core, connection.endpoints) };
  const details = 'http2.protocol_error';
  recordGateway(
    {
      core,
      place,
      connection,
      source,
      at: connection.acceptedAt,
      request: null,
      decision: { verdict: 'deny', phase: 'codec', reason, matched: null, details },
      explanation: null,
      findings: [],
      told: [],
    },
    null,
  );
}

async function begin(
  core: Core,
  connection: GatewayConnection,
  link: Http2Link<ServerExchange>,
  { stream, block, ends }: Asked,
): Promise<void> {
  const place = gatewayPlaceOf(core, connection);
  if (place === null) {
    link.socket.destroy();
    return;
  }
  const exchange = new ServerExchange(link, stream);
  const source = { ...sourceOf(core, connection.endpoints) };
  const base = { core, place, connection, source, at: now(), explanation: null, findings: [], told: [] };
  const read = readRequest(block, ends, place.inForce.snapshot.pathNormalization);
  if (read.kind === 'reset') {
    recordGateway({ ...base, request: unreadRequest(block), decision: read.decision }, null);
    exchange.refuseMessage(read.ends, read.code);
    return;
  }
  if (read.kind === 'refused') {
    refuse({ ...base, request: unreadRequest(block), decision: read.decision }, read.protocol, exchange);
    return;
  }
  const { request, path, protocol } = read;
  stream.expectedBytes = statedLength(request.headers);
  if (read.expectsContinue) exchange.inform(100, []);
  const { method, rawPath, host, headers, scheme } = request;
  // Judged as any HTTP: what a denial looks like to a gRPC client is said where it is answered.
  const seen = {
    protocol: 'http2',
    method,
    rawPath,
    path,
    host,
    headers,
    scheme: scheme.toLowerCase(),
  } as const;
  const outcome = await judgeAtGateway(base, factsAtGateway(base, seen));
  if (exchange.over) return;
  const judged = withProtocol(outcome.judged, protocol);
  if (outcome.kind === 'answered') refuse(judged, protocol, exchange);
  else {
    const { neverIndexed } = block;
    const asked = { scheme, neverIndexed, body: ends === 'end' ? 'none' : 'follows' } as const;
    pass(judged, outcome.route, exchange, protocol, asked);
  }
}

function withProtocol(judged: GatewayJudged, protocol: 'http2' | 'grpc'): GatewayJudged {
  return judged.request === null ? judged : { ...judged, request: { ...judged.request, protocol } };
}

function refuse(judged: GatewayJudged, protocol: 'http2' | 'grpc', exchange: ServerExchange): void {
  const told = [...judged.told, ...challenge(judged)];
  const { status, headers, body, decision } = localAnswer(judged.decision, protocol, 'istio-envoy', told);
  recordGateway({ ...judged, decision }, { status, headers, bodyBytes: body.length, by: 'sidecar' });
  exchange.answer(status, headers, body, judged.request?.method === 'HEAD' ? 'head-only' : 'body');
}

function pass(
  judged: GatewayJudged,
  route: VirtualRoute,
  exchange: ServerExchange,
  protocol: 'http2' | 'grpc',
  asked: Pick<UpstreamRequest, 'scheme' | 'neverIndexed' | 'body'>,
): void {
  const { core, place, source } = judged;
  const http = judged.request as NonNullable<TrafficEvent['request']>;
  const way = wayOf(core, place, route, source.tag, randomInt(1_000_000) / 1_000_000);
  if ('decision' in way) {
    refuse({ ...judged, decision: way.decision }, protocol, exchange);
    return;
  }
  const told = [...judged.told, ...corsHeaders(route, http)];
  const { method, path, host } = http;
  const headers = [...http.headers, ['x-envoy-attempt-count', '1'] as const];
  exchange.forward(
    way.upstream,
    { ...asked, method, path, host, headers },
    {
      connected: way.onConnection,
      responseHeaders: (fields, serviceMs) => upstreamAnswerHeaders(fields, 'istio-envoy', serviceMs, told),
      report: (outcome) => reportGateway(judged, outcome),
      failed: ({ decision }) => {
        const request = { ...http, bodyBytes: exchange.requestBytes };
        refuse({ ...judged, request, decision }, protocol, exchange);
      },
    },
  );
}
