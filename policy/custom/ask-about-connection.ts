/**
 * The CUSTOM phase of a connection that isn't HTTP, at its first byte: only who talks to whom can be asked about, and
 * only an answer of yes or no counts (observed on Envoy 1.40).
 */
import type { Decision, Finding, RuleRef } from '../../model/decision.ts';
import type { RequestFacts } from '../../model/request-facts.ts';
import type { CompiledPolicy } from '../compiled-policy.ts';
import { firstMatch } from '../index/first-match.ts';
import { asksNobody, badProvider } from './custom-step.ts';
import type { AuthorizerProvider } from './providers.ts';

/** Asks a gRPC authorizer; never rejects. */
export type AuthorizeConnection = (provider: AuthorizerProvider) => Promise<'allowed' | 'denied' | 'failed'>;

/** Whom to ask, or what the phase decides without: null = the connection goes on. */
export type ConnectionQuestion =
  | { ask: AuthorizerProvider; rule: Decision['matched'] }
  | { ask: null; decision: Decision | null; findings: readonly Finding[] };

/** The phase's first step. */
export function asksAboutConnection(policy: CompiledPolicy, facts: RequestFacts): ConnectionQuestion {
  const { custom } = policy;
  const rule = custom === null ? undefined : firstMatch(custom, facts);
  if (custom === null || !rule) return { ask: null, decision: null, findings: [] };
  if (custom.provider === null) return { ask: null, decision: badProvider(rule, facts), findings: [] };
  if (asksNobody(custom.provider, facts))
    return { ask: null, decision: null, findings: [unasked(rule.ref, custom.provider)] };
  return { ask: custom.provider, rule: rule.ref };
}

function unasked({ namespace, name }: RuleRef, provider: AuthorizerProvider): Finding {
  return {
    code: 'istio-allows',
    message: `CUSTOM policy ${namespace}/${name} matches, and nobody is asked: ${provider.name} speaks HTTP, and Istio asks such an authorizer about HTTP only.`,
    remedy: 'Take a provider with envoyExtAuthzGrpc, or name the port by its protocol if it speaks HTTP.',
  };
}

/** The denial, or null: the connection goes on to the next phase. */
export async function askAboutConnection(
  provider: AuthorizerProvider,
  rule: Decision['matched'],
  authorize: AuthorizeConnection,
): Promise<Decision | null> {
  const answer = await authorize(provider);
  if (answer === 'allowed' || (answer === 'failed' && provider.failOpen)) return null;
  const failed = answer === 'failed';
  return {
    verdict: 'deny',
    phase: 'custom',
    reason: failed ? 'authorizer-failed' : 'authorizer-denied',
    matched: rule,
    details: failed ? 'ext_authz_error' : 'ext_authz_denied',
  };
}
