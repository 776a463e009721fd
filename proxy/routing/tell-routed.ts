/** How a request that was routed to a cluster is told: by numbers where that loses nothing, else as an object. */
import type { Decision } from '../../model/decision.ts';
import type { Route } from '../../policy/routes/compiled-routes.ts';
import { isNothing } from '../../policy/routes/plain-route.ts';
import type { ForwardDecision } from '../../policy/routes/route-decision.ts';
import type { ForwardReport } from '../forward-http.ts';
import { endDetails } from '../http2/read-request.ts';
import { toldExchange, type ExchangeTimes } from '../http2/told-exchange.ts';
import type { AttemptOutcome } from './attempts.ts';
import type { Exchange } from './exchange.ts';
import { recordRouted, sharedOf } from './outbound-call.ts';

/** What the event needs besides how the exchange ended. */
export interface Routed {
  outcome: AttemptOutcome;
  /** All that what it shares with others depends on. */
  way: readonly unknown[];
  verdict: Decision;
  times: ExchangeTimes;
}

/** Tells the exchange, whose `call` knows its route by now. */
export function tellRouted(
  exchange: Exchange,
  decision: ForwardDecision,
  routed: Routed,
  report: ForwardReport,
): void {
  if (isToldByNumbers(exchange, decision, routed, report)) return;
  const { call } = exchange;
  const { status, headers, requestBytes, responseBytes, end } = report;
  if (call.request !== null) call.request = { ...call.request, bodyBytes: requestBytes };
  const details = endDetails(end);
  recordRouted(
    call,
    details === null ? routed.verdict : { ...routed.verdict, details },
    status === null ? null : { status, headers, bodyBytes: responseBytes, by: 'upstream' },
  );
}

/** One attempt, by a route that writes nothing itself: its values may be any text. */
function isToldByNumbers(
  { call, origin }: Exchange,
  { route, destination }: ForwardDecision,
  { outcome, way, verdict, times }: Routed,
  report: ForwardReport,
): boolean {
  const { contexts, core, route: facts, gateway, findings = [] } = call;
  const clients = gateway?.byNumbers ?? null;
  const request = gateway === undefined ? call.request : (clients?.request ?? null);
  if (contexts === undefined || request === null || origin !== null || findings.length > 0) return false;
  if (outcome.attempts !== 1 || facts?.flags !== '' || facts.mirrors.length > 0) return false;
  if (!writesNothing(route) || !writesNothing(destination)) return false;
  const told = toldExchange(request, report, times);
  const context =
    told &&
    (clients === null
      ? contexts.of(way, () => sharedOf(call, verdict))
      : contexts.of([...way, ...clients.way], () => clients.shared(facts)));
  if (told === null || context === null) return false;
  core.events.http(context, told);
  return true;
}

function writesNothing({
  requestHeaders,
  responseHeaders,
}: Pick<Route, 'requestHeaders' | 'responseHeaders'>): boolean {
  return isNothing(requestHeaders) && isNothing(responseHeaders);
}
