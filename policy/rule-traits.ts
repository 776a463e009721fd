/**
 * What the rules of an action look at, found out once for as long as the compiled policy lives: findings ask it about
 * every allowed request.
 */
import type { Attribute, CompiledAction, CompiledRule } from './compiled-policy.ts';
import { foldedPaths, wantsUpperCase } from './request-twins.ts';

export interface RuleTraits {
  attributes: ReadonlySet<Attribute>;
  /** Names of the headers that they look at. */
  headers: ReadonlySet<string>;
  /** The same rules with their paths in lower case. */
  folded: CompiledAction;
  /** Of those, the ones that this changes. */
  upperCase: CompiledAction;
}

const known = new WeakMap<readonly CompiledRule[], RuleTraits>();

/** The traits of the action's rules. */
export function traitsOf({ rules }: CompiledAction): RuleTraits {
  const traits = known.get(rules) ?? findTraits(rules);
  known.set(rules, traits);
  return traits;
}

function findTraits(rules: readonly CompiledRule[]): RuleTraits {
  const attributes = new Set<Attribute>();
  const headers = new Set<string>();
  for (const { from, to, when } of rules) {
    for (const clauses of [...from, ...to, when])
      for (const { attribute, header } of clauses) {
        attributes.add(attribute);
        if (header !== null) headers.add(header);
      }
  }
  return {
    attributes,
    headers,
    folded: { policies: [], rules: rules.map(foldedPaths) },
    upperCase: { policies: [], rules: rules.filter(wantsUpperCase).map(foldedPaths) },
  };
}
