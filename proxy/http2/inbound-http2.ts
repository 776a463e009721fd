/**
 * Requests on HTTP/2 connections at an inbound listener, in Envoy's order: codec checks, normalization, XFCC, policy,
 * forward. A request reaches the application through `pass` only, which is called in one place, after an `allow`.
 */
import type { Duplex } from 'node:stream';
import type { Decision } from '../../model/decision.ts';
import type { PathNormalization } from '../../model/mesh.ts';
import type { HttpFacts } from '../../model/request-facts.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { schemeOf } from '../../wire/connection-manager-headers.ts';
import type { DecodedBlock } from '../../wire/http2/hpack-decoder.ts';
import { upstreamAnswerHeaders } from '../answer.ts';
import { challenge } from '../challenge.ts';
import type { Source } from '../connection-table.ts';
import type { Core } from '../core.ts';
import { endedAs } from '../error-table.ts';
import { KnownSource } from '../fast/known-source.ts';
import type { ForwardReport } from '../forward-http.ts';
import {
  connectionFindings,
  inboundContext,
  placeOf,
  PLAINTEXT_ON_STRICT,
  strictNow,
  type InboundConnection,
} from '../inbound-connection.ts';
import { recordInbound, type Judged } from '../inbound-http.ts';
import {
  inboundHeaders,
  isJudgedAtOnce,
  judgeAtOnce,
  judgeInbound,
  type Judgement,
} from '../inbound-judge.ts';
import { now } from '../moment.ts';
import { validateHttp2 } from '../validation/validate-http2.ts';
import type { PendingValidation } from '../validation/validate.ts';
import type { Http2Link } from './link.ts';
import { localAnswer } from './local-answer.ts';
import { unreadRequest } from './read-request.ts';
import { serveHttp2, type Asked, type Http2Site } from './serve.ts';
import type { ServerExchange } from './server-exchange.ts';
import { toldExchange, type ExchangeTimes } from './told-exchange.ts';
import type { UpstreamRequest } from './upstream.ts';
import { applicationUpstream } from './upstreams.ts';
import { WayContexts } from './way-contexts.ts';

/** Takes over an admitted connection that speaks HTTP/2. */
export function acceptInboundHttp2(
  core: Core,
  socket: Duplex,
  connection: InboundConnection,
): Http2Link<ServerExchange> {
  return serveHttp2(core.limits, socket, new InboundSite(core, connection));
}

/** Whoever sends, where it comes in, and when. */
type Standing = Omit<Judged, 'request' | 'decision'>;

type Protocol = 'http2' | 'grpc';

class InboundSite implements Http2Site<Standing> {
  readonly #core: Core;
  readonly #connection: InboundConnection;
  readonly #known: KnownSource;
  readonly #contexts: WayContexts;

  constructor(core: Core, connection: InboundConnection) {
    this.#core = core;
    this.#connection = connection;
    this.#known = new KnownSource(core, connection.endpoints);
    this.#contexts = new WayContexts(core.events);
  }

  admit(block: DecodedBlock): Standing | null {
    const connection = this.#connection;
    const standing = this.#stand();
    if (standing === null || !strictNow(standing.place, connection)) return standing;
    recordInbound({ ...standing, request: unreadRequest(block), decision: PLAINTEXT_ON_STRICT }, null);
    return null;
  }

