/** Requests on HTTP/2 connections at a gateway: the same judgement as for HTTP/1.1, a stream's own way of answering. */
import { randomInt } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Decision } from '../../model/decision.ts';
import type { VirtualRoute } from '../../model/istio/gateway-routing.ts';
import type { PathNormalization } from '../../model/mesh.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { corsHeaders } from '../../policy/gateway/route-request.ts';
import { upstreamAnswerHeaders } from '../answer.ts';
import { challenge } from '../challenge.ts';
import type { Core } from '../core.ts';
import type { Http2Link } from '../http2/link.ts';
import { localAnswer } from '../http2/local-answer.ts';
import { serveHttp2, type Asked, type Http2Site } from '../http2/serve.ts';
import type { ServerExchange } from '../http2/server-exchange.ts';
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

/** Takes over a connection that speaks HTTP/2. */
export function acceptGatewayHttp2(
  core: Core,
  socket: Duplex,
  connection: GatewayConnection,
): Http2Link<ServerExchange> {
  return serveHttp2(core.limits, socket, new GatewaySite(core, connection));
}

/** Whoever sends, where it comes in, and when. */
type Standing = Omit<GatewayJudged, 'request' | 'decision'>;

class GatewaySite implements Http2Site<Standing> {
  readonly #core: Core;
  readonly #connection: GatewayConnection;

  constructor(core: Core, connection: GatewayConnection) {
    this.#core = core;
    this.#connection = connection;
  }

  admit(): Standing | null {
    const core = this.#core;
    const connection = this.#connection;
    const place = gatewayPlaceOf(core, connection);
    if (place === null) return null;
    const source = { ...sourceOf(core, connection.endpoints) };
    return { core, place, connection, source, at: now(), explanation: null, findings: [], told: [] };
  }

  normalization({ place }: Standing): PathNormalization {
    return place.inForce.snapshot.pathNormalization;
  }

  ended(standing: Standing, request: TrafficEvent['request'], decision: Decision): void {
    recordGateway({ ...standing, request, decision }, null);
  }

  refuse(
    standing: Standing,
    request: TrafficEvent['request'],
    decision: Decision,
    protocol: 'http2' | 'grpc',
    exchange: ServerExchange,
  ): void {
    refuse({ ...standing, request, decision }, protocol, exchange);
  }

  begin(standing: Standing, asked: Asked, exchange: ServerExchange): void {
    void judgeAndCarry(standing, asked, exchange);
  }

  over(fault: Decision | null): void {
    const standing = fault === null ? null : this.admit();
    if (standing === null || fault === null) return;
    recordGateway({ ...standing, at: this.#connection.acceptedAt, request: null, decision: fault }, null);
  }
}

async function judgeAndCarry(
  standing: Standing,
  { request, path, protocol, onward }: Asked,
  exchange: ServerExchange,
): Promise<void> {
  const { method, rawPath, host, headers } = request;
  const scheme = request.scheme.toLowerCase();
  // Judged as any HTTP: what a denial looks like to a gRPC client is said where it is answered.
  const seen = { protocol: 'http2', method, rawPath, path, host, headers, scheme } as const;
  const outcome = await judgeAtGateway(standing, factsAtGateway(standing, seen));
  if (exchange.over) return;
  const judged = withProtocol(outcome.judged, protocol);
  if (outcome.kind === 'answered') refuse(judged, protocol, exchange);
  else pass(judged, outcome.route, exchange, protocol, onward);
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
  onward: Asked['onward'],
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
    { ...onward, method, path, host, headers },
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
