/**
 * HTTPRoutes, GRPCRoutes, TLSRoutes and TCPRoutes whose parents are Gateways → the VirtualServices that istiod makes of
 * them: one for each listener and host, rules of several objects joined in the Gateway API's order.
 */
import { gatewayApiGatewaySchema, type ListenerSpec } from '../../model/istio/gateway-api-gateway.ts';
import type { BackendRefSpec, ParentRefSpec } from '../../model/istio/gateway-api-routes.ts';
import type { TcpRouteSpec } from '../../model/istio/virtual-service-bytes.ts';
import type { PolicyObject } from '../../model/policy-object.ts';
import { narrowerName } from '../../wire/name-match.ts';
import type { RouteSource } from '../routes/compiled-routes.ts';
import { precedence, rulesOfGrpc, rulesOfHttp, type Rules } from '../routes/gateway-api-routes.ts';
import { byAge, readRoutingObjects, type RoutingObjects } from '../routes/routing-objects.ts';
import { sourceOf, type AttachedVirtualService } from '../routes/virtual-services.ts';
import { apiGateways, GATEWAY_CLASS, listenerGateway, listenersOf } from './gateway-api-listeners.ts';
import { serverHost } from './server-hosts.ts';

const API = 'gateway.networking.k8s.io';
type Kind = Exclude<RouteSource['kind'], 'VirtualService'>;

/** A route of any kind, as far as parents look at it. */
export interface ApiRoute {
  kind: Kind;
  namespace: string;
  name: string;
  created: string;
  object: PolicyObject;
  parentRefs: readonly ParentRefSpec[];
  /** `*` where it names none. */
  hostnames: readonly string[];
  routes: Pick<AttachedVirtualService, 'http' | 'tcp' | 'tls'>;
}

/** A listener that serves, with the Istio Gateway that it is. */
export interface ApiListener {
  namespace: string;
  gateway: string;
  spec: ListenerSpec;
  /** `namespace/name`. */
  name: string;
  /** `namespace/host` each, as Istio's servers have them. */
  hosts: readonly string[];
}

/** Oldest first within a host; none without Gateways of the Gateway API. */
export function apiServices(objects: readonly PolicyObject[]): AttachedVirtualService[] {
  const listeners = apiListeners(objects);
  if (listeners.length === 0) return [];
  const attached = apiRoutes(objects).flatMap((route) =>
    route.parentRefs.flatMap((parent) =>
      listeners
        .filter((listener) => refusalOf(route, parent, listener) === null)
        .flatMap((listener) => servicesAt(route, listener, listeners)),
    ),
  );
  const byKey = Map.groupBy(attached, ({ name }) => name);
  return [...byKey.values()].map((same) => merged(same));
}

/** Listeners of all Gateways that are Istio's. */
export function apiListeners(objects: readonly PolicyObject[]): ApiListener[] {
  return apiGateways(objects).flatMap((object) => {
    const { namespace, name: gateway } = object.metadata;
    const read = gatewayApiGatewaySchema.safeParse(object.written ?? object.spec);
    if (!read.success || read.data.gatewayClassName !== GATEWAY_CLASS) return [];
    const served = new Map(
      listenersOf(object).map(({ metadata, spec }) => [`${metadata.namespace}/${metadata.name}`, spec]),
    );
    return read.data.listeners.flatMap((spec): ApiListener[] => {
      const name = listenerGateway(namespace, gateway, spec.name);
      const made = served.get(name) as { servers: { hosts: string[] }[] } | undefined;
      return made === undefined
        ? []
        : [{ namespace, gateway, spec, name, hosts: made.servers[0]?.hosts ?? [] }];
    });
  });
}

