/** What was seen of a case, in the words of its suite, and in what that isn't what was expected. */
import type { RouteCase, RouteExpectation } from '../../model/route-suite.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { sentHeaders } from '../support/route-suites.ts';
import type { Observation } from './client.ts';
import { CASE_HEADER } from './recorder.ts';
import type { Routed } from './route-upstream.ts';

export interface PlayedRoute {
  one: RouteCase;
  /** One a repetition. */
  seen: readonly Observation[];
  events: readonly TrafficEvent[];
  requests: readonly Routed[];
  mirrored: readonly Routed[];
  volatile: readonly string[];
}

type Reached = NonNullable<RouteExpectation['endpoint']>;
type Changes = NonNullable<RouteExpectation['upstreamHeaders']>;

/** Empty = it agrees. */
export function compareRoute(played: PlayedRoute): string[] {
  const { expect } = played.one;
  if (expect.distribution !== undefined || expect.sticky === true) return compareDistribution(played);
  const verdict = verdictOf(played);
  const found: string[] = [];
  const differ = (field: keyof RouteExpectation, wanted: unknown, got: unknown): void => {
    if (JSON.stringify(wanted) !== JSON.stringify(got))
      found.push(`${field}: wanted ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`);
  };
  for (const field of [
    'status',
    'details',
    'flags',
    'upstreamPath',
    'upstreamHost',
    'attempts',
    'location',
    'body',
    'grpcStatus',
  ] as const)
    if (expect[field] !== undefined) differ(field, expect[field], verdict[field]);
  differ(
    'endpoint',
    reached(expect.endpoint ?? null),
    reached(verdict.endpoint ?? null, expect.endpoint ?? null),
  );
  differ(
    'mirrored',
    (expect.mirrored ?? []).map((one) => reached(one)),
    (verdict.mirrored ?? []).map((one, index) => reached(one, expect.mirrored?.[index] ?? null)),
  );
  if (expect.upstreamHeaders !== undefined)
    differ('upstreamHeaders', sorted(expect.upstreamHeaders), sorted(verdict.upstreamHeaders));
  if (expect.responseHeaders !== undefined)
    differ('responseHeaders', sorted(expect.responseHeaders), sorted(verdict.responseHeaders));
  return found;
}

/** One form; an address that isn't expected isn't compared. */
function reached(one: Reached | null, wanted: Reached | null = one): unknown {
  if (one === null) return null;
  const { host, subset = '', port = 0, ip = '', tls = '', sni = '', upstreamHost = '' } = one;
  return { host, subset, port, ip: wanted?.ip === undefined ? '' : ip, tls, sni, upstreamHost };
}

function sorted(changes: Changes | undefined): unknown {
  if (changes === undefined) return null;
  const set = Object.entries(changes.set).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return { set, removed: changes.removed.toSorted() };
}

function verdictOf({ one, seen, events, requests, mirrored, volatile }: PlayedRoute): RouteExpectation {
  const [client] = seen;
  if (client === undefined) throw new Error('a case was played');
  const event = events.findLast(({ direction }) => direction === 'outbound');
  // A TCP proxy has no response code details.
  const told = event?.kind === 'tcp' ? undefined : event?.decision.details;
  const answered = event?.response?.by === 'upstream';
  const last = requests.at(-1);
  const verdict: RouteExpectation = {
    ...(client.status === null ? {} : { status: client.status }),
    ...(told === undefined ? {} : { details: told }),
    ...(event?.route?.flags ? { flags: event.route.flags } : {}),
    ...(event?.route && event.route.attempts > 0 ? { attempts: event.route.attempts } : {}),
    endpoint: last === undefined ? null : reachedOf(last),
    mirrored: mirrored
      .map((copy) => ({ ...reachedOf(copy), upstreamHost: copy.host }))
      .toSorted((a, b) => (`${a.host}|${a.subset}` < `${b.host}|${b.subset}` ? -1 : 1)),
  };
  if (verdict.details === undefined && client.failure !== null)
    verdict.details = client.failure === 'timeout' ? 'timeout' : 'closed';
  if (last?.arrival) {
    verdict.upstreamPath = last.arrival.path;
    verdict.upstreamHost = last.host;
    verdict.upstreamHeaders = changesOf(sentHeaders(one), last.arrival.headers, volatile);
  }
  if (client.status === null) return verdict;
  const grpcStatus = client.headers.find(([name]) => name === 'grpc-status')?.[1];
  if (grpcStatus !== undefined) verdict.grpcStatus = grpcStatus;
  const location = client.headers.filter(([name]) => name === 'location').map(([, value]) => value);
  if (location.length > 0) verdict.location = location.join(',');
  const viaUpstream = answered || (verdict.details === undefined && requests.length > 0);
  if (!viaUpstream && client.body !== '') verdict.body = client.body;
  const before = viaUpstream ? answeredHeaders(one, client) : [];
  verdict.responseHeaders = changesOf(before, client.headers, volatile);
  if (location.length > 0) delete verdict.responseHeaders.set['location'];
  return verdict;
}

