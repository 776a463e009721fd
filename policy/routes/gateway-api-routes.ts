/**
 * HTTPRoutes and GRPCRoutes whose parent is a Service (or ServiceEntry) → VirtualServices, as istiod makes them: one for
 * each namespace, host and port, its rules sorted by the Gateway API's precedence, across objects.
 */
import type {
  GrpcRouteObjectSpec,
  HttpRouteObjectSpec,
  ParentRefSpec,
} from '../../model/istio/gateway-api-routes.ts';
import type { HttpMatchSpec, HttpRouteSpec } from '../../model/istio/virtual-service.ts';
import { anyRequest } from './any-request.ts';
import { grpcRules, httpRules } from './gateway-api-rules.ts';
import { byAge, type RoutingObject, type RoutingObjects } from './routing-objects.ts';
import { sourceOf, type MeshVirtualService, type SourcedRoute } from './virtual-services.ts';

interface Attached extends MeshVirtualService {
  key: string;
}

/** The VirtualServices that routes of the Gateway API amount to within the mesh. */
export function gatewayApiVirtualServices(objects: RoutingObjects): MeshVirtualService[] {
  const attached = [
    ...objects.httpRoutes.flatMap((route) => attach(route, 'HTTPRoute', rulesOfHttp(route), objects)),
    ...objects.grpcRoutes.flatMap((route) => attach(route, 'GRPCRoute', rulesOfGrpc(route), objects)),
  ];
  const byKey = Map.groupBy(attached, ({ key }) => key);
  return [...byKey].map(([key, same]) => merged(key, same.toSorted(byAge)));
}

/** With the index of their rule. */
export type Rules = { routes: HttpRouteSpec[]; index: number }[];

/** The routes that each rule amounts to. */
export function rulesOfHttp({ spec, namespace, name }: RoutingObject<HttpRouteObjectSpec>): Rules {
  return spec.rules.map((rule, index) => ({ routes: httpRules(rule, { namespace, name, index }), index }));
}

/** The same of a GRPCRoute. */
export function rulesOfGrpc({ spec, namespace, name }: RoutingObject<GrpcRouteObjectSpec>): Rules {
  return spec.rules.map((rule, index) => ({ routes: grpcRules(rule, { namespace, name, index }), index }));
}

function attach(
  route: RoutingObject<HttpRouteObjectSpec> | RoutingObject<GrpcRouteObjectSpec>,
  kind: 'HTTPRoute' | 'GRPCRoute',
  rules: Rules,
  objects: RoutingObjects,
): Attached[] {
  return route.spec.parentRefs.flatMap((parent) => {
    const http: SourcedRoute[] = rules.flatMap(({ routes, index }) => {
      const source = sourceOf(route.object, kind, ['spec', 'rules', index], index);
      return routes.map((spec) => ({
        spec: parent.port === undefined ? spec : onlyAtPort(spec, parent.port),
        source,
      }));
    });
    const port = parent.port === undefined ? '' : `/${parent.port}`;
    return hostsOf(parent, route.namespace, objects).map((host) => ({
      key: `${route.namespace}${port}/${host}`,
      name: route.name,
      namespace: route.namespace,
      created: route.created,
      hosts: [host],
      http,
      tcp: [],
      tls: [],
      exportTo: [],
      gatewayApi: true,
    }));
  });
}

/** Parents that are no part of the mesh (Gateways) have no hosts here. */
function hostsOf(parent: ParentRefSpec, ownNamespace: string, objects: RoutingObjects): readonly string[] {
  const namespace = parent.namespace ?? ownNamespace;
  if (parent.group === '' && parent.kind === 'Service')
    return [`${parent.name}.${namespace}.svc.cluster.local`];
  if (parent.group !== 'networking.istio.io' || parent.kind !== 'ServiceEntry') return [];
  const entry = objects.serviceEntries.find((one) => one.name === parent.name && one.namespace === namespace);
  return entry?.spec.hosts ?? [];
}

function onlyAtPort(route: HttpRouteSpec, port: number): HttpRouteSpec {
  const match: HttpMatchSpec[] = route.match.length === 0 ? [anyRequest()] : route.match;
  return { ...route, match: match.map((one) => ({ ...one, port })) };
}

function merged(key: string, same: readonly Attached[]): MeshVirtualService {
  const [oldest] = same;
  if (oldest === undefined) throw new Error('a group has members');
  const http = same.flatMap((one) => one.http).toSorted((one, other) => precedence(one.spec, other.spec));
  const { namespace, created, hosts } = oldest;
  return {
    name: key.replaceAll('/', '~'),
    namespace,
    created,
    hosts,
    http,
    tcp: [],
    tls: [],
    exportTo: [],
    gatewayApi: true,
  };
}

/** Of rules, across objects: exact before prefix before expression, longer before shorter, then method, number of headers, of parameters. */
export function precedence({ match: [one] }: HttpRouteSpec, { match: [other] }: HttpRouteSpec): number {
  if (one === undefined || other === undefined)
    return (one === undefined ? 1 : 0) - (other === undefined ? 1 : 0);
  const count = (record: object): number => Object.keys(record).length;
  return (
    rank(other) - rank(one) ||
    length(other) - length(one) ||
    Number(other.method !== undefined) - Number(one.method !== undefined) ||
    count(other.headers) - count(one.headers) ||
    count(other.queryParams) - count(one.queryParams)
  );
}

function rank({ uri }: HttpMatchSpec): number {
  if (uri?.exact !== undefined) return 3;
  if (uri?.prefix !== undefined) return 2;
  return uri?.regex === undefined ? -1 : 1;
}

function length({ uri }: HttpMatchSpec): number {
  return (uri?.exact ?? uri?.prefix ?? uri?.regex ?? '').length;
}
