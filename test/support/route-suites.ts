/** RouteSuites for tests: a suite's services, clients and requests in the terms of policy/routes. */
import { readFileSync } from 'node:fs';
import {
  parseRouteSuite,
  type RouteCase,
  type RouteSuite,
  type RouteSuiteService,
} from '../../model/route-suite.ts';
import { portProtocol } from '../../model/port-protocol.ts';
import { formatProblem } from '../../model/problem.ts';
import { routingWorld, type RoutingWorld } from '../../policy/routes/compile-routes.ts';
import { kubernetesService, type RouteService } from '../../policy/routes/route-services.ts';

export function readRouteSuite(file: string): RouteSuite {
  const { value, problems } = parseRouteSuite(readFileSync(file, 'utf8'), file);
  if (value === null) throw new Error(problems.map(formatProblem).join('\n'));
  return value;
}

/** The objects and services of a suite. */
export function worldOf({ suite, policies }: RouteSuite): RoutingWorld {
  const { mesh, services } = suite.spec;
  const { rootNamespace, outboundTrafficPolicy } = mesh;
  return routingWorld(
    policies,
    services.map((service) => serviceOf(service, mesh.trustDomain)),
    { rootNamespace, outboundTrafficPolicy, grpcRoutes: 'ignored' },
  );
}

/** A service's pods run under an account of its name. */
function serviceOf(service: RouteSuiteService, trustDomain: string): RouteService {
  const { host, namespace, ip, ports, endpoints, exportTo } = service;
  const name = host.split('.', 1)[0] ?? '';
  const plain = kubernetesService({
    host,
    namespace,
    addresses: [ip],
    ports: ports.map((port) => ({
      name: port.name,
      port: port.port,
      targetPort: port.targetPort ?? port.port,
      protocol: protocolOf(port),
    })),
    subjectAltNames: [`spiffe://${trustDomain}/ns/${namespace}/sa/${name}`],
    endpoints: endpoints.map(({ ip: address, labels }) => ({
      address,
      ports: {},
      labels,
      weight: 1,
      meshed: labels['security.istio.io/tlsMode'] === 'istio',
      instance: null,
    })),
  });
  return { ...plain, exportTo: exportTo === '' ? [] : exportTo.split(',') };
}

function protocolOf(port: { name: string; port: number }): RouteService['ports'][number]['protocol'] {
  const declared = portProtocol(port);
  if (declared.kind === 'unsupported') throw new Error(`port ${port.name}`);
  return declared.protocol;
}

/** The address that a case's client connects to. */
export function addressOf({ suite }: RouteSuite, { to }: RouteCase): string {
  if (to.ip !== undefined) return to.ip;
  return suite.spec.services.find(({ host }) => host === to.host)?.ip ?? '203.0.113.9';
}

/** A case's own fields, names lower-case, as its client sends them. */
export function sentHeaders({ request }: RouteCase): [string, string][] {
  const fields = Object.keys(request.headers)
    .toSorted()
    .flatMap((name) =>
      (request.headers[name] ?? []).map((value): [string, string] => [name.toLowerCase(), value]),
    );
  if (request.protocol === 'grpc') fields.push(['content-type', 'application/grpc'], ['te', 'trailers']);
  return fields;
}
