/** Requests on HTTP/2 connections at a gateway: the same judgement as for HTTP/1.1, a stream's own way of answering. */
import type { Duplex } from 'node:stream';
import type { Decision } from '../../model/decision.ts';
import type { PathNormalization } from '../../model/mesh.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { challenge } from '../challenge.ts';
import type { Core } from '../core.ts';
import type { Http2Link } from '../http2/link.ts';
import { localAnswer } from '../http2/local-answer.ts';
import { serveHttp2, type Asked, type Http2Site } from '../http2/serve.ts';
import type { ServerExchange } from '../http2/server-exchange.ts';
import { sourceOf } from '../inbound-connection.ts';
import { endedAs } from '../error-table.ts';
import { now } from '../moment.ts';
import { WayContexts } from '../http2/way-contexts.ts';
import { validateHttp2 } from '../validation/validate-http2.ts';
import { Http2Client } from '../routing/http2-client.ts';
import { gatewayPlaceOf, type GatewayConnection } from './gateway-connection.ts';
import { carryOn } from './gateway-exchange.ts';
import { factsAtGateway, judgeAtGateway, recordGateway, type GatewayJudged } from './gateway-judge.ts';

/** Takes over a connection that speaks HTTP/2. */
export function acceptGatewayHttp2(
  core: Core,
  socket: Duplex,
  connection: GatewayConnection,
): Http2Link<ServerExchange> {
  return serveHttp2(core.limits, socket, new GatewaySite(core, connection, socket));
}

/** Whoever sends, where it comes in, and when. */
type Standing = Omit<GatewayJudged, 'request' | 'decision'>;

class GatewaySite implements Http2Site<Standing> {
  readonly #core: Core;
  readonly #connection: GatewayConnection;
  readonly #socket: Duplex;
  readonly #contexts: WayContexts;

  constructor(core: Core, connection: GatewayConnection, socket: Duplex) {
    this.#core = core;
    this.#contexts = new WayContexts(core.events);
    this.#connection = connection;
    this.#socket = socket;
  }

  admit(): Standing | null {
    const core = this.#core;
    const connection = this.#connection;
    const place = gatewayPlaceOf(core, connection);
    if (place === null) return null;
    const source = { ...sourceOf(core, connection.endpoints) };
    const contexts = this.#contexts;
    return {
      core,
      place,
      connection,
      source,
      at: now(),
      explanation: null,
      findings: [],
      told: [],
      contexts,
    };
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
    void judgeAndCarry(standing, asked, exchange, () => void this.#socket.destroy());
  }

  over(fault: Decision | null): void {
    this.#contexts.close();
    const standing = fault === null ? null : this.admit();
    if (standing === null || fault === null) return;
    recordGateway({ ...standing, at: this.#connection.acceptedAt, request: null, decision: fault }, null);
  }
}

async function judgeAndCarry(
  standing: Standing,
  { request, path, protocol, onward }: Asked,
  exchange: ServerExchange,
  close: () => void,
): Promise<void> {
  const { method, rawPath, host, headers } = request;
  const scheme = request.scheme.toLowerCase();
  // Judged as any HTTP: what a denial looks like to a gRPC client is said where it is answered.
  const seen = { protocol: 'http2', method, rawPath, path, host, headers, scheme } as const;
  const outcome = await judgeAtGateway(standing, factsAtGateway(standing, seen));
  if (outcome.kind === 'answered') {
    const { judged } = outcome;
    const told = judged.request === null ? null : { ...judged.request, protocol };
    refuse({ ...judged, request: told }, protocol, exchange);
    return;
  }
  const judged = { ...outcome.judged, request: { ...outcome.judged.request, protocol } };
  // Gone while somebody was asked.
  if (exchange.over) {
    recordGateway({ ...judged, decision: endedAs(judged.decision, 'client-gone') }, null);
    return;
  }
  const waiting = { headers: judged.request.headers, body: onward.body };
  const validated =
    outcome.validation === null
      ? ({ kind: 'valid', headers: waiting.headers } as const)
      : await validateHttp2(outcome.validation, exchange, waiting);
  switch (validated.kind) {
    case 'gone':
      recordGateway({ ...judged, decision: endedAs(judged.decision, 'client-gone') }, null);
      return;
    case 'invalid': {
      const { decision, explanation, headers: told } = validated;
      refuse({ ...judged, decision, explanation, told: [...judged.told, ...told] }, protocol, exchange);
      return;
    }
    case 'valid': {
      const passed = { ...judged, request: { ...judged.request, headers: [...validated.headers] } };
      await carryOn(passed, outcome.route, new Http2Client(exchange, method, close), onward);
    }
  }
}

function refuse(judged: GatewayJudged, protocol: 'http2' | 'grpc', exchange: ServerExchange): void {
  const told = [...judged.told, ...challenge(judged)];
  const { status, headers, body, decision } = localAnswer(judged.decision, protocol, 'istio-envoy', told);
  recordGateway({ ...judged, decision }, { status, headers, bodyBytes: body.length, by: 'sidecar' });
  exchange.answer(status, headers, body, judged.request?.method === 'HEAD' ? 'head-only' : 'body');
}
