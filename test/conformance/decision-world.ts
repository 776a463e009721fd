/**
 * A DecisionSuite as a mesh that runs: an instance for each target, its policies compiled for each port, published to
 * a real data plane with real certificates of one root.
 */
import type { KeySet } from '../../policy/tokens/key-set.ts';
import type { Suite } from '../../cli/read-suite.ts';
import type { DecisionCase } from '../../model/decision-suite.ts';
import { compilePolicies } from '../../policy/compile.ts';
import { mtlsModeOf, mtlsModes } from '../../policy/peer-authentication.ts';
import { calledIp, targetOf } from '../../policy/suite-case.ts';
import type { InboundPort, InstanceSnapshot, Snapshot } from '../../proxy/snapshot.ts';
import type { Certificates } from './certificates.ts';
import type { Recorder } from './recorder.ts';

/** The instance of the mesh that a case calls. */
export function instanceOf(one: DecisionCase): string {
  const { namespace, serviceAccount, labels } = targetOf(one);
  return JSON.stringify([namespace, serviceAccount, labels, calledIp(one)]);
}

/** The snapshot in which every case of `suite` finds its target. */
export async function snapshotOf(
  version: number,
  suite: Suite,
  behind: Recorder,
  certificates: Certificates,
): Promise<Snapshot> {
  const { config } = suite.world;
  const targets = Map.groupBy(suite.cases, instanceOf);
  const keySets: Record<string, KeySet | null> = { ...suite.keySets };
  return {
    version,
    clockOffsetMs: 0,
    trustDomain: config.trustDomain,
    trustDomainAliases: [...config.trustDomainAliases],
    trustBundlePem: [certificates.rootPem],
    gateProfile: 'istio',
    pathNormalization: config.pathNormalization,
    outboundTrafficPolicy: 'REGISTRY_ONLY',
    keySets,
    instances: await Promise.all(
      [...targets].map(([id, cases]) => instance(id, cases, suite, behind, certificates)),
    ),
    services: [],
  };
}

async function instance(
  id: string,
  cases: readonly DecisionCase[],
  suite: Suite,
  behind: Recorder,
  certificates: Certificates,
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
    policy: compilePolicies(world.objects, target, { port, protocol }, world.config),
  };
}
