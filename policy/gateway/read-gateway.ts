/**
 * The Gateway and VirtualService objects that a gateway workload serves, at one of its ports. What can't be read is
 * named, and nothing passes there.
 */
import type { z } from 'zod';
import { gatewaySpecSchema, type GatewayServer } from '../../model/istio/gateway-routing.ts';
import { virtualServiceSchema, type VirtualServiceObjectSpec } from '../../model/istio/virtual-service.ts';
import type { PolicyObject } from '../../model/policy-object.ts';
import type { TcpChain } from '../routes/compiled-routes.ts';
import type { RoutingWorld } from '../routes/compile-routes.ts';
import { routeProblems } from '../routes/route-problems.ts';
import { byAge, type RoutingObject } from '../routes/routing-objects.ts';
import {
  type AttachedVirtualService,
  gatewayVirtualServices,
  isExportedTo,
} from '../routes/virtual-services.ts';
import { apiGateways, listenersOf, NAMESPACE_NAME } from './gateway-api-listeners.ts';
import { apiServices } from './gateway-api-services.ts';
import { nameWithTwoChains } from './gateway-connection.ts';
import { chainOfServer, passedOnBy } from './gateway-chains.ts';
import { type DestinationFacts, destinationFacts, NO_FACTS } from './gateway-destinations.ts';
import { ownNamespace } from './server-hosts.ts';
import { isTls, kindOfPort, serverKind, type ServerKind } from './server-kind.ts';

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

/** A server whose bytes nobody reads. */
export interface ByteServer extends PortServer {
  /** Where they go. */
  chain: TcpChain;
}

/** What is served at a port: HTTP in plaintext, or one server of plain bytes, or whatever TLS has. */
export interface GatewayPort {
  port: number;
  labels: Readonly<Record<string, string>>;
  namespace: string;
  /** HTTP servers share their routes. */
  http: readonly PortServer[];
  /** TLS is ended and HTTP spoken: each by its server names, with routes of its own. */
  https: readonly PortServer[];
  /** TLS is ended and the bytes passed on. */
  tls: readonly ByteServer[];
  /** TLS is passed on as it comes, by the server names of its ClientHello. */
  passthrough: readonly TcpChain[];
  /** Plain bytes. */
  tcp: ByteServer | null;
  /** Oldest first; only those that this workload sees. */
  virtualServices: readonly AttachedVirtualService[];
  /** What is known of the services that routes lead to. */
  destinations: DestinationFacts;
}

/** Reads a port; a text says what isn't judged. `world`: the services that routes may lead to; null = none are known. */
export function readGatewayPort(
  objects: readonly PolicyObject[],
  workload: GatewayWorkload,
  port: number,
  world: RoutingWorld | null = null,
): GatewayPort | string {
  const servers = readServers(objects, workload, port);
  if (typeof servers === 'string') return servers;
  const virtualServices = readVirtualServices(objects, workload);
  if (typeof virtualServices === 'string') return virtualServices;
  const destinations = world === null ? NO_FACTS : destinationFacts(virtualServices, workload, world);
  const sources = { virtualServices, destinations };
  const of = (kind: ServerKind): PortServer[] => servers.filter(({ server }) => serverKind(server) === kind);
  const withChain = (served: PortServer): ByteServer[] => {
    const chain = chainOfServer(served, sources);
    return chain === null ? [] : [{ ...served, chain }];
  };
  const names = new Set<string>();
  const at: GatewayPort = {
    port,
    labels: workload.labels,
    namespace: workload.namespace,
    http: of('http'),
    https: of('https'),
    tls: of('tls').flatMap(withChain),
    passthrough: of('passthrough').flatMap((served) => passedOnBy(served, sources, names)),
    tcp: of('tcp').flatMap(withChain)[0] ?? null,
    virtualServices,
    destinations,
  };
  const twice = nameWithTwoChains(at);
  return twice === null ? at : `server name ${twice} has two chains at port ${port}, which Envoy refuses`;
}

/** Those of the port, of the Gateways that select the workload, without the ones that Istio drops. */
function readServers(
  objects: readonly PolicyObject[],
  workload: GatewayWorkload,
  port: number,
): PortServer[] | string {
  const found: PortServer[] = [];
  const hosts = new Set<string>();
  for (const object of networkingObjects(objects, 'Gateway')) {
    const spec = read(gatewaySpecSchema, object);
    if (typeof spec === 'string') return spec;
    const { name, namespace } = object.metadata;
    if (!selectsGateway(spec.selector, workload)) continue;
    for (const written of spec.servers.filter((one) => one.port.number === port)) {
      const server = { ...written, hosts: written.hosts.map((host) => ownNamespace(host, namespace)) };
      const kind = serverKind(server);
      if (kind === null) return `a server of Gateway ${name} with ${whatItIs(server)}`;
      if (isTls(kind)) {
        // Istio drops a server with a name that another has.
        if (server.hosts.some((host) => hosts.has(host))) continue;
        for (const host of server.hosts) hosts.add(host);
      }
      found.push({ gateway: `${namespace}/${name}`, server });
    }
  }
  const kinds = new Set(found.map(({ server }) => kindOfPort(server)));
  if (kinds.size > 1) return `${[...kinds].join(' and ')} servers at one port, ${port}`;
  if (kinds.has('TCP') && found.length > 1) return `two TCP servers at one port, ${port}`;
  return found;
}

function whatItIs({ port, tls }: GatewayServer): string {
  return `protocol ${port.protocol}${tls === undefined ? '' : ` and tls.mode ${tls.mode}`}`;
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
  return [...gatewayVirtualServices(found), ...apiServices(objects)]
    .filter((service) => isExportedTo(service, workload.namespace))
    .toSorted(byAge);
}

/** Objects of a kind of Istio's networking group; among Gateways those that listeners of the Gateway API are. */
export function networkingObjects(
  objects: readonly PolicyObject[],
  kind: 'Gateway' | 'VirtualService',
): PolicyObject[] {
  const own = objects.filter((one) => one.kind === kind && one.apiVersion.startsWith('networking.istio.io/'));
  return kind === 'Gateway' ? [...own, ...apiGateways(objects).flatMap(listenersOf)] : own;
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
  { namespace, labels }: GatewayWorkload,
): boolean {
  return Object.entries(selector).every(([key, value]) =>
    key === NAMESPACE_NAME ? namespace === value : labels[key] === value,
  );
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
    tls: [],
    passthrough: [],
    tcp: null,
    virtualServices,
    destinations: NO_FACTS,
  };
}
