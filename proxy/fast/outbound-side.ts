/**
 * The outbound side of a fast connection: service by Host, endpoint, the peer's sidecar. Whatever isn't a plain way to
 * a service of the mesh (egress, an unknown host, no endpoint) is the general lane's to answer.
 */
import type { Decision } from '../../model/decision.ts';
import { normalizePath } from '../../wire/path-normalization.ts';
import { upstreamContentLength } from '../../wire/upstream-content-length.ts';
import { inForceFor, type Core } from '../core.ts';
import { endedAs } from '../error-table.ts';
import { edgeFaults } from '../faults/edge-faults.ts';
import type { EventContext } from '../event-writer.ts';
import type { InForce } from '../in-force.ts';
import { callerPeer, clusterHost, type OutboundConnection } from '../outbound-connection.ts';
import { brokenOutbound } from '../outbound-http.ts';
import { ROUTED } from '../routing/forward-routed.ts';
import { recordOutbound } from '../routing/outbound-call.ts';
import { hostFor } from '../../policy/routes/choose-route.ts';
import type { Cluster, ClusterEndpoint, Route } from '../../policy/routes/compiled-routes.ts';
import type { ForwardDecision } from '../../policy/routes/route-decision.ts';
import { withOperation } from '../../policy/routes/request-upstream.ts';
import { listenerAt } from '../../policy/routes/route-table.ts';
import type { PeerRef, RouteFacts } from '../../model/traffic-event.ts';
import { endpointKey, occupy, type ClusterState } from '../routing/cluster-state.ts';
import { dialShared } from '../mux/dial-shared.ts';
import { addressOf, newestOf, wayKey, type ClusterWay } from '../routing/cluster-way.ts';
import { originalDestination } from '../routing/original-destination.ts';
import { peerOfEndpoint } from '../routing/peer-of-endpoint.ts';
import { pickEndpoint } from '../routing/pick-endpoint.ts';
import { MOST_CONNECTIONS } from '../routing/attempts.ts';
import { resetDecision } from '../routing/reset-decision.ts';
import { ENDPOINT_GONE, type PeerConnection } from '../outbound-route.ts';
import { outboundHeaders } from '../request-headers.ts';
import type { InstanceSnapshot } from '../snapshot.ts';
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
  route: Route;
  cluster: Cluster;
  state: ClusterState;
  /** By the newest snapshot that was asked. */
  newest: ReturnType<typeof newestOf> | null;
  reached: Map<ClusterEndpoint, Reached>;
}

/** Connections to an endpoint where it listens: an instance that went and came back may do so elsewhere. */
interface Reached {
  address: ClusterWay['address'];
  upstreams: UpstreamSet;
}

/** Istio's default: two retries, for connections that could not be made. */
const ATTEMPTS = 3;
const NOBODY: ReadonlySet<string> = new Set();

const NO_REQUEST: HeadFacts = { method: '', path: '', host: '', headers: [] };

