/** Plays a RouteSuite through policy/routes alone: everything that needs no socket. */
import type { RouteCase, RouteExpectation, RouteSuite } from '../../model/route-suite.ts';
import { judgeCors } from '../../policy/routes/cors.ts';
import { chooseRoute, pick } from '../../policy/routes/choose-route.ts';
import { compileRoutes } from '../../policy/routes/compile-routes.ts';
import { drawFault } from '../../policy/routes/fault.ts';
import { requestToUpstream } from '../../policy/routes/request-upstream.ts';
import type { RouteDecision, RoutedRequest } from '../../policy/routes/route-decision.ts';
import { chainFor, listenerAt, prepareRoutes, type RouteTable } from '../../policy/routes/route-table.ts';
import { withOperation } from '../../policy/routes/request-upstream.ts';
import { outboundHeaders } from '../../proxy/request-headers.ts';
import { checkRequestHead } from '../../wire/http1-request-checks.ts';
import { joinInlineHeaders } from '../../wire/inline-headers.ts';
import { normalizePath } from '../../wire/path-normalization.ts';
import { addressOf, sentHeaders, worldOf } from './route-suites.ts';

const CONNECTION = {
  protocol: 'HTTP/1.1',
  remoteAddress: '10.255.0.1',
  remotePort: 40_000,
  localAddress: '10.96.0.1',
  localPort: 80,
};

/** Cases that could be judged without sockets, and what differs. */
export function pureDifferences(suite: RouteSuite): { judged: number; differences: string[] } {
  const world = worldOf(suite);
  const tables = new Map<string, RouteTable>();
  let judged = 0;
  const differences: string[] = [];
  for (const one of suite.suite.spec.cases) {
    if (one.repeat > 1) continue;
    const client = JSON.stringify(one.from);
    const table = tables.get(client) ?? prepareRoutes(compileRoutes(world, one.from));
    tables.set(client, table);
    const told =
      one.request.protocol === 'tcp' ? tcpOutcome(table, suite, one) : httpOutcome(table, suite, one);
    if (told === null) continue;
    judged += 1;
    const difference = compare(told, one.expect);
    if (difference !== '') differences.push(`${one.id}: ${difference}`);
  }
  return { judged, differences };
}

interface Told {
  status?: number;
  /** `host|subset|port`; null: none. */
  endpoint?: string | null;
  path?: string;
  host?: string;
  headers?: { set: Record<string, string>; removed: string[] };
  location?: string;
  body?: string;
}

function tcpOutcome(table: RouteTable, suite: RouteSuite, one: RouteCase): Told | null {
  const address = addressOf(suite, one);
  const listener = listenerAt(table, address, one.to.port);
  const chain = listener === null ? null : chainFor(listener, address, null);
  if (chain === null)
    return { endpoint: table.compiled.outboundTrafficPolicy === 'ALLOW_ANY' ? 'PassthroughCluster||' : null };
  const destination = pick(chain.destinations, Math.random);
  const cluster = destination === null ? undefined : table.compiled.clusters[destination.cluster];
  if (cluster === undefined || cluster.endpoints.length === 0) return { endpoint: null };
  return { endpoint: `${cluster.host}|${cluster.subset}|${cluster.port}` };
}

function httpOutcome(table: RouteTable, suite: RouteSuite, one: RouteCase): Told | null {
  const address = addressOf(suite, one);
  const listener = listenerAt(table, address, one.to.port);
  if (listener?.hosts === null || listener === null) {
    return tcpOutcome(table, suite, one);
  }
  const raw = [['host', one.request.host], ...sentHeaders(one)].flat();
  const checked = checkRequestHead({
    method: one.request.method,
    target: one.request.path,
    version: '1.1',
    rawHeaders: raw,
  });
  if ('refusal' in checked) return null;
  const normalized = normalizePath(checked.request.rawPath, 'BASE');
  if (normalized.kind === 'refused') return null;
  const { method, host } = checked.request;
  const request = {
    method,
    host,
    path: normalized.path,
    headers: outboundHeaders(joinInlineHeaders(checked.request.headers)),
  };
  const decision = chooseRoute(listener.hosts, table.compiled, request, Math.random);
  return outcomeOf(decision, request, one);
}

