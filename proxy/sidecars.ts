/**
 * The data plane on its own thread: all sidecars of a mesh, behind the same verbs as `DataPlane`. It knows nothing
 * of workers and messages; worker.ts hands it those.
 */
import { GrpcSessions } from './authorizer/grpc-sessions.ts';
import { prepareSnapshot, type Preparation } from './apply-snapshot.ts';
import { ConnectionTable, endpointsOf } from './connection-table.ts';
import type { Core } from './core.ts';
import type { DeclaredSource } from './data-plane.ts';
import { CarriedConnections, untilQuiet } from './drained.ts';
import type { CountedEvents } from './events/counted-events.ts';
import { createFastParts, inFrontOf } from './fast/fast-lane.ts';
import { InboundSide } from './fast/inbound-side.ts';
import { OutboundSide } from './fast/outbound-side.ts';
import { Http2Pools } from './http2/client-pool.ts';
import { createCodecLane, type CodecLane } from './http2/codec-lane.ts';
import { acceptInboundHttp2 } from './http2/inbound-http2.ts';
import { acceptOutboundHttp2 } from './http2/outbound-http2.ts';
import { acceptInbound } from './inbound.ts';
import { createInboundLane } from './inbound-http.ts';
import { acceptGateway } from './gateway/accept-gateway.ts';
import { createGatewayLane } from './gateway/gateway-http.ts';
import { acceptGatewayHttp2 } from './gateway/gateway-http2.ts';
import type { Limits } from './limits.ts';
import { RateBuckets } from './rate-buckets.ts';
import { Room } from './room.ts';
import { tellTooMany } from './too-many-connections.ts';
import { ListenerSet } from './listener-set.ts';
import { acceptOutbound } from './outbound.ts';
import type { OutboundConnection } from './outbound-connection.ts';
import { createOutboundLane } from './outbound-http.ts';
import { ClusterStates } from './routing/cluster-state.ts';
import type { SharedSources } from './shared-sources.ts';
import type { BoundListener, Snapshot } from './snapshot.ts';
import { Turns } from './turns.ts';
import { UpstreamPools } from './upstream-pool.ts';
import type { Prepared, Share } from './worker-messages.ts';
import { rememberSignatures } from './token-verification.ts';

export interface Sidecars {
  /** Tries a snapshot; nothing changes before `commit`. `taken`: where listeners were before. */
  prepare(snapshot: Snapshot, taken: readonly BoundListener[]): Promise<Prepared>;
  /** Puts what was prepared in force; `listeners` are those of every worker. */
  commit(listeners: readonly BoundListener[]): void;
  rollback(): void;
  declareSource(source: DeclaredSource): void;
  /** Resolves when an instance of this worker has answered what it was asked, or has had the time for it. */
  drained(instance: string): Promise<void>;
  flush(): Promise<void>;
  /** Closes every listener and connection; their last events are in the ring then. */
  close(): Promise<void>;
}

export interface SidecarsInput {
  limits: Limits;
  /** Which of a snapshot's sidecars run here. */
  share: Share;
  events: CountedEvents;
  /** Hops of other workers; null where there are none. */
  sources: SharedSources | null;
}

/** Starts with no snapshot in force: nothing listens, nothing passes. What happens is told to `events`. */
export function createSidecars({ limits, share, events, sources }: SidecarsInput): Sidecars {
  const table = new ConnectionTable(sources);
  const core: Core = {
    limits,
    table,
    pools: new UpstreamPools(),
    fast: createFastParts(limits),
    authorizers: new GrpcSessions(),
    rates: new RateBuckets(),
    http2Pools: new Http2Pools(limits),
    signatures: rememberSignatures(),
    turns: new Map(),
    clusters: new ClusterStates(),
    inForce: null,
    departing: new Map(),
    carried: new CarriedConnections(),
    unfinished: new Room(limits.maxUnfinished),
    open: new Room(limits.maxConnections),
    handshakes: new Turns(limits.maxHandshakes),
    events,
    record: (event) => events.event(event),
  };
  const inboundLane = createCodecLane(limits, {
    http1: inFrontOf(createInboundLane(core), core, (connection) => new InboundSide(core, connection)),
    http2: (socket, connection) => acceptInboundHttp2(core, socket, connection),
    alpn: (connection) => connection.tls?.alpn ?? null,
  });
  const outboundLane: CodecLane<OutboundConnection> = createCodecLane(limits, {
    http1: inFrontOf(
      createOutboundLane(core, () => outboundLane),
      core,
      (connection) => new OutboundSide(core, connection),
    ),
    http2: (socket, connection) => acceptOutboundHttp2(core, socket, connection),
    alpn: () => null,
  });
  const gatewayLane = createCodecLane(limits, {
    http1: createGatewayLane(core),
    http2: (socket, connection) => acceptGatewayHttp2(core, socket, connection),
    alpn: (connection) => connection.tls?.alpn ?? null,
  });
  const listeners = new ListenerSet(
    limits,
    core.open,
    (site, socket) => {
      if (site.direction === 'outbound') acceptOutbound(core, outboundLane, site, socket);
      else if (core.inForce?.gateway(site.instance, Number(site.key)))
        void acceptGateway(core, gatewayLane, site, socket);
      else void acceptInbound(core, inboundLane, site, socket);
    },
    (site, socket) => tellTooMany(core, site, endpointsOf(socket)),
    ({ instance, direction, key }, how) => {
      if (direction === 'outbound')
        outboundLane.leave(how, (context) => context.instance === instance && context.key === key);
      else {
        inboundLane.leave(how, (context) => context.instance === instance && context.port === Number(key));
        gatewayLane.leave(how, (context) => context.instance === instance && context.port === Number(key));
      }
    },
  );
  let pending: Extract<Preparation, { kind: 'prepared' }> | null = null;
  return {
    prepare: async (snapshot, taken) => {
      const preparation = await prepareSnapshot(core, listeners, { snapshot, share, taken });
      if (preparation.kind === 'refused') return { problems: preparation.problems, listeners: [] };
      pending = preparation;
      return { problems: [], listeners: preparation.listeners };
    },
    commit: (all) => {
      pending?.commit(all);
      pending = null;
    },
    rollback: () => {
      pending?.rollback();
      pending = null;
    },
    declareSource: (source) => table.declare(source),
    drained: async (instance) => {
      // Another worker's, or nobody's.
      if (!core.inForce?.tls(instance)) return;
      const isBusy = (): boolean =>
        core.carried.of(instance) > 0 || inboundLane.isBusy((context) => context.instance === instance);
      await untilQuiet(isBusy, limits.drainMs);
    },
    flush: () => events.flush(),
    close: async () => {
      pending?.rollback();
      core.inForce = null;
      core.departing.clear();
      listeners.close();
      inboundLane.close();
      outboundLane.close();
      gatewayLane.close();
      core.pools.close();
      core.fast.close();
      core.authorizers.close();
      core.http2Pools.close();
      await events.flush();
      events.close();
    },
  };
}
