/**
 * The Gateway and VirtualService objects that a gateway workload serves, at one of its ports. What can't be read is
 * named, and nothing passes there.
 */
import type { z } from 'zod';
import { gatewaySpecSchema, type GatewayServer } from '../../model/istio/gateway-routing.ts';
import { virtualServiceSchema, type VirtualServiceObjectSpec } from '../../model/istio/virtual-service.ts';
import type { PolicyObject } from '../../model/policy-object.ts';
import type { RoutingWorld } from '../routes/compile-routes.ts';
import { routeProblems } from '../routes/route-problems.ts';
import { byAge, type RoutingObject } from '../routes/routing-objects.ts';
import {
  type AttachedVirtualService,
  gatewayVirtualServices,
  isExportedTo,
} from '../routes/virtual-services.ts';
import { type DestinationFacts, destinationFacts, NO_FACTS } from './gateway-destinations.ts';

/** The pods of a gateway. */
export interface GatewayWorkload {
  namespace: string;
  labels: Readonly<Record<string, string>>;
}

/** One server of one Gateway. */
export interface PortServer {
  /** `namespace/name` of its Gateway. */
  gateway: string;
  server: GatewayServer;
}

/** What is served at a port. */
export interface GatewayPort {
  port: number;
  labels: Readonly<Record<string, string>>;
  namespace: string;
  /** HTTP servers share their routes. */
  http: readonly PortServer[];
  /** Each by its server names, with routes of its own. */
  https: readonly PortServer[];
  /** Oldest first; only those that this workload sees. */
  virtualServices: readonly AttachedVirtualService[];
  /** What is known of the services that routes lead to. */
  destinations: DestinationFacts;
}

/** Protocols that are HTTP in plaintext, in capitals. */
export const HTTP_PROTOCOLS: ReadonlySet<string> = new Set(['HTTP', 'HTTP2', 'GRPC']);

/** Reads a port; a text says what isn't judged. `world`: the services that routes may lead to; null = none are known. */
export function readGatewayPort(
  objects: readonly PolicyObject[],
  workload: GatewayWorkload,
  port: number,
  world: RoutingWorld | null = null,
): GatewayPort | string {
  const http: PortServer[] = [];
  const https: PortServer[] = [];
  for (const object of networkingObjects(objects, 'Gateway')) {
    const spec = read(gatewaySpecSchema, object);
    if (typeof spec === 'string') return spec;
    const { name, namespace } = object.metadata;
    if (!selectsGateway(spec.selector, workload.labels)) continue;
    for (const server of spec.servers.filter((one) => one.port.number === port)) {
      const mode = server.tls?.mode;
      const served = { gateway: `${namespace}/${name}`, server: ownNamespace(server, namespace) };
      if (HTTP_PROTOCOLS.has(server.port.protocol.toUpperCase())) http.push(served);
      else if (
        server.port.protocol.toUpperCase() !== 'HTTPS' ||
        mode === undefined ||
        mode.endsWith('PASSTHROUGH')
      )
        return `a server of Gateway ${name} with protocol ${server.port.protocol}${mode ? ` and tls.mode ${mode}` : ''}`;
      else https.push(served);
    }
  }
  if (http.length > 0 && https.length > 0) return `HTTP and HTTPS servers at one port, ${port}`;
  const virtualServices = readVirtualServices(objects, workload);
  if (typeof virtualServices === 'string') return virtualServices;
  return {
    port,
    labels: workload.labels,
    namespace: workload.namespace,
    http,
    https,
    virtualServices,
    destinations: world === null ? NO_FACTS : destinationFacts(virtualServices, workload, world),
  };
}

function readVirtualServices(
  objects: readonly PolicyObject[],
  workload: GatewayWorkload,
): AttachedVirtualService[] | string {
  const found: RoutingObject<VirtualServiceObjectSpec>[] = [];
  for (const object of networkingObjects(objects, 'VirtualService')) {
    const spec = read(virtualServiceSchema, object);
    if (typeof spec === 'string') return spec;
    const [problem] = routeProblems([object]);
    // The mesh's own routes are its sidecars' to follow; a delegate may be a gateway's.
    const own = spec.hosts.length === 0 || spec.gateways.some((gateway) => gateway !== 'mesh');
    if (own && problem !== undefined) return `VirtualService ${object.metadata.name}: ${problem.message}`;
    const { name, namespace, creationTimestamp } = object.metadata;
    found.push({ name, namespace, created: creationTimestamp ?? '', spec, object });
  }
  return gatewayVirtualServices(found)
    .filter((service) => isExportedTo(service, workload.namespace))
    .toSorted(byAge);
}

/** Objects of a kind of Istio's networking group. */
export function networkingObjects(objects: readonly PolicyObject[], kind: string): PolicyObject[] {
  return objects.filter((one) => one.kind === kind && one.apiVersion.startsWith('networking.istio.io/'));
}

/** As written: defaults that another schema filled in would be taken for the team's own words. */
function read<T>(schema: z.ZodType<T>, { kind, metadata, spec, written }: PolicyObject): T | string {
  const parsed = schema.safeParse(written ?? spec);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return `${kind} ${metadata.name}: spec.${issue?.path.join('.')}: ${issue?.message}`;
}

/** Whether a Gateway's selector takes a workload. */
export function selectsGateway(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/** `./host` is a host of the Gateway's own namespace. */
function ownNamespace(server: GatewayServer, namespace: string): GatewayServer {
  return {
    ...server,
    hosts: server.hosts.map((host) => (host.startsWith('./') ? `${namespace}/${host.slice(2)}` : host)),
  };
}

/** A gateway that hands everything on, for suites that bring no Gateway; over TLS as the mesh's own. */
export function openGateway(workload: GatewayWorkload, port: number, tls: boolean): GatewayPort {
  const { namespace, labels } = workload;
  const gateway = `${namespace}/any`;
  const server: GatewayServer = {
    port: { number: port, name: 'any', protocol: tls ? 'HTTPS' : 'HTTP' },
    hosts: ['*'],
    ...(tls ? { tls: { mode: 'ISTIO_MUTUAL', httpsRedirect: false, subjectAltNames: [] } } : {}),
  };
  const at = { file: '', line: 1, column: 1 };
  const object: PolicyObject = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'any', namespace, annotations: {}, labels: {} },
    spec: { hosts: ['*'], gateways: ['any'], http: [{ route: [{ destination: { host: 'any' } }] }] },
    at,
    positions: {},
  };
  const virtualServices = readVirtualServices([object], workload);
  if (typeof virtualServices === 'string') throw new Error(virtualServices);
  const served = [{ gateway, server }];
  return {
    port,
    labels,
    namespace,
    http: tls ? [] : served,
    https: tls ? served : [],
    virtualServices,
    destinations: NO_FACTS,
  };
}
