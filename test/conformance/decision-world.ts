/**
 * A DecisionSuite as a mesh that runs: an instance for each target, its policies compiled for each port, published to
 * a real data plane with real certificates of one root.
 */
import type { Suite } from '../../cli/read-suite.ts';
import type { DecisionCase } from '../../model/decision-suite.ts';
import { compilePolicies } from '../../policy/compile.ts';
import type { CompiledPolicy } from '../../policy/compiled-policy.ts';
import { registryHosts } from '../../policy/custom/compile-custom.ts';
import { mtlsModeOf, mtlsModes } from '../../policy/peer-authentication.ts';
import { type GatewayPort, openGateway, readGatewayPort } from '../../policy/gateway/read-gateway.ts';
import { virtualHosts } from '../../policy/gateway/virtual-hosts.ts';
import { calledIp, callerOf, targetOf } from '../../policy/suite-case.ts';
import { passthroughCluster } from '../../proxy/routing/original-destination.ts';
import type { GatewayPortSnapshot, InboundPort, InstanceSnapshot, Snapshot } from '../../proxy/snapshot.ts';
import type { Cluster, CompiledRoutes } from '../../policy/routes/compiled-routes.ts';
import { compileString } from '../../policy/value-match.ts';
import { type Authorizer, STRETCH } from './authorizer.ts';
import type { Certificates } from './certificates.ts';
import { CASE_HEADER, type Recorder } from './recorder.ts';

/** What stands around the mesh. */
export interface Surroundings {
  behind: Recorder;
  authorizer: Authorizer;
  certificates: Certificates;
}

/** The instance of the mesh that a case calls. */
export function instanceOf(one: DecisionCase): string {
  const { namespace, serviceAccount, labels } = targetOf(one);
  const gateway = one.to.kind === 'gateway' ? opensWith(one) : null;
  return JSON.stringify([namespace, serviceAccount, labels, calledIp(one), gateway]);
}

/** A suite without Gateway objects has one of each kind. */
function opensWith(one: DecisionCase): 'tls' | 'plaintext' {
  return callerOf(one).tls === 'plaintext' ? 'plaintext' : 'tls';
}

/** The snapshot in which every case of `suite` finds its target. */
export async function snapshotOf(version: number, suite: Suite, around: Surroundings): Promise<Snapshot> {
  const { config } = suite.world;
  const targets = Map.groupBy(suite.cases, instanceOf);
  return {
    version,
    clockOffsetMs: 0,
    trustDomain: config.trustDomain,
    trustDomainAliases: [...config.trustDomainAliases],
    trustBundlePem: [around.certificates.rootPem],
    gateProfile: 'istio',
    pathNormalization: config.pathNormalization,
    outboundTrafficPolicy: 'REGISTRY_ONLY',
    keySets: suite.keySets,
    numTrustedProxies: config.numTrustedProxies,
    externalHosts: authorizers(suite, around.authorizer),
    instances: await Promise.all([...targets].map(([id, cases]) => instance(id, cases, suite, around))),
    services: [],
    routes: { [GATEWAYS]: waysOfGateways(suite, around.behind) },
  };
}

/** Key of what gateways know about the ways out. */
const GATEWAYS = 'gateways';

