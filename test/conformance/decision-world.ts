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
import { calledIp, targetOf } from '../../policy/suite-case.ts';
import type { InboundPort, InstanceSnapshot, Snapshot } from '../../proxy/snapshot.ts';
import { compileString } from '../../policy/value-match.ts';
import type { Authorizer } from './authorizer.ts';
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
  return JSON.stringify([namespace, serviceAccount, labels, calledIp(one)]);
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
    externalHosts: authorizers(suite, around.authorizer),
    instances: await Promise.all([...targets].map(([id, cases]) => instance(id, cases, suite, around))),
    services: [],
  };
}

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
  const ports = new Map(cases.map((one) => [one.to.port, one]));
  return {
    id,
    workload: id,
    namespace,
    spiffeId,
    podIp: calledIp(first),
    credentials: { certificateChainPem: own.chainPem, privateKeyPem: own.keyPem },
    inbound: [...ports.values()].map((one) => inboundPort(one, suite, behind)),
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
  return { ...policy, custom: { ...custom, provider: { ...custom.provider, requestHeaders } } };
}
