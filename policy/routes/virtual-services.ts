/**
 * VirtualServices as istiod holds them after reading: short names completed, delegates merged into their roots. Routes of
 * the Gateway API join them later, marked as such.
 */
import type { HttpRouteSpec, VirtualServiceObjectSpec } from '../../model/istio/virtual-service.ts';
import type { BytesMatchSpec, TcpRouteSpec, TlsRouteSpec } from '../../model/istio/virtual-service-bytes.ts';
import { positionOf, type PolicyObject } from '../../model/policy-object.ts';
import type { RouteSource } from './compiled-routes.ts';
import { mergeDelegate } from './delegates.ts';
import { completeHost } from './host-names.ts';
import type { RoutingObject } from './routing-objects.ts';

/** A route with the place it was written at. */
export interface SourcedRoute {
  spec: HttpRouteSpec;
  source: RouteSource;
}

export interface MeshVirtualService {
  name: string;
  namespace: string;
  created: string;
  hosts: readonly string[];
  http: readonly SourcedRoute[];
  tcp: readonly { spec: TcpRouteSpec; source: RouteSource }[];
  tls: readonly { spec: TlsRouteSpec; source: RouteSource }[];
  exportTo: readonly string[];
  /** Of an HTTPRoute or GRPCRoute: path prefixes are by segment, broken backends answer 500. */
  gatewayApi: boolean;
}

/** Of one that names gateways. */
export interface AttachedVirtualService extends MeshVirtualService {
  /** `namespace/name` each, and `mesh`. */
  gateways: readonly string[];
}

/** Those that are the mesh's: `gateways` names `mesh`, or nobody. */
export function meshVirtualServices(
  objects: readonly RoutingObject<VirtualServiceObjectSpec>[],
): MeshVirtualService[] {
  return rootsAmong(objects, ({ gateways }) => gateways.length === 0 || gateways.includes('mesh'));
}

/** Those that gateways serve. */
export function gatewayVirtualServices(
  objects: readonly RoutingObject<VirtualServiceObjectSpec>[],
): AttachedVirtualService[] {
  return rootsAmong(objects, ({ gateways }) => gateways.some((gateway) => gateway !== 'mesh'));
}

function rootsAmong(
  objects: readonly RoutingObject<VirtualServiceObjectSpec>[],
  wanted: (spec: VirtualServiceObjectSpec) => boolean,
): AttachedVirtualService[] {
  const delegates = objects.filter(({ spec }) => spec.hosts.length === 0);
  return objects
    .filter(({ spec }) => spec.hosts.length > 0 && wanted(spec))
    .map((root) => ({
      gateways: root.spec.gateways.map((gateway) => qualified(gateway, root.namespace)),
      name: root.name,
      namespace: root.namespace,
      created: root.created,
      hosts: root.spec.hosts.map((host) => completeHost(host, root.namespace)),
      http: root.spec.http.flatMap((route, index) => httpRoutes(root, route, index, delegates)),
      tcp: root.spec.tcp.map((route, index) => ({
        spec: completeBytes(route, root.namespace),
        source: sourceOf(root.object, 'VirtualService', ['spec', 'tcp', index], index),
      })),
      tls: root.spec.tls.map((route, index) => ({
        spec: completeBytes(route, root.namespace),
        source: sourceOf(root.object, 'VirtualService', ['spec', 'tls', index], index),
      })),
      exportTo: root.spec.exportTo,
      gatewayApi: false,
    }));
}

export function sourceOf(
  object: PolicyObject,
  kind: RouteSource['kind'],
  path: readonly (string | number)[],
  index: number,
): RouteSource {
  const { name, namespace } = object.metadata;
  return { kind, namespace, name, index, at: positionOf(object, path) };
}

type VirtualServiceObject = RoutingObject<VirtualServiceObjectSpec>;

function httpRoutes(
  root: VirtualServiceObject,
  route: HttpRouteSpec,
  index: number,
  delegates: readonly VirtualServiceObject[],
): SourcedRoute[] {
  const source = sourceOf(root.object, 'VirtualService', ['spec', 'http', index], index);
  const spec = completeHttp(route, root.namespace);
  if (route.delegate === undefined) return [{ spec, source }];
  const namespace = route.delegate.namespace || root.namespace;
  const { name } = route.delegate;
  const delegate = delegates.find((one) => one.name === name && one.namespace === namespace);
  if (delegate === undefined || !isExportedTo({ ...delegate, ...delegate.spec }, root.namespace)) return [];
  return delegate.spec.http.flatMap((own, ownIndex) => {
    const merged = mergeDelegate(spec, completeHttp(own, delegate.namespace));
    if (merged === null) return [];
    return [
      {
        spec: merged,
        source: sourceOf(delegate.object, 'VirtualService', ['spec', 'http', ownIndex], ownIndex),
      },
    ];
  });
}

/** Whether those of namespace `to` may know it. */
export function isExportedTo(
  { exportTo, namespace }: { exportTo: readonly string[]; namespace: string },
  to: string,
): boolean {
  if (exportTo.length === 0 || exportTo.includes('*')) return true;
  return exportTo.includes(to) || (exportTo.includes('.') && namespace === to);
}

function completeHttp(route: HttpRouteSpec, namespace: string): HttpRouteSpec {
  const complete = <T extends { host: string }>(destination: T): T => ({
    ...destination,
    host: completeHost(destination.host, namespace),
  });
  return {
    ...route,
    match: route.match.map((match) => ({
      ...match,
      gateways: match.gateways.map((gateway) => qualified(gateway, namespace)),
    })),
    route: route.route.map((one) => ({ ...one, destination: complete(one.destination) })),
    mirror: route.mirror === undefined ? undefined : complete(route.mirror),
    mirrors: route.mirrors.map((one) => ({ ...one, destination: complete(one.destination) })),
  };
}

function completeBytes<Spec extends TcpRouteSpec>(route: Spec, namespace: string): Spec {
  const match: BytesMatchSpec[] = route.match.map((one) => ({
    ...one,
    gateways: one.gateways.map((gateway) => qualified(gateway, namespace)),
  }));
  return {
    ...route,
    match,
    route: route.route.map((one) => ({
      ...one,
      destination: { ...one.destination, host: completeHost(one.destination.host, namespace) },
    })),
  };
}

/** `mesh` stays; a bare name is one of the object's own namespace. */
export function qualified(gateway: string, namespace: string): string {
  return gateway === 'mesh' || gateway.includes('/') ? gateway : `${namespace}/${gateway}`;
}
