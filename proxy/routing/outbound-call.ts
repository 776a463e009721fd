/** One routed exchange: what is known of it when its event is made. A client's sidecar's, or a gateway's. */
import type { Decision, Finding } from '../../model/decision.ts';
import type { HeaderList } from '../../model/request-facts.ts';
import type { PeerRef, RouteFacts, TlsFacts, TrafficEvent } from '../../model/traffic-event.ts';
import { besides } from '../answer.ts';
import type { Core } from '../core.ts';
import type { EventContext } from '../event-writer.ts';
import type { InForce } from '../in-force.ts';
import { makeEvent } from '../make-event.ts';
import type { Moment } from '../moment.ts';
import type { WayContexts } from '../http2/way-contexts.ts';
import { callerPeer, type OutboundConnection } from '../outbound-connection.ts';
import { headerValue } from '../request-headers.ts';
import type { InstanceSnapshot } from '../snapshot.ts';

export interface Call {
  core: Core;
  connection: OutboundConnection;
  inForce: InForce;
  caller: InstanceSnapshot;
  at: Moment;
  tag: string | null;
  request: TrafficEvent['request'];
  to: PeerRef;
  tls: TlsFacts | null;
  route?: RouteFacts;
  /** What was injected on its way. */
  findings?: readonly Finding[];
  /** Of its connection, where exchanges may be told by numbers. */
  contexts?: WayContexts;
  /** Absent = a client's sidecar. */
  gateway?: GatewaySide;
}

/** What a gateway does in its own way: its exchanges are those of its clients. */
export interface GatewaySide {
  /** For the client, besides the answer. */
  told: HeaderList;
  /** What its exchanges are told of by numbers; null = only an object can tell this one. */
  byNumbers: ToldByGateway | null;
  record(call: Call, decision: Decision, response: TrafficEvent['response']): void;
}

/** An exchange as its gateway's client sent it. */
export interface ToldByGateway {
  request: NonNullable<TrafficEvent['request']>;
  /** What `shared` depends on besides the way to the endpoint. */
  way: readonly unknown[];
  shared(route: RouteFacts): EventContext;
}

/** Tells a routed exchange. */
export function recordRouted(call: Call, decision: Decision, response: TrafficEvent['response']): void {
  if (call.gateway === undefined) recordOutbound(call, decision, response);
  else call.gateway.record(call, decision, response);
}

/** The last fields of an answer: whose it is, and what its client is told besides. */
export function serverFields({ gateway }: Call): [string, string][] {
  if (gateway === undefined) return [['server', 'envoy']];
  return [['server', 'istio-envoy'], ...besides(gateway.told)];
}

/** What an exchange that ended well shares with others of its connection, by the same route to the same endpoint. */
export function sharedOf(call: Call, decision: Decision): EventContext {
  const { caller, connection, to, tls, inForce, tag, route } = call;
  return {
    direction: 'outbound',
    owner: caller.id,
    from: callerPeer(caller, connection.endpoints),
    to,
    tls,
    decision,
    findings: [],
    snapshotVersion: inForce.snapshot.version,
    tag,
    ...(route === undefined ? {} : { route }),
  };
}

/** Tells an outbound exchange. */
export function recordOutbound(call: Call, decision: Decision, response: TrafficEvent['response']): void {
  call.core.record(
    makeEvent({
      kind: 'http',
      direction: 'outbound',
      owner: call.caller.id,
      at: call.at,
      from: callerPeer(call.caller, call.connection.endpoints),
      to: call.to,
      tls: call.tls,
      request: call.request,
      response,
      route: call.route ?? null,
      decision,
      findings: call.findings ?? [],
      snapshotVersion: call.inForce.snapshot.version,
      requestId: call.request === null ? null : headerValue(call.request.headers, 'x-request-id'),
      tag: call.tag,
    }),
  );
}
