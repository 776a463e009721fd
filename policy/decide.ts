/**
 * A compiled policy and a request → the verdict that Envoy's RBAC filters give. Synchronous; says nothing of why
 * beyond the rule (explain.ts does).
 */
import type { Decision } from '../model/decision.ts';
import type { RequestFacts } from '../model/request-facts.ts';
import type { CompiledAction, CompiledPolicy, CompiledRule } from './compiled-policy.ts';
import { denyUnasked } from './custom/custom-step.ts';
import { firstMatch } from './index/first-match.ts';
import { decideTokens } from './tokens/decide-tokens.ts';
import { afterTokens, type TokenFacts } from './tokens/token-facts.ts';
import { unsendable } from './tokens/unsendable.ts';

/** How the first rule of an action that matches is found, in Envoy's order. */
export type FindRule = (action: CompiledAction, facts: RequestFacts) => CompiledRule | null;

/** Envoy's words, whatever the reason: why it was denied is nobody's business but the event's. */
const DENIED_BODY = 'RBAC: access denied';

/**
 * Order of Envoy's filters: CUSTOM, tokens, DENY, then ALLOW. AUDIT and dry runs never decide. Whoever can ask an
 * authorizer does so before (custom/ask-authorizer.ts); here what it would have to be asked about is denied. Where a
 * RequestAuthentication applies, `tokens` is what `authenticate` made of the request; without it nothing passes.
 */
export function decide(policy: CompiledPolicy, asSent: RequestFacts, tokens?: TokenFacts): Decision {
  return decideWith(firstMatch, policy, asSent, tokens);
}

/** As `decide`, with another way to find rules: the reference in `decide-naive.ts` tries one after the other. */
export function decideWith(
  find: FindRule,
  policy: CompiledPolicy,
  asSent: RequestFacts,
  tokens?: TokenFacts,
): Decision {
  if (policy.invalid !== null) return invalidPolicy(asSent);
  const unasked = denyUnasked(policy, asSent);
  if (unasked !== null) return unasked;
  const refused = decideTokens(policy.jwt, asSent, tokens);
  if (refused !== null) return refused;
  const facts = tokens === undefined ? asSent : afterTokens(asSent, tokens);
  const decision = authorize(find, policy, facts);
  if (decision.verdict === 'deny' || tokens === undefined) return decision;
  return unsendable(policy.jwt, asSent, tokens) ?? decision;
}

function authorize(find: FindRule, policy: CompiledPolicy, facts: RequestFacts): Decision {
  const denied = find(policy.deny, facts);
  if (denied) {
    const decision = { verdict: 'deny', phase: 'deny', reason: 'deny-matched', matched: denied.ref } as const;
    return { ...decision, ...answer(facts, denialDetails(denied)) };
  }
  if (policy.allow.policies.length === 0) {
    const reason = policy.deny.policies.length === 0 ? 'no-policy' : 'no-allow-policy';
    return { verdict: 'allow', phase: 'default', reason, matched: null };
  }
  const allowed = find(policy.allow, facts);
  if (allowed) return { verdict: 'allow', phase: 'allow', reason: 'allow-matched', matched: allowed.ref };
  const decision = { verdict: 'deny', phase: 'allow', reason: 'no-allow-matched', matched: null } as const;
  return { ...decision, ...answer(facts, 'rbac_access_denied_matched_policy[none]') };
}

function invalidPolicy(facts: RequestFacts): Decision {
  const decision = { verdict: 'deny', phase: 'deny', reason: 'policy-invalid', matched: null } as const;
  return { ...decision, ...answer(facts, 'greenroom_policy_invalid') };
}

function denialDetails(rule: CompiledRule): string {
  return `rbac_access_denied_matched_policy[${rule.name}]`;
}

/** TCP is closed without a word; gRPC has its status in a trailer, under HTTP 200. */
function answer(facts: RequestFacts, details: string): Pick<Decision, 'status' | 'body' | 'details'> {
  if (facts.http === null) return { details };
  if (facts.http.protocol === 'grpc') return { status: 200, body: '', details };
  return { status: 403, body: DENIED_BODY, details };
}
