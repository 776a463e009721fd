/** The CUSTOM phase told: its entry in the trail, and the sentence for what ended there. */
import type { Decision, TrailEntry } from '../../model/decision.ts';
import type { RequestFacts } from '../../model/request-facts.ts';
import { ruleTrail, tryRule } from '../clause-trail.ts';
import type { CompiledPolicy } from '../compiled-policy.ts';
import { asksNobody } from './custom-step.ts';
import { ruleName } from '../wording.ts';

/** The entry of the phase; none where no CUSTOM policy applies. */
export function customEntry(policy: CompiledPolicy, facts: RequestFacts, decision: Decision): TrailEntry[] {
  const { custom } = policy;
  if (custom === null) return [];
  const tried = custom.rules.map((rule) => tryRule(rule, facts));
  const rules = tried.map((one) => ruleTrail(one, facts));
  const denied = decision.phase === 'custom' && decision.verdict === 'deny';
  if (denied) return [{ phase: 'custom', outcome: 'denied', note: customSentence(policy, decision), rules }];
  const hit = tried.find((one) => one.matched);
  const name = custom.provider?.name ?? 'nobody';
  const nobody = custom.provider !== null && asksNobody(custom.provider, facts);
  const note = hit
    ? `${ruleName(hit.rule.ref)} matches: ${nobody ? `${name} speaks HTTP, and Istio doesn’t ask it about TCP` : `${name} was asked and let it pass`}`
    : 'no CUSTOM rule matches, so nobody was asked: headers that the authorizer would set are the caller’s own';
  return [{ phase: 'custom', outcome: 'passed', note, rules }];
}

/** The sentence for a denial of the phase. */
export function customSentence(policy: CompiledPolicy, decision: Decision): string {
  const rule = decision.matched === null ? 'A CUSTOM policy' : `CUSTOM policy ${ruleName(decision.matched)}`;
  const { provider, fault } = policy.custom ?? { provider: null, fault: null };
  const who =
    provider === null ? 'its authorizer' : `${provider.name} (${provider.service}:${provider.port})`;
  switch (decision.reason) {
    case 'authorizer-denied':
      return decision.status === undefined
        ? `${rule} has ${who} asked, and it denied the connection.`
        : `${rule} has ${who} asked, and it denied the request with ${decision.status}.`;
    case 'authorizer-failed':
      return `${rule} has ${who} asked, which didn't answer in time, and it doesn't fail open.`;
    case 'authorizer-not-asked':
      return `${rule} wants ${who} asked, and nobody can ask it here, so the request is denied.`;
    default:
      return `${rule} matches, and Istio can't build its authorizer: ${fault ?? 'unknown'}. So it is denied.`;
  }
}