/** Routes of all four kinds. */
export function apiRoutes(objects: readonly PolicyObject[]): ApiRoute[] {
  const read = readRoutingObjects(objects.filter(({ apiVersion }) => apiVersion.startsWith(`${API}/`)));
  const named = (hostnames: readonly string[]): readonly string[] =>
    hostnames.length === 0 ? ['*'] : hostnames;
  return [
    ...read.httpRoutes.map((one) => ({
      ...one,
      kind: 'HTTPRoute' as const,
      parentRefs: one.spec.parentRefs,
      hostnames: named(one.spec.hostnames),
      routes: httpOf(one.object, 'HTTPRoute', rulesOfHttp(one), read),
    })),
    ...read.grpcRoutes.map((one) => ({
      ...one,
      kind: 'GRPCRoute' as const,
      parentRefs: one.spec.parentRefs,
      hostnames: named(one.spec.hostnames),
      routes: httpOf(one.object, 'GRPCRoute', rulesOfGrpc(one), read),
    })),
    ...read.tlsRoutes.map((one) => ({
      ...one,
      kind: 'TLSRoute' as const,
      parentRefs: one.spec.parentRefs,
      hostnames: named(one.spec.hostnames),
      routes: bytesOf(one.object, 'TLSRoute', one.spec.rules, read),
    })),
    ...read.tcpRoutes.map((one) => ({
      ...one,
      kind: 'TCPRoute' as const,
      parentRefs: one.spec.parentRefs,
      hostnames: ['*'],
      routes: bytesOf(one.object, 'TCPRoute', one.spec.rules, read),
    })),
  ];
}

/** Why a listener doesn't take a route; null = it does. */
export function refusalOf(route: ApiRoute, parent: ParentRefSpec, listener: ApiListener): string | null {
  if (parent.group !== API || parent.kind !== 'Gateway') return 'its parent is no Gateway';
  const { namespace = route.namespace, name, port, sectionName } = parent;
  if (namespace !== listener.namespace || name !== listener.gateway) return 'it is of another Gateway';
  if (port !== undefined && port !== listener.spec.port) return `it is at port ${listener.spec.port}`;
  if (sectionName !== undefined && sectionName !== listener.spec.name)
    return `it is called ${listener.spec.name}`;
  if (!kindsOf(listener.spec).includes(route.kind)) return `it takes no ${route.kind}`;
  const matching = listener.hosts
    .map(serverHost)
    .filter((host) => route.hostnames.some((other) => narrowerName(host.name, other) !== null));
  if (matching.length === 0) return `its hostname is ${listener.spec.hostname}`;
  const owners = matching.map(({ owner }) => owner);
  return owners.includes('*') || owners.includes(route.namespace)
    ? null
    : `it takes no routes of namespace ${route.namespace}`;
}

/** Those that it names, of those that its protocol has. */
function kindsOf({ protocol, tls, allowedRoutes }: ListenerSpec): readonly string[] {
  const known =
    protocol === 'TCP'
      ? ['TCPRoute']
      : protocol !== 'TLS'
        ? ['HTTPRoute', 'GRPCRoute']
        : tls?.mode === 'Passthrough'
          ? ['TLSRoute']
          : ['TCPRoute', 'TLSRoute'];
  const named = allowedRoutes.kinds.filter(({ group }) => group === API).map(({ kind }) => kind);
  return allowedRoutes.kinds.length === 0 ? known : known.filter((kind) => named.includes(kind));
}

/** One a host, without those that a listener of the same port has a nearer hostname for. */
function servicesAt(
  route: ApiRoute,
  listener: ApiListener,
  listeners: readonly ApiListener[],
): AttachedVirtualService[] {
  const rivals = listeners
    .filter(
      ({ name, namespace, gateway, spec }) =>
        name !== listener.name &&
        namespace === listener.namespace &&
        gateway === listener.gateway &&
        spec.port === listener.spec.port &&
        spec.protocol === listener.spec.protocol,
    )
    .map(({ spec }) => spec.hostname ?? '');
  const ends = listener.spec.tls?.mode === 'Terminate';
  return route.hostnames
    .filter((host) => isOwn(host, listener.spec.hostname ?? '', rivals))
    .map((host) => ({
      name: `${listener.name}/${host}`,
      namespace: route.namespace,
      created: route.created,
      hosts: [host],
      http: route.routes.http,
      // Where TLS is ended, a TLSRoute is one of the bytes in it.
      tcp: route.kind === 'TCPRoute' || ends ? route.routes.tcp : [],
      tls: ends || route.kind !== 'TLSRoute' ? [] : route.routes.tls.map((one) => named(one, host)),
      exportTo: [],
      gatewayApi: true,
      gateways: [listener.name],
    }));
}

/** Istio's listener isolation. */
function isOwn(host: string, listener: string, rivals: readonly string[]): boolean {
  if (listener !== '' && !listener.startsWith('*')) return true;
  if (listener !== '' && narrowerName(host, listener) === null) return false;
  return !rivals.some(
    (rival) => rival !== '' && listener.length <= rival.length && narrowerName(host, rival) === host,
  );
}

