/** What every part of the data plane shares on its thread. One mutable thing: the snapshot in force. */
import type { TrafficEvent } from '../model/traffic-event.ts';
import type { RateBuckets } from './rate-buckets.ts';
import type { Room } from './room.ts';
import type { GrpcSessions } from './authorizer/grpc-sessions.ts';
import type { TokenVerification } from '../policy/tokens/verify-token.ts';
import type { ConnectionTable } from './connection-table.ts';
import type { CarriedConnections } from './drained.ts';
import type { EventWriter } from './event-writer.ts';
import type { FastParts } from './fast/fast-lane.ts';
import type { Http2Pools } from './http2/client-pool.ts';
import type { InForce } from './in-force.ts';
import type { Limits } from './limits.ts';
import type { InstanceSnapshot } from './snapshot.ts';
import type { ClusterStates } from './routing/cluster-state.ts';
import type { Turns } from './turns.ts';
import type { UpstreamPools } from './upstream-pool.ts';

export interface Core {
  readonly limits: Limits;
  readonly table: ConnectionTable;
  readonly pools: UpstreamPools;
  /** What the fast lanes share. */
  readonly fast: FastParts;
  /** Connections to external authorizers that speak gRPC. */
  readonly authorizers: GrpcSessions;
  readonly http2Pools: Http2Pools;
  /** Plain TCP connections of inbound listeners. */
  readonly carried: CarriedConnections;
  /** Accepted connections before the gate's word, by listener. */
  readonly unfinished: Room;
  /** Open connections by `siteId`; a stream counts as the connection that it stands for. */
  readonly open: Room;
  /** What RateLimits have counted. */
  readonly rates: RateBuckets;
  /** Handshakes with a peer, by address: hundreds at once would each take as long as all of them. */
  readonly handshakes: Turns;
  /** null: nothing was acknowledged yet, and nothing passes. */
  inForce: InForce | null;
  /** By instance that has left: the last snapshot that had it, for as long as its connections drain. */
  readonly departing: Map<string, InForce>;
  /** Signatures of tokens, each checked once. */
  readonly signatures: TokenVerification['verifySignature'];
  /** How exchanges of the hot path are told. */
  readonly events: EventWriter;
  /** `events.event`: any event, made by `makeEvent`. */
  record(event: TrafficEvent): void;
  /** Round robin, by service and port. */
  readonly turns: Map<string, number>;
  /** What each client remembers of the clusters that it calls. */
  readonly clusters: ClusterStates;
}

/** The snapshot by which an instance's sidecar judges: the one in force, or the last that had it; null = none has. */
export function inForceFor({ inForce, departing }: Core, instance: string): InForce | null {
  return inForce !== null && inForce.instance(instance) !== null
    ? inForce
    : (departing.get(instance) ?? null);
}

/** Key of the pool of a sidecar's own application. */
export function applicationPool(
  instance: InstanceSnapshot,
  upstream: { host: string; port: number },
): string {
  return `application|${instance.id}|${upstream.host}|${upstream.port}`;
}