function reachedOf({ place, tls, sni }: Routed): Reached {
  const parts = place.cluster.split('|');
  const [host, subset, port] =
    parts.length === 4 ? [parts[3] ?? '', parts[2] ?? '', Number(parts[1])] : [place.cluster, '', 0];
  return {
    host,
    ...(subset === '' ? {} : { subset }),
    ...(port === 0 ? {} : { port }),
    ...(place.ip === '' ? {} : { ip: place.ip }),
    ...(tls === '' ? {} : { tls }),
    ...(sni === '' ? {} : { sni }),
  };
}

/** Headers that the endpoint answered with. */
function answeredHeaders({ upstream, request }: RouteCase, { headers }: Observation): [string, string][] {
  const own = new Map<string, string[]>();
  for (const name of ['content-length', 'grpc-status', 'content-type']) {
    const values = headers.filter(([present]) => present === name).map(([, value]) => value);
    if (values.length > 0 && (name === 'content-length' || request.protocol === 'grpc'))
      own.set(name, values);
  }
  for (const [name, value] of Object.entries(upstream?.headers ?? {})) own.set(name.toLowerCase(), [value]);
  return [...own].flatMap(([name, values]) => values.map((value): [string, string] => [name, value]));
}

/** The value that Envoy (and we) give to a cookie of consistentHash. */
const MADE_COOKIE = /="[0-9a-f]{16}"/g;

/** Not a part of any verdict: the case's own mark, and what a connection's end is told by. */
const UNSEEN: ReadonlySet<string> = new Set(['host', CASE_HEADER, 'connection']);

function changesOf(
  before: readonly (readonly [string, string])[],
  after: readonly (readonly [string, string])[],
  volatile: readonly string[],
): Changes {
  const was = byName(before);
  const is = byName(after);
  const set: Record<string, string> = {};
  for (const [name, values] of is) {
    if (UNSEEN.has(name) || name.startsWith(':')) continue;
    if (JSON.stringify(values) === JSON.stringify(was.get(name))) continue;
    set[name] = volatile.includes(name) ? '*' : values.join(',').replace(MADE_COOKIE, '="*"');
  }
  return { set, removed: [...was.keys()].filter((name) => !is.has(name) && name !== 'host').toSorted() };
}

function byName(list: readonly (readonly [string, string])[]): Map<string, string[]> {
  const map = new Map<string, string[]>();
  for (const [name, value] of list) map.set(name, [...(map.get(name) ?? []), value]);
  return map;
}

/** Shares by endpoint, or by status where none was reached. */
function compareDistribution({ one, seen, requests }: PlayedRoute): string[] {
  const { expect } = one;
  const shares = new Map<string, number>();
  const count = (key: string): void => void shares.set(key, (shares.get(key) ?? 0) + 1 / seen.length);
  for (const { place } of requests) {
    const parts = place.cluster.split('|');
    count(parts.length === 4 ? [parts[3], parts[2]].filter((part) => part !== '').join('|') : place.cluster);
  }
  for (const { status, echoed } of seen) if (status !== 200 && !echoed) count(`status ${status ?? 0}`);
  const found: string[] = [];
  if (expect.sticky === true && new Set(requests.map(({ place }) => place.ip)).size !== 1)
    found.push('sticky: wanted one endpoint for all, got several');
  if (expect.distribution === undefined) return found;
  for (const key of new Set([...Object.keys(expect.distribution), ...shares.keys()])) {
    const wanted = expect.distribution[key] ?? 0;
    const got = shares.get(key) ?? 0;
    if (Math.abs(wanted - got) > (expect.tolerance ?? 0) || (wanted === 0) !== (got === 0))
      found.push(`distribution: wanted ${key} in ${wanted} of the requests, got ${got.toFixed(3)}`);
  }
  return found;
}
