/** Why a request that the policies let through went no further: a limit, or what it looks like. */
import type { Decision, Explanation } from '../model/decision.ts';

export function explainAfterPolicies(decision: Decision, sentence: string): Explanation {
  const { phase } = decision;
  return { sentence, trail: [{ phase, outcome: 'denied', note: sentence, rules: [] }], nearest: null };
}

/** Why a RateLimit refused it. */
export function explainLimit(decision: Decision): Explanation {
  const { matched } = decision;
  const name = matched === null ? 'a limit' : `${matched.kind} ${matched.namespace}/${matched.name}`;
  return explainAfterPolicies(decision, `Policies let it pass; ${name} doesn't take so many requests.`);
}