type TlsRoute = AttachedVirtualService['tls'][number];

function named(route: TlsRoute, host: string): TlsRoute {
  return {
    ...route,
    spec: { ...route.spec, match: route.spec.match.map((one) => ({ ...one, sniHosts: [host] })) },
  };
}

function merged(same: readonly AttachedVirtualService[]): AttachedVirtualService {
  const [oldest, ...others] = same.toSorted(byAge);
  if (oldest === undefined) throw new Error('a group has members');
  const all = [oldest, ...others];
  return {
    ...oldest,
    name: oldest.name.replaceAll('/', '~'),
    http: all.flatMap(({ http }) => http).toSorted((one, other) => precedence(one.spec, other.spec)),
    tcp: all.flatMap(({ tcp }) => tcp),
    tls: all.flatMap(({ tls }) => tls),
  };
}

function httpOf(
  object: PolicyObject,
  kind: Kind,
  rules: Rules,
  { grants }: RoutingObjects,
): ApiRoute['routes'] {
  const http = rules.flatMap(({ routes, index }) => {
    const source = sourceOf(object, kind, ['spec', 'rules', index], index);
    return routes.map((spec) => ({
      spec: {
        ...spec,
        route: spec.route.map((one) =>
          isGranted(one.destination.host, kind, object, grants)
            ? one
            : { ...one, destination: { ...one.destination, host: '' } },
        ),
        mirrors: spec.mirrors.filter(({ destination }) => isGranted(destination.host, kind, object, grants)),
      },
      source,
    }));
  });
  return { http, tcp: [], tls: [] };
}

/** A backend of another namespace needs that namespace's word; without it, it is a host that nobody has. */
function isGranted(
  host: string,
  kind: Kind,
  object: PolicyObject,
  grants: RoutingObjects['grants'],
): boolean {
  const [name = '', namespace = ''] = host.split('.');
  if (!host.endsWith('.svc.cluster.local') || namespace === object.metadata.namespace) return true;
  return grants.some(
    (grant) =>
      grant.namespace === namespace &&
      grant.spec.from.some(
        (from) => from.group === API && from.kind === kind && from.namespace === object.metadata.namespace,
      ) &&
      grant.spec.to.some(
        (to) =>
          to.group === '' &&
          to.kind === 'Service' &&
          (to.name === undefined || to.name === '' || to.name === name),
      ),
  );
}

/** Where Istio sends what no backend has a share of. */
const NOBODY: TcpRouteSpec['route'][number] = {
  destination: { host: 'internal.cluster.local', subset: 'zero-weight', port: { number: 65_535 } },
  weight: 0,
};

function bytesOf(
  object: PolicyObject,
  kind: Kind,
  rules: readonly { backendRefs: readonly BackendRefSpec[] }[],
  { grants }: RoutingObjects,
): ApiRoute['routes'] {
  const any = { destinationSubnets: [], port: 0, sourceLabels: {}, sourceNamespace: '', gateways: [] };
  const routes = rules.map(({ backendRefs }, index) => {
    const source = sourceOf(object, kind, ['spec', 'rules', index], index);
    const served = backendRefs.filter(({ weight }) => weight > 0);
    const route = served.map((one) => destinationOf(one, kind, object, grants));
    return { route: route.length > 0 ? route : [NOBODY], source };
  });
  return {
    http: [],
    tcp: routes.map(({ route, source }) => ({ spec: { match: [], route }, source })),
    tls: routes.map(({ route, source }) => ({
      spec: { match: [{ ...any, sniHosts: ['*'] }], route },
      source,
    })),
  };
}

function destinationOf(
  { group, kind, name, namespace, port, weight }: BackendRefSpec,
  routeKind: Kind,
  object: PolicyObject,
  grants: RoutingObjects['grants'],
): TcpRouteSpec['route'][number] {
  const known = group === '' && kind === 'Service';
  const host = known ? `${name}.${namespace ?? object.metadata.namespace}.svc.cluster.local` : '';
  return {
    destination: {
      host: isGranted(host, routeKind, object, grants) ? host : '',
      subset: '',
      ...(port === undefined ? {} : { port: { number: port } }),
    },
    weight,
  };
}
