/**
 * The Gateway and VirtualService objects that a gateway workload serves, at one of its ports. What can't be read is
 * named, and nothing passes there.
 */
import type { z } from 'zod';
import {
  gatewaySpecSchema,
  type GatewayServer,
  type VirtualRoute,
  virtualServiceSpecSchema,
  type VirtualServiceSpec,
} from '../../model/istio/gateway-routing.ts';
import type { PolicyObject } from '../../model/policy-object.ts';
import { completeHost } from '../routes/host-names.ts';

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

export interface NamedVirtualService {
  name: string;
  namespace: string;
  /** `namespace/name` each. */
  gateways: readonly string[];
  spec: VirtualServiceSpec;
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
  virtualServices: readonly NamedVirtualService[];
}

/** Protocols that are HTTP in plaintext, in capitals. */
export const HTTP_PROTOCOLS: ReadonlySet<string> = new Set(['HTTP', 'HTTP2', 'GRPC']);

/** Reads a port; a text says what isn't judged. */
export function readGatewayPort(
  objects: readonly PolicyObject[],
  workload: GatewayWorkload,
  port: number,
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
  return { port, labels: workload.labels, namespace: workload.namespace, http, https, virtualServices };
}

function readVirtualServices(
  objects: readonly PolicyObject[],
  workload: GatewayWorkload,
): NamedVirtualService[] | string {
  const found: (NamedVirtualService & { created: string })[] = [];
  for (const object of networkingObjects(objects, 'VirtualService')) {
    // The mesh's own routes are its sidecars' to read, and may say what isn't read here.
    if (!namesGateway(object)) continue;
    const spec = read(virtualServiceSpecSchema, object);
    if (typeof spec === 'string') return spec;
    const { name, namespace, creationTimestamp } = object.metadata;
    const seen = spec.exportTo.some(
      (to) => to === '*' || to === workload.namespace || (to === '.' && namespace === workload.namespace),
    );
    const gateways = spec.gateways.map((gateway) => qualified(gateway, namespace));
    if (seen)
      found.push({
        name,
        namespace,
        gateways,
        spec: { ...spec, http: spec.http.map((route) => completed(route, namespace)) },
        created: creationTimestamp ?? '',
      });
  }
  const order = (one: (typeof found)[number]) => `${one.created}\0${one.name}.${one.namespace}`;
  return found.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** Short names are services of the object's own namespace. */
function completed(route: VirtualRoute, namespace: string): VirtualRoute {
  if (route.route === undefined) return route;
  const destinations = route.route.map((one) => ({
    ...one,
    destination: { ...one.destination, host: completeHost(one.destination.host, namespace) },
  }));
  return { ...route, route: destinations };
}

function namesGateway({ written, spec }: PolicyObject): boolean {
  const { gateways } = (written ?? spec) as { gateways?: unknown };
  return Array.isArray(gateways) && gateways.some((gateway) => gateway !== 'mesh');
}

/** `mesh` stays; a bare name is one of the object's own namespace. */
export function qualified(gateway: string, namespace: string): string {
  return gateway === 'mesh' || gateway.includes('/') ? gateway : `${namespace}/${gateway}`;
}

/** Objects of a kind of Istio's networking group. */
export function networkingObjects(objects: readonly PolicyObject[], kind: string): PolicyObject[] {
  return objects.filter((one) => one.kind === kind && one.apiVersion.startsWith('networking.istio.io/'));
}

/** As written: a route's own schema has filled in what a gateway's must see missing. */
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
  const gateway = `${workload.namespace}/any`;
  const server: GatewayServer = {
    port: { number: port, name: 'any', protocol: tls ? 'HTTPS' : 'HTTP' },
    hosts: ['*'],
    ...(tls ? { tls: { mode: 'ISTIO_MUTUAL', httpsRedirect: false, subjectAltNames: [] } } : {}),
  };
  const spec = { hosts: ['*'], gateways: [gateway], http: [{ match: [], route: [] }], exportTo: ['*'] };
  return {
    port,
    labels: workload.labels,
    namespace: workload.namespace,
    http: tls ? [] : [{ gateway, server }],
    https: tls ? [{ gateway, server }] : [],
    virtualServices: [{ name: 'any', namespace: workload.namespace, gateways: [gateway], spec }],
  };
}
