/** One rule of an HTTPRoute or GRPCRoute → the VirtualService routes that it amounts to, one a match. */
import type {
  BackendRefSpec,
  GatewayApiFilter,
  GrpcRouteObjectSpec,
  HttpRouteObjectSpec,
  NamedMatchSpec,
} from '../../model/istio/gateway-api-routes.ts';
import type { HeaderOperationsSpec } from '../../model/istio/virtual-service-destination.ts';
import type { StringMatchSpec } from '../../model/istio/string-match.ts';
import type {
  HttpMatchSpec,
  HttpRedirectSpec,
  HttpRouteSpec,
  RewriteSpec,
  RouteDestinationSpec,
} from '../../model/istio/virtual-service.ts';
import { durationMs } from '../../model/istio/routing-values.ts';
import { anyRequest } from './any-request.ts';

type HttpRule = HttpRouteObjectSpec['rules'][number];
type GrpcRule = GrpcRouteObjectSpec['rules'][number];

/** Which rule of which object: its name, where it has none of its own. */
export interface RuleName {
  namespace: string;
  name: string;
  index: number;
}

export function httpRules(rule: HttpRule, at: RuleName): HttpRouteSpec[] {
  const base = { ...ruleBase(rule, at), ...timing(rule) };
  return rule.matches.map((match) => ({
    ...base,
    match: [
      {
        ...anyRequest(),
        uri: pathMatch(match.path),
        headers: namedMatches(match.headers),
        queryParams: namedMatches(match.queryParams),
        ...(match.method === undefined ? {} : { method: { exact: match.method } }),
      },
    ],
  }));
}

export function grpcRules(rule: GrpcRule, at: RuleName): HttpRouteSpec[] {
  const base = ruleBase(rule, at);
  if (rule.matches.length === 0) return [base];
  return rule.matches.map((match) => {
    const uri = grpcPath(match.method);
    const one: HttpMatchSpec = {
      ...anyRequest(),
      headers: namedMatches(match.headers),
      ...(uri ? { uri } : {}),
    };
    return { ...base, match: [one] };
  });
}

function ruleBase(rule: HttpRule | GrpcRule, { namespace, name, index }: RuleName): HttpRouteSpec {
  const redirect = rule.filters.find(({ type }) => type === 'RequestRedirect')?.requestRedirect;
  const rewrite = rule.filters.find(({ type }) => type === 'URLRewrite')?.urlRewrite;
  const weights = rule.backendRefs.reduce((sum, { weight }) => sum + weight, 0);
  const served = weights > 0 || redirect !== undefined;
  const written = rewrite === undefined ? undefined : rewriteOf(rewrite);
  return {
    name: rule.name ?? `${namespace}.${name}.${index}`,
    match: [],
    route: served ? destinations(rule, namespace) : [],
    mirrors: mirrorsOf(rule.filters, namespace),
    headers: { request: modifier(rule.filters, 'request'), response: modifier(rule.filters, 'response') },
    ...(redirect === undefined ? {} : { redirect: redirectOf(redirect) }),
    ...(served ? {} : { directResponse: { status: 500 } }),
    ...(written === undefined ? {} : { rewrite: written }),
  };
}

function destinations(rule: HttpRule | GrpcRule, namespace: string): RouteDestinationSpec[] {
  const used = rule.backendRefs.filter(({ weight }) => weight > 0);
  return used.map((backend) => ({
    destination: destinationOf(backend, namespace),
    weight: backend.weight,
    headers: {
      request: modifier(backend.filters, 'request'),
      response: modifier(backend.filters, 'response'),
    },
  }));
}

/** A kind that istiod doesn't know is a host that nobody has. */
function destinationOf(backend: BackendRefSpec, namespace: string): RouteDestinationSpec['destination'] {
  const known = backend.group === '' && backend.kind === 'Service';
  const hostname = backend.group === 'networking.istio.io' && backend.kind === 'Hostname';
  const host = known
    ? `${backend.name}.${backend.namespace ?? namespace}.svc.cluster.local`
    : hostname
      ? backend.name
      : '';
  return { host, subset: '', ...(backend.port === undefined ? {} : { port: { number: backend.port } }) };
}

function mirrorsOf(filters: readonly GatewayApiFilter[], namespace: string): HttpRouteSpec['mirrors'] {
  return filters.flatMap(({ type, requestMirror: mirror }) => {
    if (type !== 'RequestMirror' || mirror === undefined) return [];
    const { fraction, percent, backendRef } = mirror;
    const value = fraction ? (100 * fraction.numerator) / fraction.denominator : percent;
    return [
      {
        destination: destinationOf(backendRef, namespace),
        ...(value === undefined ? {} : { percentage: { value } }),
      },
    ];
  });
}

