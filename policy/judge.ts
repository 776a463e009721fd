/**
 * Plays one case of a DecisionSuite: policy unit tests, judged purely. What isn't judged yet differs by name; it is
 * never taken as agreement.
 */
import type { Decision, Explanation } from '../model/decision.ts';
import type { DecisionCase } from '../model/decision-suite.ts';
import type { MeshConfig } from '../model/mesh.ts';
import type { PolicyObject } from '../model/policy-object.ts';
import type { HeaderList } from '../model/request-facts.ts';
import { unescapeUtf8 } from '../wire/path-normalization.ts';
import { compareCase } from './compare-case.ts';
import { compilePolicies } from './compile.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { explain } from './explain.ts';
import { openGateway, readGatewayPort } from './gateway/read-gateway.ts';
import { judgeAtGateway } from './judge-gateway.ts';
import type { Askable, Judged } from './decide-http.ts';
import { type CallingSide, judgeRequest } from './judge-request.ts';
import type { SentRequest } from './receive-request.ts';
import { mtlsModeOf, mtlsModes } from './peer-authentication.ts';

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
  const target = { namespace: to.namespace, serviceAccount: to.serviceAccount, labels: to.labels ?? {} };
  const policy = compilePolicies(
    world.objects,
    target,
    { port: to.port, protocol: request.protocol },
    world.config,
  );
  const play = to.kind === 'gateway' ? playAtGateway : playAtSidecar;
  const unsupported = unsupportedPart(one, world.objects);
  const judged = await play(world, one, policy, unsupported === null ? askable : {});
  if (unsupported !== null) judged.decision = notSupported(unsupported);
  const { decision, facts, tokens } = judged;
  const differences = compareCase(one.expect, judged);
  return {
    id: one.id,
    agrees: differences.length === 0,
    differences,
    decision,
    explanation: explain(policy, facts, decision, tokens),
  };
}

async function playAtSidecar(
  { objects, config }: SuiteWorld,
  one: DecisionCase,
  policy: CompiledPolicy,
  askable: Askable,
): Promise<Judged> {
  const { to } = one;
  const target = { namespace: to.namespace, serviceAccount: to.serviceAccount, labels: to.labels ?? {} };
  const mode = mtlsModeOf(mtlsModes(objects, target, config), to.port);
  const called = { ip: to.ip ?? '10.0.1.20', port: to.port, mode, policy };
  return judgeRequest(callerOf(one), called, sentRequest(one), config, askable);
}

async function playAtGateway(
  { objects, config }: SuiteWorld,
  one: DecisionCase,
  policy: CompiledPolicy,
  askable: Askable,
): Promise<Judged> {
  const { to } = one;
  const caller = callerOf(one);
  const request = sentRequest(one);
  const workload = { namespace: to.namespace, labels: to.labels ?? {} };
  const at = objects.some(({ kind }) => kind === 'Gateway')
    ? readGatewayPort(objects, workload, to.port)
    : openGateway(workload, to.port, caller.tls !== 'plaintext');
  if (typeof at === 'string' || request === null) {
    const decision = notSupported(typeof at === 'string' ? at : 'TCP at a gateway');
    const judged = await playAtSidecar({ objects, config }, one, policy, {});
    return { decision, facts: judged.facts };
  }
  return judgeAtGateway(caller, { ip: to.ip ?? '10.0.1.20', at, policy }, request, config, askable);
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

function callerOf({ from, request }: DecisionCase): CallingSide {
  const ip = from.ip ?? '10.0.7.7';
  if (from.principal === undefined && from.certificate === undefined) return { ip, tls: 'plaintext' };
  const alpn = offeredAlpn(from.alpn === 'plain', request.protocol);
  const sni = request.sni?.toLowerCase() ?? null;
  return { ip, tls: { alpn, sni, certificate: certificateOf(from) } };
}

function certificateOf(
  from: DecisionCase['from'],
): { kind: 'none' | 'refused' } | { kind: 'valid'; principal: string } {
  if (from.certificate === 'foreign-ca' || from.certificate === 'expired') return { kind: 'refused' };
  if (from.certificate === 'none' || from.principal === undefined) return { kind: 'none' };
  return { kind: 'valid', principal: from.principal };
}

/** What a sidecar offers, or any other TLS client. */
function offeredAlpn(plain: boolean, protocol: DecisionCase['request']['protocol']): string[] {
  if (protocol === 'tcp') return plain ? [] : ['istio-peer-exchange', 'istio'];
  const http = protocol === 'http' ? 'http/1.1' : 'h2';
  return plain ? [http] : [`istio-${http}`, 'istio', http];
}

function sentRequest({ request, to }: DecisionCase): SentRequest | null {
  if (request.protocol === 'tcp') return null;
  if (request.fields) return asFields(request.fields, request.protocol);
  const grpc: HeaderList = request.protocol === 'grpc' ? GRPC_HEADERS : [];
  return {
    protocol: request.protocol === 'http' ? 'http1' : request.protocol,
    method: request.method ?? 'GET',
    path: unescapeUtf8(request.path ?? '/'),
    host: request.host ?? to.serviceAccount,
    headers: [...grpc, ...sentHeaders(request, to.kind === 'gateway' ? undefined : request.remoteIp)],
  };
}

/** What every gRPC client sends. */
const GRPC_HEADERS: HeaderList = [
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
];

/** A header block as sent; what an explanation shows of it is what its first fields say. */
function asFields(
  fields: readonly (readonly [string, string])[],
  protocol: 'http' | 'http2' | 'grpc',
): SentRequest {
  const bytes = fields.map(([name, value]): [string, string] => [unescapeUtf8(name), unescapeUtf8(value)]);
  const first = (wanted: string) => bytes.find(([name]) => name === wanted)?.[1] ?? '';
  return {
    protocol: protocol === 'http' ? 'http2' : protocol,
    method: first(':method'),
    path: first(':path'),
    host: first(':authority'),
    headers: bytes.filter(([name]) => !name.startsWith(':')),
    fields: bytes,
  };
}

/** A gateway learns the client's address by itself; a sidecar is told `remoteIp`. */
function sentHeaders(request: DecisionCase['request'], remoteIp: string | undefined): HeaderList {
  const sent: [string, string][] = [];
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    for (const one of typeof value === 'string' ? [value] : value)
      sent.push([name.toLowerCase(), unescapeUtf8(one)]);
  }
  const has = (wanted: string) => sent.some(([name]) => name === wanted);
  if (request.token !== undefined && !has('authorization'))
    sent.push(['authorization', `Bearer ${request.token}`]);
  if (remoteIp !== undefined && !has('x-forwarded-for')) sent.push(['x-forwarded-for', remoteIp]);
  return sent;
}
