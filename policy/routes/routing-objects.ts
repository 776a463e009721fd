/** The objects that route, read by their schemas and in Istio's order: the oldest first, then by name. */
import type { z } from 'zod';
import { destinationRuleSchema, type DestinationRuleSpec } from '../../model/istio/destination-rule.ts';
import {
  grpcRouteObjectSchema,
  httpRouteObjectSchema,
  referenceGrantSchema,
  tcpRouteObjectSchema,
  tlsRouteObjectSchema,
  type GrpcRouteObjectSpec,
  type HttpRouteObjectSpec,
  type TcpRouteObjectSpec,
  type TlsRouteObjectSpec,
} from '../../model/istio/gateway-api-routes.ts';
import { serviceEntrySchema, type ServiceEntrySpec } from '../../model/istio/service-entry.ts';
import { sidecarSchema, type SidecarSpec } from '../../model/istio/sidecar.ts';
import { virtualServiceSchema, type VirtualServiceObjectSpec } from '../../model/istio/virtual-service.ts';
import type { PolicyObject } from '../../model/policy-object.ts';

export interface RoutingObject<Spec> {
  name: string;
  namespace: string;
  /** ISTIO's order; objects without a time are as old as each other. */
  created: string;
  spec: Spec;
  object: PolicyObject;
}

export interface RoutingObjects {
  virtualServices: RoutingObject<VirtualServiceObjectSpec>[];
  destinationRules: RoutingObject<DestinationRuleSpec>[];
  serviceEntries: RoutingObject<ServiceEntrySpec>[];
  sidecars: RoutingObject<SidecarSpec>[];
  httpRoutes: RoutingObject<HttpRouteObjectSpec>[];
  grpcRoutes: RoutingObject<GrpcRouteObjectSpec>[];
  tlsRoutes: RoutingObject<TlsRouteObjectSpec>[];
  tcpRoutes: RoutingObject<TcpRouteObjectSpec>[];
  grants: RoutingObject<z.infer<typeof referenceGrantSchema>>[];
}

const ISTIO = 'networking.istio.io/';
const GATEWAY_API = 'gateway.networking.k8s.io/';

/** Objects of other kinds are left alone; one that its schema refuses can't be here, since admission refused it. */
export function readRoutingObjects(objects: readonly PolicyObject[]): RoutingObjects {
  return {
    virtualServices: read(objects, ISTIO, 'VirtualService', virtualServiceSchema),
    destinationRules: read(objects, ISTIO, 'DestinationRule', destinationRuleSchema),
    serviceEntries: read(objects, ISTIO, 'ServiceEntry', serviceEntrySchema),
    sidecars: read(objects, ISTIO, 'Sidecar', sidecarSchema),
    httpRoutes: read(objects, GATEWAY_API, 'HTTPRoute', httpRouteObjectSchema),
    grpcRoutes: read(objects, GATEWAY_API, 'GRPCRoute', grpcRouteObjectSchema),
    tlsRoutes: read(objects, GATEWAY_API, 'TLSRoute', tlsRouteObjectSchema),
    tcpRoutes: read(objects, GATEWAY_API, 'TCPRoute', tcpRouteObjectSchema),
    grants: read(objects, GATEWAY_API, 'ReferenceGrant', referenceGrantSchema),
  };
}

function read<Spec>(
  objects: readonly PolicyObject[],
  group: string,
  kind: string,
  schema: z.ZodType<Spec>,
): RoutingObject<Spec>[] {
  return objects
    .filter((object) => object.kind === kind && object.apiVersion.startsWith(group))
    .map((object) => {
      const { name, namespace, creationTimestamp } = object.metadata;
      return { name, namespace, created: creationTimestamp ?? '', spec: schema.parse(object.spec), object };
    })
    .sort(byAge);
}

/** Creation time, then name, then namespace. */
export function byAge(
  one: { created: string; name: string; namespace: string },
  other: { created: string; name: string; namespace: string },
): number {
  return (
    compare(one.created, other.created) ||
    compare(one.name, other.name) ||
    compare(one.namespace, other.namespace)
  );
}

function compare(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
