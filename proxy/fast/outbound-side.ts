/**
 * The outbound side of a fast connection: service by Host, endpoint, the peer's sidecar. Whatever isn't a plain way to
 * a service of the mesh (egress, an unknown host, no endpoint) is the general lane's to answer.
 */
import type { Decision } from '../../model/decision.ts';
import { normalizePath } from '../../wire/path-normalization.ts';
import { upstreamContentLength } from '../../wire/upstream-content-length.ts';
import { inForceFor, type Core } from '../core.ts';
import { endedAs } from '../error-table.ts';
import type { EventContext } from '../event-writer.ts';
import { speaksHttp2 } from '../http2/speaks-http2.ts';
import type { Destination, InForce } from '../in-force.ts';
import { callerPeer, clusterHost, type OutboundConnection } from '../outbound-connection.ts';
import { brokenOutbound, recordOutbound, ROUTED, routeOf, triesAgain } from '../outbound-http.ts';
import { destinationPeer, dialPeer, pickEndpoint, wayKey, type Endpoint } from '../outbound-route.ts';
import { outboundHeaders } from '../request-headers.ts';
import type { BoundListener, InstanceSnapshot } from '../snapshot.ts';
import { EventContexts } from './event-contexts.ts';
import type { Exchange, ExchangeEnd, FastSide, Step } from './exchange.ts';
import { requestHead, type HeadFacts } from './head-text.ts';
import { KnownSource } from './known-source.ts';
import { mayTellHeads, toldExchange } from './told-exchange.ts';
import type { UpstreamConnection } from './upstream-connection.ts';
import type { UpstreamSet } from './upstream-set.ts';

/** Where requests for one Host go while one snapshot is in force. */
interface Course {
  inForce: InForce;
  caller: InstanceSnapshot;
  /** As the client wrote it. */
  asked: string;
  /** As the peer gets it. */
  host: string;
  destination: Destination;
  tls: 'ISTIO_MUTUAL' | 'DISABLE';
  /** By the endpoint's listener: an instance that went and came back has another. */
  upstreams: Map<BoundListener, UpstreamSet>;
}

const NO_REQUEST: HeadFacts = { method: '', path: '', host: '', headers: [] };

export class OutboundSide implements FastSide {
  readonly server = 'envoy';
  readonly #core: Core;
  readonly #connection: OutboundConnection;
  readonly #known: KnownSource;
  readonly #contexts: EventContexts<UpstreamConnection>;
  #course: Course | null = null;
  #endpoint: Endpoint | null = null;
  #carrier: UpstreamConnection | null = null;
  #tag: string | null = null;
  #request: HeadFacts = NO_REQUEST;
  #head = '';

  constructor(core: Core, connection: OutboundConnection) {
    this.#core = core;
    this.#connection = connection;
    this.#known = new KnownSource(core, connection.endpoints);
    this.#contexts = new EventContexts(core.events);
  }