function outcomeOf(decision: RouteDecision, request: RoutedRequest, one: RouteCase): Told | null {
  if (decision.kind === 'no-route')
    return { status: one.request.protocol === 'grpc' ? 200 : 404, endpoint: null };
  const { route } = decision;
  if (route.fault !== null && drawFault(route.fault, () => 0).abort !== null)
    return {
      endpoint: null,
      status:
        one.request.protocol === 'grpc' || route.fault.abort?.kind === 'grpc'
          ? 200
          : (route.fault.abort?.status ?? 0),
    };
  if (route.cors !== null && judgeCors(route.cors, request).preflight !== null)
    return { status: 200, endpoint: null };
  const status = (code: number): number => (one.request.protocol === 'grpc' ? 200 : code);
  switch (decision.kind) {
    case 'unknown-host':
      return { status: status(502), endpoint: null };
    case 'direct-response':
      return { status: status(decision.status), endpoint: null, body: decision.body };
    case 'redirect':
      return { status: status(decision.status), endpoint: null, location: decision.location };
    case 'passthrough':
      return { endpoint: 'PassthroughCluster||', path: request.path, host: request.host };
    case 'forward': {
      const { cluster } = decision;
      if (cluster === null) return { status: status(decision.action.notFoundStatus), endpoint: null };
      if (cluster.endpoints.length === 0 && cluster.discovery === 'endpoints')
        return { status: status(503), endpoint: null };
      const headers = withOperation(request.headers, route);
      const sent = requestToUpstream(decision, { ...request, headers }, CONNECTION);
      return {
        endpoint: `${cluster.host}|${cluster.subset}|${cluster.port}`,
        path: sent.path,
        host: sent.host,
        headers: changes(sentHeaders(one), sent.headers),
      };
    }
  }
}

/** What differs from what the client sent. */
function changes(
  before: [string, string][],
  after: readonly (readonly [string, string])[],
): NonNullable<Told['headers']> {
  const was = Map.groupBy(before, ([name]) => name);
  const is = Map.groupBy(after, ([name]) => name);
  const set: Record<string, string> = {};
  for (const [name, values] of is)
    if (
      values.map(([, value]) => value).join('\n') !==
      (was.get(name) ?? []).map(([, value]) => value).join('\n')
    )
      set[name] = values.map(([, value]) => value).join(',');
  return { set, removed: [...was.keys()].filter((name) => !is.has(name)).sort() };
}

const VOLATILE = new Set([
  'x-request-id',
  'x-envoy-expected-rq-timeout-ms',
  'x-envoy-attempt-count',
  'content-length',
]);

function compare(told: Told, expected: RouteExpectation): string {
  const wanted = expected.endpoint
    ? `${expected.endpoint.host}|${expected.endpoint.subset ?? ''}|${expected.endpoint.port ?? ''}`
    : null;
  const failed = expected.details?.startsWith('upstream_reset_before') && wanted === null;
  const found: string[] = [];
  const differ = (what: string, want: unknown, got: unknown): void => {
    if (want !== undefined && JSON.stringify(want) !== JSON.stringify(got))
      found.push(`${what} ${JSON.stringify(want)}, here ${JSON.stringify(got)}`);
  };
  if (!failed) differ('endpoint', wanted, told.endpoint ?? null);
  if (told.status !== undefined) differ('status', expected.status, told.status);
  if (wanted !== null && told.path !== undefined) {
    differ('path', expected.upstreamPath, told.path);
    differ('host', expected.upstreamHost, told.host);
  }
  if (told.location !== undefined) differ('location', expected.location, told.location);
  if (told.body !== undefined) differ('body', expected.body, told.body || undefined);
  if (wanted !== null && told.headers !== undefined && expected.upstreamHeaders !== undefined) {
    differ('headers', masked(expected.upstreamHeaders.set), masked(told.headers.set));
    differ(
      'removed',
      expected.upstreamHeaders.removed.filter((name) => !VOLATILE.has(name)),
      told.headers.removed.filter((name) => !VOLATILE.has(name)),
    );
  }
  return found.join('; ');
}

function masked(set: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(set)
    .filter(([name]) => !VOLATILE.has(name))
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
}