  #stand(): Standing | null {
    const core = this.#core;
    const connection = this.#connection;
    const place = placeOf(core, connection.instance, connection.port);
    if (place === null) return null;
    const source = this.#source();
    return { core, place, connection, source, at: now(), explanation: null, findings: [], told: [] };
  }

  /** As it is now: a hop may carry another's requests later. */
  #source(): Source {
    const known = this.#known.now();
    return known === null
      ? { ip: this.#connection.endpoints.remoteAddress, instance: null, tag: null }
      : { ip: known.ip, instance: known.instance, tag: known.tag };
  }

  normalization({ place }: Standing): PathNormalization {
    return place.inForce.snapshot.pathNormalization;
  }

  ended(standing: Standing, request: TrafficEvent['request'], decision: Decision): void {
    recordInbound({ ...standing, request, decision }, null);
  }

  refuse(
    standing: Standing,
    request: TrafficEvent['request'],
    decision: Decision,
    protocol: Protocol,
    exchange: ServerExchange,
  ): void {
    refuse({ ...standing, request, decision }, protocol, exchange);
  }

  begin(standing: Standing, { request, path, protocol, onward }: Asked, exchange: ServerExchange): void {
    const { place, connection } = standing;
    // Judged as any HTTP: what a denial looks like to a gRPC client is said where it is answered.
    const http: HttpFacts = {
      protocol: 'http2',
      method: request.method,
      path,
      rawPath: request.rawPath,
      host: request.host,
      headers: inboundHeaders(request.headers, place, connection),
      scheme: request.scheme.toLowerCase(),
    };
    const carry = (judgement: Judgement): void => {
      if (!exchange.over || judgement.decision.verdict === 'deny') {
        this.#carry(standing, judgement, { http, protocol, onward }, exchange);
        return;
      }
      // Gone while somebody was asked.
      const seen = { ...judgement.http, protocol, bodyBytes: exchange.requestBytes };
      const decision = endedAs(judgement.decision, 'client-gone');
      recordInbound({ ...standing, request: seen, decision, findings: judgement.findings }, null);
    };
    if (isJudgedAtOnce(place)) carry(judgeAtOnce(standing, http));
    else void judgeInbound(standing, http).then(carry);
  }

  over(fault: Decision | null): void {
    this.#contexts.close();
    const standing = fault === null ? null : this.#stand();
    if (standing === null || fault === null) return;
    recordInbound({ ...standing, at: this.#connection.acceptedAt, request: null, decision: fault }, null);
  }

  #carry(
    standing: Standing,
    judgement: Judgement,
    { http, protocol, onward }: { http: HttpFacts; protocol: Protocol; onward: Asked['onward'] },
    exchange: ServerExchange,
  ): void {
    const { decision, findings } = judgement;
    const claims = judgement.claims === undefined ? {} : { claims: judgement.claims };
    const seen = { ...judgement.http, ...claims, protocol, bodyBytes: 0 };
    const judged: Judged = {
      ...standing,
      request: seen,
      decision,
      findings,
      told: judgement.responseHeaders,
    };
    if (decision.verdict === 'deny') {
      // A refused request is recorded as it came, its credentials taken out.
      const asCame = decision.phase === 'jwt' ? { ...http, protocol, bodyBytes: 0 } : seen;
      refuse({ ...judged, request: asCame, explanation: judgement.explain() }, protocol, exchange);
      return;
    }
    const { method, host, headers } = seen;
    const request: UpstreamRequest = { ...onward, method, path: seen.path, host, headers };
    const { validation } = judgement;
    if (validation === null) this.#pass(judged, protocol, exchange, request);
    else void this.#passValid(judged, validation, exchange, { protocol, request });
  }

  /** Lets a request through that is what it must be; its body is read before. */
  async #passValid(
    judged: Judged,
    validation: PendingValidation,
    exchange: ServerExchange,
    { protocol, request }: { protocol: Protocol; request: UpstreamRequest },
  ): Promise<void> {
    const validated = await validateHttp2(validation, exchange, request);
    switch (validated.kind) {
      case 'gone':
        recordInbound({ ...judged, decision: endedAs(judged.decision, 'client-gone') }, null);
        return;
      case 'valid':
        this.#pass(judged, protocol, exchange, { ...request, headers: validated.headers });
        return;
      case 'invalid': {
        const { decision, explanation, headers } = validated;
        const told = [...judged.told, ...headers];
        refuse({ ...judged, decision, explanation, told }, protocol, exchange);
      }
    }
  }

  #pass(judged: Judged, protocol: Protocol, exchange: ServerExchange, request: UpstreamRequest): void {
    const { core, place, at } = judged;
    const seen = judged.request as NonNullable<TrafficEvent['request']>;
    const upstream = applicationUpstream(core, place, 'http2');
    const times: ExchangeTimes = { at, decidedAt: performance.now(), answeredAt: 0 };
    let attempts = 1;
    const send = (): void =>
      exchange.forward(upstream, request, {
        connected: () => undefined,
        responseHeaders: (fields, serviceMs) => {
          times.answeredAt = performance.now();
          return upstreamAnswerHeaders(fields, 'istio-envoy', serviceMs, judged.told);
        },
        report: (outcome) => this.#tell(judged, outcome, times),
        failed: ({ decision }, again) => {
          // Only a kept-alive connection that the application closed meanwhile.
          if (again && attempts === 1 && decision.reason === 'upstream-reset') {
            attempts += 1;
            send();
            return;
          }
          const asSent = { ...seen, bodyBytes: exchange.requestBytes };
          refuse({ ...judged, request: asSent, decision }, protocol, exchange);
        },
      });
    send();
  }

  #tell(judged: Judged, outcome: ForwardReport, times: ExchangeTimes): void {
    const seen = judged.request as NonNullable<TrafficEvent['request']>;
    if (this.#toldByNumbers(judged, seen, outcome, times)) return;
    const { status, headers, requestBytes, responseBytes, end } = outcome;
    recordInbound(
      {
        ...judged,
        request: { ...seen, bodyBytes: requestBytes },
        decision: endedAs(judged.decision, end),
      },
      status === null ? null : { status, headers, bodyBytes: responseBytes, by: 'upstream' },
    );
  }

  /** The hot path's way of telling, where it loses nothing. */
  #toldByNumbers(
    judged: Judged,
    seen: HttpFacts & NonNullable<TrafficEvent['request']>,
    outcome: ForwardReport,
    times: ExchangeTimes,
  ): boolean {
    const { place, source, decision, findings } = judged;
    if (findings.length > 0 || seen.claims !== undefined) return false;
    // Of a scheme that is another than the fields say only an object can tell.
    if (seen.scheme !== schemeOf(seen.headers, this.#connection.mtls)) return false;
    const told = toldExchange(seen, outcome, times);
    if (told === null) return false;
    const context = this.#contexts.of(
      [place.inForce, place.port, source.ip, source.tag, decision.matched, decision.reason],
      () => inboundContext(judged, this.#connection, connectionFindings(place, this.#connection, source)),
    );
    if (context === null) return false;
    this.#core.events.http(context, told);
    return true;
  }
}

function refuse(judged: Judged, protocol: Protocol, exchange: ServerExchange): void {
  const answer = localAnswer(judged.decision, protocol, 'istio-envoy', [
    ...judged.told,
    ...challenge(judged),
  ]);
  const { status, headers, body, decision } = answer;
  recordInbound({ ...judged, decision }, { status, headers, bodyBytes: body.length, by: 'sidecar' });
  exchange.answer(status, headers, body, judged.request?.method === 'HEAD' ? 'head-only' : 'body');
}
