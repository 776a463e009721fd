/** One routed exchange: what its steps share, and how any of them answers in the upstream's place. */
import type { HeaderList } from '../../model/request-facts.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import type { Route } from '../../policy/routes/compiled-routes.ts';
import { withCors } from '../../policy/routes/cors.ts';
import { responseToClient, type ConnectionCommandFacts } from '../../policy/routes/request-upstream.ts';
import type { ForwardDecision, RoutedRequest } from '../../policy/routes/route-decision.ts';
import type { EdgeFaults } from '../faults/edge-faults.ts';
import type { ClientSide } from './client-side.ts';
import type { OriginalDestination } from './original-destination.ts';
import { recordRouted, serverFields, type Call } from './outbound-call.ts';
import { localReply, type RouteReply } from './route-reply.ts';

/** A request that was read, with what Envoy's connection manager added. */
export interface ReadRequest extends RoutedRequest {
  scheme: string;
  neverIndexed: ReadonlySet<string>;
  body: 'none' | 'follows';
}

/** What the steps of one exchange share. */
export interface Exchange {
  call: Call;
  client: ClientSide;
  request: ReadRequest;
  to: OriginalDestination;
  facts: ConnectionCommandFacts;
  /** What a rehearsal injected on its way; null = nothing. */
  faults: EdgeFaults | null;
  /** Flags so far: `DI`. */
  flags: string[];
  /** As it goes upstream: what commands in response headers see. */
  sent: RoutedRequest;
  /** Origin that CORS lets read the answer. */
  origin: string | null;
}

export function protocolOf({ request }: Call): 'http1' | 'http2' {
  return request === null || request.protocol === 'http1' ? 'http1' : 'http2';
}

/** Answers in the upstream's place, with an event; `by` is the route whose response operations apply. */
export async function refuse(
  exchange: Exchange,
  by: { route: Route; destination: ForwardDecision['destination'] | null } | null,
  reply: RouteReply,
  flag: string,
): Promise<void> {
  const { call, client } = exchange;
  if (client.over) return;
  const flags = [...exchange.flags, ...(flag === '' ? [] : [flag])].join(',');
  const facts = call.route ?? { source: null, cluster: null, attempts: 0, flags: '', mirrors: [] };
  call.route = { ...facts, flags };
  const replied = { ...exchange.request, protocol: protocolOf(call), last: serverFields(call) };
  const answer = localReply(replied, { ...reply, finish: (headers) => finished(exchange, by, headers) });
  const response: TrafficEvent['response'] = {
    status: answer.status,
    headers: answer.headers,
    bodyBytes: answer.body.length,
    by: 'sidecar',
  };
  recordRouted(call, answer.decision, response);
  await client.answer(answer);
}

/** The route's operations, then CORS. */
export function finished(
  { sent, facts, origin }: Exchange,
  by: { route: Route; destination: ForwardDecision['destination'] | null } | null,
  headers: HeaderList,
): HeaderList {
  if (by === null) return headers;
  const { route, destination } = by;
  const changed = responseToClient(route, destination, headers, sent, facts);
  return route.cors !== null && origin !== null ? withCors(changed, route.cors, origin) : changed;
}
