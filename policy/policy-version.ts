/**
 * A set of policies as one thing to be asked about a request: compiled once for each port of each workload that is
 * asked about. What was learnt on the wire (who connected how, which token was good) is taken as given.
 */
import type { Decision } from '../model/decision.ts';
import type { MeshConfig } from '../model/mesh.ts';
import type { PolicyObject } from '../model/policy-object.ts';
import type { RequestFacts } from '../model/request-facts.ts';
import type { PeerMode } from '../wire/filter-chain.ts';
import { normalizePath } from '../wire/path-normalization.ts';
import { compilePolicies, type PolicyConfig, type PolicyPort } from './compile.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { decide } from './decide.ts';
import { mtlsModeOf, mtlsModes } from './peer-authentication.ts';
import type { PolicyTarget } from './scope.ts';
import type { TokenFacts } from './tokens/token-facts.ts';

/** Policies with the configuration they are judged under: before a change, or after it. */
export interface PolicyVersion {
  objects: readonly PolicyObject[];
  config: PolicyConfig & Pick<MeshConfig, 'pathNormalization'>;
}

/** A request to one port of one workload, as its sidecar saw it. `facts.claims`: those of the token that was good. */
export interface AskedRequest {
  target: PolicyTarget;
  port: PolicyPort;
  facts: RequestFacts;
}

/** The judge of a version; ask it about many requests. */
export function judgeOf({ objects, config }: PolicyVersion): (request: AskedRequest) => Decision {
  const compiled = new Map<string, { mode: PeerMode; policy: CompiledPolicy }>();
  return ({ target, port, facts }) => {
    const { namespace, serviceAccount, labels } = target;
    const key = JSON.stringify([
      namespace,
      serviceAccount,
      Object.entries(labels).sort(),
      port.port,
      port.protocol,
    ]);
    let found = compiled.get(key);
    if (!found) {
      const policy = compilePolicies(objects, target, port, config);
      found = { mode: mtlsModeOf(mtlsModes(objects, target, config), port.port), policy };
      compiled.set(key, found);
    }
    return judge(found.mode, found.policy, facts, config);
  };
}

function judge(
  mode: PeerMode,
  policy: CompiledPolicy,
  seen: RequestFacts,
  config: PolicyVersion['config'],
): Decision {
  if (mode === 'STRICT' && !seen.connection.mtls) {
    const decision = {
      verdict: 'deny',
      phase: 'mtls',
      reason: 'plaintext-on-strict',
      matched: null,
    } as const;
    return { ...decision, details: 'filter_chain_not_found' };
  }
  const facts = mode === 'DISABLE' ? withoutIdentity(seen) : seen;
  const { http } = facts;
  if (http === null) return decide(policy, facts);
  if (!http.rawPath.startsWith('/')) return decide(policy, facts, tokensOf(facts));
  const normalized = normalizePath(http.rawPath, config.pathNormalization);
  if (normalized.kind === 'refused') {
    const { status, details } = normalized;
    return {
      verdict: 'deny',
      phase: 'normalization',
      reason: 'normalization-failed',
      matched: null,
      status: http.protocol === 'grpc' ? 200 : status,
      details,
    };
  }
  const asSeen = { ...facts, http: { ...http, path: normalized.path } };
  return decide(policy, asSeen, tokensOf(asSeen));
}

/** Where mutual TLS is off, callers' sidecars speak plaintext. */
function withoutIdentity(facts: RequestFacts): RequestFacts {
  const { otherPrincipals: _none, ...connection } = facts.connection;
  return { ...facts, connection: { ...connection, principal: null, mtls: false } };
}

/** The tokens of a request whose good one is known, or that had none. */
function tokensOf({ http, claims }: RequestFacts): TokenFacts | undefined {
  if (http === null) return undefined;
  const { path, headers } = http;
  return {
    refusal: null,
    claims: (claims ?? null) as TokenFacts['claims'],
    path,
    headers,
    tried: [],
    preflight: false,
  };
}
