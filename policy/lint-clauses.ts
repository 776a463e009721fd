/** The clauses that a lint looks at, each with its rule. */
import type { Finding } from './lint.ts';
import type { LintedPolicy, LintedRule } from './lint-view.ts';
import type { WrittenClause } from './written-clauses.ts';

type Look = (rule: LintedRule, clause: WrittenClause) => readonly Finding[];

/** What `look` finds in any clause of any rule. */
export function inEveryClause(policies: readonly LintedPolicy[], look: Look): Finding[] {
  return policies
    .flatMap(({ rules }) => rules)
    .flatMap((rule) => rule.clauses.flatMap((clause) => look(rule, clause)));
}

/** What `look` finds where a DENY in force names the hosts or paths that it denies. */
export function inDenied(name: 'hosts' | 'paths', policies: readonly LintedPolicy[], look: Look): Finding[] {
  const denying = policies.filter(({ action, dryRun }) => action === 'DENY' && !dryRun);
  return inEveryClause(denying, (rule, clause) =>
    clause.part === 'to' && clause.name === name && !clause.negated ? look(rule, clause) : [],
  );
}
