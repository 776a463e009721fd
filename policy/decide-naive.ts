/**
 * `decide` without indexes: one rule after the other, by `matchesRule` alone. The reference that the indexes are held
 * against in tests and in the bench; nothing else asks it.
 */
import type { Decision } from '../model/decision.ts';
import type { RequestFacts } from '../model/request-facts.ts';
import type { CompiledAction, CompiledPolicy, CompiledRule } from './compiled-policy.ts';
import { decideWith } from './decide.ts';
import { matchesRule } from './match.ts';
import type { TokenFacts } from './tokens/token-facts.ts';

/** The same verdict as `decide`, at a cost that grows with the number of rules. */
export function decideNaive(policy: CompiledPolicy, asSent: RequestFacts, tokens?: TokenFacts): Decision {
  return decideWith(firstMatchNaive, policy, asSent, tokens);
}

function firstMatchNaive({ rules }: CompiledAction, facts: RequestFacts): CompiledRule | null {
  return rules.find((rule) => matchesRule(rule, facts)) ?? null;
}
