/**
 * The first rule of an action that matches a request, found by indexes that are made when they are first needed and
 * live as long as the compiled policy does. A compiled policy stays plain JSON; the other side of a thread makes its own.
 */
import type { RequestFacts } from '../../model/request-facts.ts';
import type { CompiledAction, CompiledPolicy, CompiledRule } from '../compiled-policy.ts';
import { RequestValues } from './request-values.ts';
import { RuleIndex } from './rule-index.ts';

const indexes = new WeakMap<readonly CompiledRule[], RuleIndex>();

/** In Envoy's order, which decides what a denial names; null when none matches. */
export function firstMatch(action: CompiledAction, facts: RequestFacts): CompiledRule | null {
  if (action.rules.length === 0) return null;
  return indexOf(action).first(new RequestValues(facts));
}

/** Makes the indexes now, so that no request waits for them. */
export function preparePolicy(policy: CompiledPolicy): void {
  if (policy.custom !== null) indexOf(policy.custom);
  indexOf(policy.deny);
  indexOf(policy.allow);
}

function indexOf({ rules }: CompiledAction): RuleIndex {
  const known = indexes.get(rules);
  if (known !== undefined) return known;
  const made = new RuleIndex(rules);
  indexes.set(rules, made);
  return made;
}
