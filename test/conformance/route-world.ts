/** A RouteSuite as a data plane is told it: an instance a client, its routes with the recorder's endpoints in them. */
import type { RouteCase, RouteSuite } from '../../model/route-suite.ts';
import type { Cluster, CompiledRoutes } from '../../policy/routes/compiled-routes.ts';
import { compileRoutes } from '../../policy/routes/compile-routes.ts';
import type { InstanceSnapshot, Snapshot } from '../../proxy/snapshot.ts';
import { addressOf, worldOf } from '../support/route-suites.ts';
import type { Certificates } from './certificates.ts';
import type { RouteUpstream } from './route-upstream.ts';

export interface RouteStage {
  upstream: RouteUpstream;
  certificates: Certificates;
}

/** Nothing listens there. */
const NOBODY = { host: '127.0.0.1', port: 1 };
const CLIENT_IP = '10.255.0.1';
const PASSTHROUGH = 'PassthroughCluster';

export function clientOf({ from }: RouteCase): string {
  return `${from.namespace}/${JSON.stringify(from.labels)}`;
}

export function listenerKey(suite: RouteSuite, one: RouteCase): string {
  return `${addressOf(suite, one)}:${one.to.port}`;
}

export async function routeSnapshot(
  version: number,
  suite: RouteSuite,
  stage: RouteStage,
): Promise<Snapshot> {
  const { mesh, cases } = suite.suite.spec;
  const clients = Map.groupBy(cases, clientOf);
  const world = worldOf(suite);
  const routes: Record<string, CompiledRoutes> = {};
  const instances: InstanceSnapshot[] = [];
  for (const [id, own] of clients) {
    const { from } = own[0] as RouteCase;
    routes[id] = await played(compileRoutes(world, from), suite, stage);
    instances.push(await clientInstance(id, own, suite, stage));
  }
  const standIns: Record<string, { host: string; port: number }> = {};
  const certificate = await stage.certificates.of(
    `spiffe://${mesh.trustDomain}/ns/external/sa/server`,
    'valid',
  );
  for (const one of cases)
    standIns[listenerKey(suite, one)] = await stage.upstream.address(
      { cluster: PASSTHROUGH, ip: '' },
      certificate,
    );
  return {
    version,
    clockOffsetMs: 0,
    trustDomain: mesh.trustDomain,
    trustDomainAliases: [],
    trustBundlePem: [stage.certificates.rootPem],
    publicRootsPem: [stage.certificates.rootPem],
    gateProfile: 'istio',
    pathNormalization: 'BASE',
    outboundTrafficPolicy: mesh.outboundTrafficPolicy,
    instances,
    services: [],
    routes,
    standIns,
  };
}

async function clientInstance(
  id: string,
  cases: readonly RouteCase[],
  suite: RouteSuite,
  { certificates }: RouteStage,
): Promise<InstanceSnapshot> {
  const { namespace } = (cases[0] as RouteCase).from;
  const spiffeId = `spiffe://${suite.suite.spec.mesh.trustDomain}/ns/${namespace}/sa/client`;
  const { chainPem, keyPem } = await certificates.of(spiffeId, 'valid');
  const listen = { host: '127.0.0.1', port: 0 };
  const aims = new Map(
    cases.map((one) => [listenerKey(suite, one), { ip: addressOf(suite, one), port: one.to.port }]),
  );
  return {
    id,
    workload: 'client',
    namespace,
    spiffeId,
    podIp: CLIENT_IP,
    credentials: { certificateChainPem: chainPem, privateKeyPem: keyPem },
    inbound: [],
    outbound: [...aims.values()].map((aim) => ({ kind: 'address', listen, ...aim })),
    routes: id,
    allowedOutboundPeers: [],
  };
}

/** Every endpoint at its recorder. */
async function played(
  compiled: CompiledRoutes,
  suite: RouteSuite,
  stage: RouteStage,
): Promise<CompiledRoutes> {
  const down = new Set(
    suite.suite.spec.services.flatMap(({ endpoints }) =>
      endpoints.filter((one) => one.down).map(({ ip }) => ip),
    ),
  );
  const { trustDomain } = suite.suite.spec.mesh;
  for (const cluster of Object.values(compiled.clusters)) {
    const certificate = await stage.certificates.of(serverIdentity(cluster, trustDomain), 'valid');
    for (const endpoint of cluster.endpoints)
      endpoint.standIn = down.has(endpoint.host)
        ? NOBODY
        : await stage.upstream.address({ cluster: cluster.name, ip: endpoint.host }, certificate);
    if (cluster.discovery === 'original-destination')
      cluster.standIn = await stage.upstream.address({ cluster: cluster.name, ip: '' }, certificate);
  }
  return compiled;
}

/** A service's pods run under an account of its name. */
function serverIdentity({ host }: Cluster, trustDomain: string): string {
  const [name = '', namespace = '', ...rest] = host.split('.');
  return rest.join('.') === 'svc.cluster.local'
    ? `spiffe://${trustDomain}/ns/${namespace}/sa/${name}`
    : `spiffe://${trustDomain}/ns/external/sa/server`;
}
