/**
 * The inbound side of a fast connection: place, policy, XFCC, the application. What of it depends on the connection
 * and the snapshot alone is found out once; the policy is asked for each request, by the snapshot then in force.
 */
import type { Decision, Finding } from '../../model/decision.ts';
import type { ConnectionFacts } from '../../model/request-facts.ts';
import { normalizePath } from '../../wire/path-normalization.ts';
import { upstreamContentLength } from '../../wire/upstream-content-length.ts';
import type { Source } from '../connection-table.ts';
import { applicationPool, inForceFor, type Core } from '../core.ts';
import { dialPlain } from '../dial-plain.ts';
import { endedAs } from '../error-table.ts';
import { speaksHttp2 } from '../http2/speaks-http2.ts';
import type { EventContext } from '../event-writer.ts';
import type { InForce } from '../in-force.ts';
import {
  connectionFacts,
  connectionFindings,
  inboundContext,
  placeOf,
  strictNow,
  type InboundConnection,
  type InboundPlace,
} from '../inbound-connection.ts';
import { brokenInbound, recordInbound } from '../inbound-http.ts';
import { inboundHeaders, isJudgedAtOnce, judgeFacts, type Judgement } from '../inbound-judge.ts';
import { EventContexts } from './event-contexts.ts';
import type { Exchange, ExchangeEnd, FastSide, Step } from './exchange.ts';
import { requestHead } from './head-text.ts';
import { KnownSource } from './known-source.ts';
import { mayTellHeads, toldExchange } from './told-exchange.ts';
import type { UpstreamSet } from './upstream-set.ts';

/** What stays true of a connection while one snapshot is in force. */
interface Standing {
  inForce: InForce;
  place: InboundPlace;
  sourceIp: string;
  facts: ConnectionFacts;
  findings: readonly Finding[];
  upstreams: UpstreamSet;
}

export class InboundSide implements FastSide {
  readonly server = 'istio-envoy';
  readonly #core: Core;
  readonly #connection: InboundConnection;
  readonly #known: KnownSource;
  readonly #contexts: EventContexts<unknown>;
  readonly #stranger: Source;
  #standing: Standing | null = null;
  /** Whoever sent the request. */
  #source: Source;
  /** The tag that the contexts have. */
  #tag: string | null = null;
  #judgement: Judgement | null = null;
  #head = '';

  constructor(core: Core, connection: InboundConnection) {
    this.#core = core;
    this.#connection = connection;
    this.#known = new KnownSource(core, connection.endpoints);
    this.#contexts = new EventContexts(core.events);
    this.#source = this.#stranger = { ip: connection.endpoints.remoteAddress, instance: null, tag: null };
  }

  begin({ request }: Exchange): Step | null {
    const standing = this.#stand();
    if (standing === null) return null;
    const { place, facts } = standing;
    const normalized = normalizePath(request.rawPath, standing.inForce.snapshot.pathNormalization);
    if (normalized.kind === 'refused') return null;
    const { method, rawPath, host } = request;
    const headers = inboundHeaders(request.headers, place, this.#connection);
    const { path } = normalized;
    const http = { protocol: 'http1' as const, method, path, rawPath, host, headers };
    const judgement = judgeFacts(place, { connection: facts, http });
    this.#judgement = judgement;
    const { decision } = judgement;
    if (decision.verdict === 'deny') return { kind: 'refuse', decision };
    const length = request.statesLength ? null : upstreamContentLength(method, []);
    this.#head = requestHead(judgement.http, length);
    return { kind: 'forward', head: this.#head, upstreams: standing.upstreams };
  }

  /** null: a place that is gone, or whose requests aren't for this lane. */
  #stand(): Standing | null {
    const inForce = inForceFor(this.#core, this.#connection.instance);
    const source = this.#known.now() ?? this.#stranger;
    const known = this.#standing;
    this.#source = source;
    const standing =
      known !== null && known.inForce === inForce && known.sourceIp === source.ip
        ? known
        : this.#standAnew(source);
    if (source.tag !== this.#tag) {
      this.#contexts.release();
      this.#tag = source.tag;
    }
    return standing;
  }

  #standAnew(source: Source): Standing | null {
    const connection = this.#connection;
    const core = this.#core;
    this.#contexts.release();
    this.#standing = null;
    const place = placeOf(core, connection.instance, connection.port);
    if (place === null || strictNow(place, connection) || !isJudgedAtOnce(place)) return null;
    const { protocol, upstream } = place.port;
    if (speaksHttp2(protocol)) return null;
    this.#standing = {
      inForce: place.inForce,
      place,
      sourceIp: source.ip,
      facts: connectionFacts(place, connection, source),
      findings: connectionFindings(place, connection, source),
      upstreams: core.fast.upstreams.of(applicationPool(place.instance, upstream), async ({ onread }) => ({
        stream: await dialPlain(core, { ...upstream, onread }),
        peer: null,
      })),
    };
    return this.#standing;
  }

  carriedBy(): void {
    // All connections to the application are alike.
  }

  /** Only a kept-alive connection that the application closed meanwhile. */
  again(attempts: number, decision: Decision): UpstreamSet | null {
    return attempts === 1 && decision.reason === 'upstream-reset'
      ? (this.#standing?.upstreams ?? null)
      : null;
  }

  refusal(decision: Decision): Decision {
    return decision;
  }

  ended(exchange: Exchange, end: ExchangeEnd, refusal: Decision | null): void {
    const judgement = this.#judgement;
    const standing = this.#standing;
    if (judgement === null || standing === null) return;
    const { http, decision, findings } = judgement;
    if (
      end === 'complete' &&
      refusal === null &&
      findings.length === 0 &&
      mayTellHeads(exchange, this.#head, http)
    ) {
      const context = this.#contexts.of(decision.matched ?? decision.reason, () =>
        this.#shared(standing, decision),
      );
      this.#core.events.http(context, toldExchange(exchange, this.#head));
      return;
    }
    const { status, answerHeaders: headers, responseBytes: bodyBytes, by } = exchange;
    recordInbound(
      {
        core: this.#core,
        place: standing.place,
        connection: this.#connection,
        source: this.#source,
        at: { wallMs: exchange.wallMs, monotonicMs: exchange.startedAt },
        request: { ...http, bodyBytes: exchange.requestBytes },
        decision: refusal ?? endedAs(decision, end),
        explanation: refusal === decision ? judgement.explain() : null,
        findings,
        told: [],
      },
      status === 0 ? null : { status, headers, bodyBytes, by },
    );
  }

  #shared({ place, findings }: Standing, decision: Decision): EventContext {
    return inboundContext({ place, source: this.#source, decision }, this.#connection, findings);
  }

  unread(failure: 'header-timeout' | 'codec-error', code: string): string {
    return brokenInbound(this.#core, this.#connection, failure, code);
  }

  closed(): void {
    this.#contexts.release();
  }
}