export class OutboundSide implements FastSide {
  readonly server = 'envoy';
  readonly #core: Core;
  readonly #connection: OutboundConnection;
  readonly #known: KnownSource;
  readonly #contexts: EventContexts<UpstreamConnection>;
  #course: Course | null = null;
  #endpoint: ClusterEndpoint | null = null;
  #attempts = 1;
  #release: () => void = () => undefined;
  #tried: ReadonlySet<string> = NOBODY;
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
    this.#attempts = 1;
    this.#tried = NOBODY;
    const upstreams = this.#pick(course);
    if (upstreams === null) return null;
    const { method } = request;
    const { path } = normalized;
    this.#request = {
      method,
      path,
      host: course.host,
      headers: withOperation(outboundHeaders(request.headers), course.route),
    };
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
    const decision = this.#plainRoute(inForce, caller, host);
    if (decision === null || decision.cluster === null) return null;
    if (edgeFaults(inForce, caller, decision.cluster) !== null) return null;
    const { route, cluster } = decision;
    const state = this.#core.clusters.of(caller.id, cluster);
    this.#course = { inForce, caller, asked, host, route, cluster, state, newest: null, reached: new Map() };
    return this.#course;
  }

  /** A route that takes every request for `host`, and does nothing to it; others are the general lane's. */
  #plainRoute(inForce: InForce, caller: InstanceSnapshot, host: string): ForwardDecision | null {
    const { address, port } = originalDestination(inForce, this.#connection, host);
    const hosts = listenerAt(inForce.routes(caller), address, port)?.hosts ?? null;
    const always = hosts === null ? null : (hostFor(hosts, host)?.always ?? null);
    return always?.plain === true ? always : null;
  }

  /** Connections to the endpoint whose turn it is; null = there is no endpoint. */
  #pick(course: Course): UpstreamSet | null {
    const core = this.#core;
    const { inForce, caller, host, state, reached } = course;
    const newest = this.#newest(course);
    const reachable = (one: ClusterEndpoint): boolean => addressOf(newest.inForce, one) !== null;
    const picking = { cluster: newest.cluster, state, reachable, hash: null, tried: this.#tried, now: 0 };
    const endpoint = pickEndpoint(picking);
    this.#endpoint = endpoint;
    const address = endpoint === null ? null : addressOf(newest.inForce, endpoint);
    if (endpoint === null || address === null) return null;
    this.#release();
    this.#release = occupy(state, endpoint);
    const known = reached.get(endpoint);
    if (known !== undefined && known.address.port === address.port && known.address.host === address.host)
      return known.upstreams;
    const way = { inForce, from: caller, cluster: newest.cluster, endpoint, address, host };
    const upstreams = core.fast.upstreams.of(wayKey(way), (inlet) => dialShared(core, way, inlet));
    reached.set(endpoint, { address, upstreams });
    return upstreams;
  }

  #newest(course: Course): ReturnType<typeof newestOf> {
    const { inForce, caller, cluster, newest } = course;
    if (newest !== null && newest.inForce === (this.#core.inForce ?? inForce)) return newest;
    course.newest = newestOf(this.#core, inForce, caller.id, cluster);
    return course.newest;
  }

  carriedBy(upstream: UpstreamConnection): void {
    this.#carrier = upstream;
    if (upstream.peer !== null) upstream.peer.source.tag = this.#tag;
  }

  again(attempts: number, { reason }: Decision): UpstreamSet | null {
    const gone = reason === ENDPOINT_GONE;
    if (this.#course === null || (gone ? attempts >= MOST_CONNECTIONS : this.#attempts >= ATTEMPTS))
      return null;
    if (this.#endpoint !== null) this.#tried = new Set([...this.#tried, endpointKey(this.#endpoint)]);
    if (!gone) this.#attempts += 1;
    return this.#pick(this.#course);
  }

  refusal(decision: Decision, _attempts: number): Decision {
    const connected = this.#carrier !== null;
    return resetDecision(connected ? 'connection-termination' : 'connect-failure', this.#attempts, decision);
  }

  ended(exchange: Exchange, end: ExchangeEnd, refusal: Decision | null): void {
    const course = this.#course;
    const carrier = this.#carrier;
    if (course === null) return;
    this.#release();
    const { path, headers, method, host } = this.#request;
    if (
      end === 'complete' &&
      refusal === null &&
      this.#attempts === 1 &&
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
        to: this.#peer(course, carrier?.peer ?? null),
        tls: carrier?.peer?.tls ?? null,
        route: this.#facts(course, refusal),
      },
      refusal ?? endedAs(ROUTED, end),
      status === 0 ? null : { status, headers: answerHeaders, bodyBytes, by },
    );
  }

  #peer({ inForce, cluster }: Course, peer: PeerConnection | null): PeerRef {
    return { ...peerOfEndpoint(inForce, cluster, this.#endpoint), spiffeId: peer?.spiffeId ?? null };
  }

  #facts({ route, cluster }: Course, refusal: Decision | null): RouteFacts {
    const connected = this.#carrier !== null;
    const flags = refusal === null ? '' : connected ? 'UC' : 'URX,UF';
    return { source: route.source, cluster: cluster.name, attempts: this.#attempts, flags, mirrors: [] };
  }

  #shared(course: Course, { peer }: UpstreamConnection): EventContext {
    const { caller, inForce } = course;
    return {
      direction: 'outbound',
      owner: caller.id,
      from: callerPeer(caller, this.#connection.endpoints),
      to: this.#peer(course, peer),
      route: this.#facts(course, null),
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
    this.#release();
    this.#contexts.release();
  }
}