async function instance(
  id: string,
  cases: readonly DecisionCase[],
  suite: Suite,
  { behind, certificates }: Surroundings,
): Promise<InstanceSnapshot> {
  const first = cases[0] as DecisionCase;
  const { namespace, serviceAccount } = targetOf(first);
  const spiffeId = `spiffe://${suite.world.config.trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
  const own = await certificates.of(spiffeId, 'valid');
  const gateway = first.to.kind === 'gateway';
  const ports = new Map(cases.map((one) => [one.to.port, one]));
  return {
    id,
    workload: id,
    namespace,
    spiffeId,
    podIp: calledIp(first),
    credentials: { certificateChainPem: own.chainPem, privateKeyPem: own.keyPem },
    inbound: gateway ? [] : [...ports.values()].map((one) => inboundPort(one, suite, behind)),
    ...(gateway
      ? { gateway: [...ports.values()].map((one) => gatewayPort(one, suite)), routes: GATEWAYS }
      : {}),
    serverCredentials: {
      cert: { certificateChainPem: own.chainPem, privateKeyPem: own.keyPem, clientRootsPem: 'mesh' },
    },
    outbound: [],
    allowedOutboundPeers: [],
  };
}

function inboundPort(one: DecisionCase, { world }: Suite, behind: Recorder): InboundPort {
  const target = targetOf(one);
  const { port } = one.to;
  const protocol = one.request.protocol === 'tcp' ? 'tcp' : 'http';
  return {
    port,
    protocol,
    mtls: mtlsModeOf(mtlsModes(world.objects, target, world.config), port),
    listen: { host: '127.0.0.1', port: 0 },
    upstream: protocol === 'tcp' ? behind.tcp : behind.http,
    policy: numbered(compilePolicies(world.objects, target, { port, protocol }, world.config)),
  };
}

function gatewayPort(one: DecisionCase, { world }: Suite): GatewayPortSnapshot {
  const target = targetOf(one);
  const { port } = one.to;
  const policyAt = (protocol: 'http' | 'tcp'): CompiledPolicy =>
    numbered(compilePolicies(world.objects, target, { port, protocol }, world.config));
  const [policy, tcpPolicy] = [policyAt('http'), policyAt('tcp')];
  return { at: gatewayAt(one, world), listen: { host: '127.0.0.1', port: 0 }, policy, tcpPolicy };
}

function gatewayAt(one: DecisionCase, { objects }: Suite['world']): GatewayPort {
  const workload = targetOf(one);
  if (!objects.some(({ kind }) => kind === 'Gateway'))
    return openGateway(workload, one.to.port, opensWith(one) === 'tls');
  const at = readGatewayPort(objects, workload, one.to.port);
  if (typeof at === 'string') throw new Error(`${one.id}: ${at}`);
  return at;
}

/** Wherever a gateway's routes lead: to the one recorder. */
function waysOfGateways({ cases, world }: Suite, recorder: Recorder): CompiledRoutes {
  const ports = cases.filter(({ to }) => to.kind === 'gateway').map((one) => gatewayAt(one, world));
  const hosts = ports.flatMap((at) =>
    [at.http, ...at.https.map((one) => [one])].flatMap((servers) => virtualHosts(at, servers)),
  );
  const actions = hosts.flatMap(({ routes }) =>
    routes.flatMap(({ action }) => (action.kind === 'forward' ? [action] : [])),
  );
  const names = actions.flatMap(({ destinations, mirrors }) =>
    [...destinations, ...mirrors].map(({ cluster }) => cluster),
  );
  const chains = ports.flatMap(({ tcp, tls, passthrough }) => [
    ...[...tls, ...(tcp === null ? [] : [tcp])].map(({ chain }) => chain),
    ...passthrough,
  ]);
  const ways = chains.flatMap(({ destinations }) => destinations.map(({ cluster }) => cluster));
  // What is said to one and the same cluster tells which recorder understands it.
  const bytes = cases.every(({ request }) => request.protocol === 'tcp');
  const behind = bytes ? recorder.tcp : recorder.http;
  const clusters = Object.fromEntries([...names, ...ways].map((name) => [name, clusterOf(name, behind)]));
  return { listeners: [], clusters, outboundTrafficPolicy: 'REGISTRY_ONLY' };
}

function clusterOf(name: string, standIn: { host: string; port: number }): Cluster {
  const endpoint = { host: ECHO, port: 80, weight: 1, meshed: false, instance: null, standIn };
  return {
    ...passthroughCluster('http1'),
    name,
    discovery: 'endpoints',
    balance: { kind: 'round-robin' },
    endpoints: [endpoint],
  };
}

const ECHO = 'echo.shop.svc.cluster.local';

/** Every host of the registry is the one authorizer, but those where nothing listens. */
function authorizers({ world }: Suite, authorizer: Authorizer): NonNullable<Snapshot['externalHosts']> {
  return registryHosts(world.objects).flatMap(({ host }) => [
    { host, port: 8000, address: host.startsWith('down.') ? NOBODY : authorizer.http },
    { host, port: 9000, address: host.startsWith('down.') ? NOBODY : authorizer.grpc },
  ]);
}

/** No process listens on tcpmux. */
const NOBODY = { host: '127.0.0.1', port: 1 };

/** An HTTP authorizer is told the case's number, too. */
function numbered(policy: CompiledPolicy): CompiledPolicy {
  const { custom } = policy;
  if (!custom?.provider) return policy;
  const requestHeaders = [...custom.provider.requestHeaders, compileString(CASE_HEADER)];
  const timeoutMs = custom.provider.timeoutMs * STRETCH;
  return { ...policy, custom: { ...custom, provider: { ...custom.provider, requestHeaders, timeoutMs } } };
}
