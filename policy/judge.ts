/**
 * Plays one case of a DecisionSuite: policy unit tests, judged purely. What isn't judged yet differs by name; it is
 * never taken as agreement.
 */
import type { Decision, Explanation } from '../model/decision.ts';
import type { DecisionCase } from '../model/decision-suite.ts';
import type { MeshConfig } from '../model/mesh.ts';
import type { PolicyObject } from '../model/policy-object.ts';
import { compareCase } from './compare-case.ts';
import { compilePolicies } from './compile.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { explain } from './explain.ts';
import { openGateway, readGatewayPort } from './gateway/read-gateway.ts';
import { judgeAtGateway } from './judge-gateway.ts';
import type { Askable, Judged } from './decide-http.ts';
import { judgeRequest } from './judge-request.ts';
import { callerOf, calledIp, sentRequest, targetOf } from './suite-case.ts';
import { mtlsModeOf, mtlsModes, mtlsRuleAt } from './peer-authentication.ts';

/** A case with our verdict and every difference from what it expects. */
export interface CaseResult {
  id: string;
  agrees: boolean;
  /** `details: wanted …, got …`. */
  differences: string[];
  decision: Decision;
  explanation: Explanation;
}

/** What the cases of one suite share. */
export interface SuiteWorld {
  objects: readonly PolicyObject[];
  config: Pick<
    MeshConfig,
    | 'rootNamespace'
    | 'trustDomain'
    | 'trustDomainAliases'
    | 'pathNormalization'
    | 'numTrustedProxies'
    | 'extensionProviders'
  >;
}

/** Judges one case and compares. */
export async function judgeCase(
  world: SuiteWorld,
  one: DecisionCase,
  askable: Askable = {},
): Promise<CaseResult> {
  const { to, request } = one;
  const target = targetOf(one);
  const policyOf = (protocol: string): CompiledPolicy =>
    compilePolicies(world.objects, target, { port: to.port, protocol }, world.config);
  const policy = policyOf(request.protocol);
  const play = to.kind === 'gateway' ? playAtGateway : playAtSidecar;
  const unsupported = unsupportedPart(one, world.objects);
  const judged = await play(world, one, { policy, policyOf }, unsupported === null ? askable : {});
  if (unsupported !== null) judged.decision = notSupported(unsupported);
  const { decision, facts, tokens } = judged;
  const differences = compareCase(one.expect, judged);
  return {
    id: one.id,
    agrees: differences.length === 0,
    differences,
    decision,
    explanation: explain(facts.http === null ? policyOf('tcp') : policy, facts, decision, tokens),
  };
}

/** Of a case's target and port. */
interface CasePolicies {
  /** Of what its request speaks. */
  policy: CompiledPolicy;
  policyOf(protocol: string): CompiledPolicy;
}

async function playAtSidecar(
  { objects, config }: SuiteWorld,
  one: DecisionCase,
  { policy }: CasePolicies,
  askable: Askable,
): Promise<Judged> {
  const { to } = one;
  const target = targetOf(one);
  const mode = mtlsModeOf(mtlsModes(objects, target, config), to.port);
  const modeBy = mtlsRuleAt(objects, target, config, to.port);
  const called = { ip: calledIp(one), port: to.port, mode, modeBy, policy };
  return judgeRequest(callerOf(one), called, sentRequest(one), config, askable);
}

async function playAtGateway(
  { objects, config }: SuiteWorld,
  one: DecisionCase,
  { policy, policyOf }: CasePolicies,
  askable: Askable,
): Promise<Judged> {
  const { to } = one;
  const caller = callerOf(one);
  const request = sentRequest(one);
  const workload = { namespace: to.namespace, labels: to.labels ?? {} };
  const at = objects.some(({ kind }) => kind === 'Gateway')
    ? readGatewayPort(objects, workload, to.port)
    : openGateway(workload, to.port, caller.tls !== 'plaintext');
  if (typeof at === 'string') {
    const judged = await playAtSidecar({ objects, config }, one, { policy, policyOf }, {});
    return { decision: notSupported(at), facts: judged.facts };
  }
  return judgeAtGateway(caller, { ip: calledIp(one), at, policyOf }, request, config, askable);
}

/** Kinds of Istio that have no part in what a sidecar lets in. */
const OUTBOUND_KINDS: ReadonlySet<string> = new Set([
  'VirtualService',
  'DestinationRule',
  'ServiceEntry',
  'Gateway',
  'WorkloadEntry',
  'WorkloadGroup',
  'Telemetry',
]);
const JUDGED_KINDS: ReadonlySet<string> = new Set([
  'AuthorizationPolicy',
  'PeerAuthentication',
  'RequestAuthentication',
]);

function unsupportedPart({ to }: DecisionCase, objects: readonly PolicyObject[]): string | null {
  if (to.kind !== undefined && to.kind !== 'sidecar' && to.kind !== 'gateway') return `to.kind ${to.kind}`;
  const unknown = objects.find(
    ({ apiVersion, kind }) =>
      apiVersion.includes('.istio.io/') && !JUDGED_KINDS.has(kind) && !OUTBOUND_KINDS.has(kind),
  );
  return unknown ? `kind ${unknown.kind}` : null;
}

function notSupported(what: string): Decision {
  return {
    verdict: 'deny',
    phase: 'codec',
    reason: 'not-supported-yet',
    matched: null,
    details: `not supported yet: ${what}`,
  };
}
