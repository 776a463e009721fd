/**
 * The CUSTOM phase, the first one of policies: whether an authorizer must be asked about a request. Pure; whoever
 * can, asks. What nobody could ask about is denied, never passed.
 */
import type { Decision, RuleRef } from '../../model/decision.ts';
import type { RequestFacts } from '../../model/request-facts.ts';
import type { CompiledPolicy, CompiledRule } from '../compiled-policy.ts';
import { firstMatch } from '../index/first-match.ts';
import { type AuthorizationCheck, checkFor } from './authorization-check.ts';
import type { AuthorizerProvider } from './providers.ts';

export type CustomStep =
  | { kind: 'passed' }
  | { kind: 'denied'; decision: Decision }
  | { kind: 'ask'; check: AuthorizationCheck; rule: RuleRef };

/** The first thing to do with a request at `policy`. */
export function customStep(policy: CompiledPolicy, facts: RequestFacts): CustomStep {
  const { custom } = policy;
  if (custom === null) return { kind: 'passed' };
  const rule = firstMatch(custom, facts);
  if (!rule) return { kind: 'passed' };
  if (custom.provider === null) return { kind: 'denied', decision: badProvider(rule, facts) };
  if (facts.http === null)
    return asksNobody(custom.provider, facts)
      ? { kind: 'passed' }
      : { kind: 'denied', decision: notAsked(rule.ref) };
  return { kind: 'ask', check: checkFor(custom.provider, facts.http), rule: rule.ref };
}

/** For whoever can't ask: a request that an authorizer would have to be asked about is denied. */
export function denyUnasked(policy: CompiledPolicy, facts: RequestFacts): Decision | null {
  const step = customStep(policy, facts);
  if (step.kind === 'passed') return null;
  if (step.kind === 'denied') return step.decision;
  const status = facts.http?.protocol === 'grpc' ? 200 : step.check.provider.statusOnError;
  return { ...notAsked(step.rule), status, body: '' };
}

/** Istio builds no filter at a TCP port for an authorizer that speaks HTTP: what its rules match just passes. */
export function asksNobody({ protocol }: AuthorizerProvider, { http }: RequestFacts): boolean {
  return http === null && protocol === 'http';
}

function notAsked(matched: RuleRef): Decision {
  return {
    verdict: 'deny',
    phase: 'custom',
    reason: 'authorizer-not-asked',
    matched,
    details: 'ext_authz_error',
  };
}

/** The denial by a rule whose provider istiod can't build. */
export function badProvider(rule: CompiledRule, { http }: RequestFacts): Decision {
  const details = `rbac_access_denied_matched_policy[${rule.name}]`;
  const decision = {
    verdict: 'deny',
    phase: 'custom',
    reason: 'custom-provider-bad',
    matched: rule.ref,
    details,
  } as const;
  if (http === null) return decision;
  const grpc = http.protocol === 'grpc';
  return { ...decision, status: grpc ? 200 : 403, body: grpc ? '' : 'RBAC: access denied' };
}
