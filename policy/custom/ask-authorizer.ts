/** The CUSTOM phase with somebody who can ask: the request as it goes on, or the decision that ends it. */
import type { Decision } from '../../model/decision.ts';
import type { HeaderList, RequestFacts } from '../../model/request-facts.ts';
import type { CompiledPolicy } from '../compiled-policy.ts';
import { applyAnswer, type Authorize } from './apply-answer.ts';
import type { AuthorizationCheck } from './authorization-check.ts';
import { customStep, denyUnasked } from './custom-step.ts';

/** What came of the phase. */
export interface CustomOutcome {
  /** null = the request goes on to the next phase. */
  decision: Decision | null;
  /** With the headers that an allowing authorizer changed. */
  facts: RequestFacts;
  /** The question, where it arrived. */
  check: AuthorizationCheck | null;
  /** For the client, whatever becomes of the request after this phase. */
  responseHeaders: HeaderList;
}

/** Runs the phase; without `authorize` what would have to be asked about is denied. */
export async function askAuthorizer(
  policy: CompiledPolicy,
  facts: RequestFacts,
  authorize: Authorize | undefined,
): Promise<CustomOutcome> {
  const done = (decision: Decision | null): CustomOutcome => ({
    decision,
    facts,
    check: null,
    responseHeaders: [],
  });
  const step = customStep(policy, facts);
  if (step.kind === 'passed') return done(null);
  if (step.kind === 'denied') return done(step.decision);
  if (authorize === undefined || facts.http === null) return done(denyUnasked(policy, facts));
  const answer = await authorize(step.check);
  const check = answer.kind === 'failed' && !answer.asked ? null : step.check;
  const applied = applyAnswer(step.check, step.rule, answer, facts.http);
  const { responseHeaders } = applied;
  if (applied.kind === 'denied') return { decision: applied.decision, facts, check, responseHeaders };
  return { decision: null, facts: { ...facts, http: applied.http }, check, responseHeaders };
}

/** The policy for a request that has passed the CUSTOM phase. */
export function withoutCustom(policy: CompiledPolicy): CompiledPolicy {
  return policy.custom === null ? policy : { ...policy, custom: null };
}