  begin({ request }: Exchange): Step | null {
    const course = this.#courseTo(request.host);
    if (course === null) return null;
    const normalized = normalizePath(request.rawPath, course.inForce.snapshot.pathNormalization);
    if (normalized.kind === 'refused') return null;
    const upstreams = this.#pick(course);
    if (upstreams === null) return null;
    const { method } = request;
    const { path } = normalized;
    this.#request = { method, path, host: course.host, headers: outboundHeaders(request.headers) };
    const length = request.statesLength ? null : upstreamContentLength(method, []);
    this.#head = requestHead(this.#request, length);
    this.#carrier = null;
    const tag = this.#known.now()?.tag ?? null;
    if (tag !== this.#tag) {
      this.#contexts.release();
      this.#tag = tag;
    }
    return { kind: 'forward', head: this.#head, upstreams };
  }

  #courseTo(asked: string): Course | null {
    const connection = this.#connection;
    const inForce = inForceFor(this.#core, connection.instance);
    const known = this.#course;
    if (known !== null && known.inForce === inForce && known.asked === asked) return known;
    this.#contexts.release();
    this.#course = null;
    const caller = inForce?.instance(connection.instance) ?? null;
    if (inForce === null || caller === null || inForce.outbound(connection.instance, connection.key) === null)
      return null;
    const host = clusterHost(asked, connection, inForce, caller);
    const route = routeOf({ connection, inForce, caller }, host);
    if (route.kind !== 'service') return null;
    const { destination, tls } = route;
    if (speaksHttp2(destination.port.protocol)) return null;
    this.#course = { inForce, caller, asked, host, destination, tls, upstreams: new Map() };
    return this.#course;
  }

  /** Connections to the endpoint whose turn it is; null = there is no endpoint. */
  #pick({ inForce, caller, destination, tls, upstreams }: Course): UpstreamSet | null {
    const core = this.#core;
    const endpoint = pickEndpoint(core, inForce, destination);
    this.#endpoint = endpoint;
    if (endpoint === null) return null;
    const { address } = endpoint;
    let set = upstreams.get(address);
    if (set === undefined) {
      const way = { inForce, from: caller, destination, endpoint, tls };
      set = core.fast.upstreams.of(wayKey(way), async () => {
        const peer = await dialPeer(core, way, null);
        return { stream: peer.stream, peer };
      });
      upstreams.set(address, set);
    }
    return set;
  }

  carriedBy(upstream: UpstreamConnection): void {
    this.#carrier = upstream;
    if (upstream.peer !== null) upstream.peer.source.tag = this.#tag;
  }

  again(attempts: number, decision: Decision): UpstreamSet | null {
    return triesAgain(attempts, decision) && this.#course !== null ? this.#pick(this.#course) : null;
  }

  ended(exchange: Exchange, end: ExchangeEnd, refusal: Decision | null): void {
    const course = this.#course;
    const carrier = this.#carrier;
    if (course === null) return;
    const { path, headers, method, host } = this.#request;
    if (
      end === 'complete' &&
      refusal === null &&
      carrier !== null &&
      mayTellHeads(exchange, this.#head, this.#request)
    ) {
      const context = this.#contexts.of(carrier, () => this.#shared(course, carrier));
      this.#core.events.http(context, toldExchange(exchange, this.#head));
      return;
    }
    const { status, answerHeaders, responseBytes: bodyBytes, by } = exchange;
    const { rawPath } = exchange.request;
    recordOutbound(
      {
        core: this.#core,
        connection: this.#connection,
        inForce: course.inForce,
        caller: course.caller,
        at: { wallMs: exchange.wallMs, monotonicMs: exchange.startedAt },
        tag: this.#tag,
        request: {
          protocol: 'http1',
          method,
          path,
          rawPath,
          host,
          headers,
          bodyBytes: exchange.requestBytes,
        },
        to: destinationPeer(course.destination, this.#endpoint, carrier?.peer?.spiffeId ?? null),
        tls: carrier?.peer?.tls ?? null,
      },
      refusal ?? endedAs(ROUTED, end),
      status === 0 ? null : { status, headers: answerHeaders, bodyBytes, by },
    );
  }

  #shared({ caller, inForce, destination }: Course, { peer }: UpstreamConnection): EventContext {
    return {
      direction: 'outbound',
      owner: caller.id,
      from: callerPeer(caller, this.#connection.endpoints),
      to: destinationPeer(destination, this.#endpoint, peer?.spiffeId ?? null),
      tls: peer?.tls ?? null,
      decision: ROUTED,
      findings: [],
      snapshotVersion: inForce.snapshot.version,
      tag: this.#tag,
    };
  }

  unread(failure: 'header-timeout' | 'codec-error', code: string): string {
    return brokenOutbound(this.#core, this.#connection, failure, code);
  }

  closed(): void {
    this.#contexts.release();
  }
}