function modifier(
  filters: readonly GatewayApiFilter[],
  side: 'request' | 'response',
): HeaderOperationsSpec | undefined {
  const type = side === 'request' ? 'RequestHeaderModifier' : 'ResponseHeaderModifier';
  const found = filters.findLast((filter) => filter.type === type);
  const changes = side === 'request' ? found?.requestHeaderModifier : found?.responseHeaderModifier;
  return changes && { set: byName(changes.set), add: byName(changes.add), remove: changes.remove };
}

/** The first of several with one name. */
function byName(list: readonly { name: string; value: string }[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (const { name, value } of list) record[name.toLowerCase()] ??= value;
  return record;
}

function redirectOf(filter: NonNullable<GatewayApiFilter['requestRedirect']>): HttpRedirectSpec {
  const { scheme, hostname, path, port, statusCode } = filter;
  const derived = scheme === undefined ? ('FROM_REQUEST_PORT' as const) : ('FROM_PROTOCOL_DEFAULT' as const);
  return {
    redirectCode: statusCode,
    ...(hostname === undefined ? {} : { authority: hostname }),
    ...(scheme === undefined ? {} : { scheme }),
    ...(port === undefined ? { derivePort: derived } : { port }),
    ...(path?.type === 'ReplaceFullPath' ? { uri: path.replaceFullPath ?? '' } : {}),
    ...(path?.type === 'ReplacePrefixMatch' ? { prefixRewrite: path.replacePrefixMatch ?? '' } : {}),
  };
}

function rewriteOf({ hostname, path }: NonNullable<GatewayApiFilter['urlRewrite']>): RewriteSpec | undefined {
  const prefix =
    path?.type === 'ReplacePrefixMatch'
      ? (path.replacePrefixMatch ?? '').replace(/\/$/, '') || '/'
      : undefined;
  const full =
    path?.type === 'ReplaceFullPath' ? { match: '/.*', rewrite: path.replaceFullPath ?? '' } : undefined;
  if (prefix === undefined && full === undefined && !hostname) return undefined;
  return {
    ...(prefix === undefined ? {} : { uri: prefix }),
    ...(full === undefined ? {} : { uriRegexRewrite: full }),
    ...(hostname ? { authority: hostname } : {}),
  };
}

function timing({ timeouts, retry }: HttpRule): Partial<HttpRouteSpec> {
  const positive = (text: string | undefined): string | undefined =>
    text !== undefined && durationMs(text) > 0 ? text : undefined;
  const backend = positive(timeouts?.backendRequest);
  const attempts = retry?.attempts ?? 2;
  const codes = [
    'connect-failure',
    'refused-stream',
    'unavailable',
    'cancelled',
    ...(retry?.codes ?? []).map(String),
  ];
  const retries = retry && {
    attempts,
    retryOn: attempts === 0 ? '' : codes.join(','),
    ...(retry.backoff === undefined ? {} : { backoff: retry.backoff }),
    ...(backend === undefined ? {} : { perTryTimeout: backend }),
  };
  const timeout =
    retry === undefined ? (backend ?? positive(timeouts?.request)) : positive(timeouts?.request);
  return { ...(timeout === undefined ? {} : { timeout }), ...(retries === undefined ? {} : { retries }) };
}

function pathMatch({ type, value }: HttpRule['matches'][number]['path']): StringMatchSpec {
  if (type === 'Exact') return { exact: value };
  if (type === 'RegularExpression') return { regex: value };
  return { prefix: value === '/' ? value : value.replace(/\/$/, '') };
}

function namedMatches(list: readonly NamedMatchSpec[]): Record<string, StringMatchSpec> {
  return Object.fromEntries(
    list.map(({ type, name, value }) => [name, type === 'Exact' ? { exact: value } : { regex: value }]),
  );
}

function grpcPath(method: GrpcRule['matches'][number]['method']): StringMatchSpec | null {
  if (method === undefined) return null;
  const { type, service, method: name } = method;
  if (service === undefined) return { regex: `/[^/]+/${name ?? '.+'}` };
  if (type === 'RegularExpression') return { regex: `/${service}/${name ?? '.+'}` };
  return name === undefined ? { prefix: `/${service}/` } : { exact: `/${service}/${name}` };
}
