/** A rule that adds nothing, because another of the same action takes all of it: often a limit that isn't one. */
import { CoverSearch } from '../cover-search.ts';
import type { Finding, Lint } from '../lint.ts';
import { appliesWherever } from '../lint-scope.ts';
import type { LintedPolicy, LintedRule } from '../lint-view.ts';
import { ruleCovers } from '../rule-covers.ts';

export const ruleShadowed: Lint = {
  code: 'rule-shadowed',
  summary: 'A wider rule of the same action takes everything that this rule takes',
  check: ({ policies }) => [...shadowed(policies, 'ALLOW'), ...shadowed(policies, 'DENY')],
};

function shadowed(policies: readonly LintedPolicy[], wanted: 'ALLOW' | 'DENY'): Finding[] {
  const rules = policies
    .filter(({ action, dryRun, workloads }) => action === wanted && !dryRun && workloads.length > 0)
    .flatMap((policy) => policy.rules);
  const places = new Map(rules.map((rule, index) => [rule, index]));
  const search = new CoverSearch(rules);
  const earlier = (one: LintedRule, other: LintedRule): boolean =>
    (places.get(one) ?? 0) < (places.get(other) ?? 0);
  const findings = rules.flatMap((rule): Finding[] => {
    for (const wider of search.covers(rule)) {
      // Of two rules that take the same, the later is the one too many.
      if (wider === rule || (!earlier(wider, rule) && sameTaken(wider, rule))) continue;
      const does = wanted === 'ALLOW' ? 'lets in' : 'denies';
      return [
        {
          severity: 'warning',
          message: `${rule.name} adds nothing: ${wider.name} (${wider.at.file}:${wider.at.line}) ${does} all of it already`,
          hint: 'rules are alternatives: if this one was meant as a limit, narrow the wider one; else remove it',
          at: rule.at,
        },
      ];
    }
    return [];
  });
  return search.gaveUp ? [...findings, tooMany(rules, wanted)] : findings;
}

/** Given that `wide` covers `narrow`: whether the other way round holds too. */
function sameTaken(wide: LintedRule, narrow: LintedRule): boolean {
  return (
    wide.compiled !== null &&
    narrow.compiled !== null &&
    appliesWherever(narrow.policy, wide.policy) &&
    ruleCovers(narrow.compiled, wide.compiled)
  );
}

function tooMany(rules: readonly LintedRule[], action: string): Finding {
  return {
    severity: 'notice',
    message: `${rules.length} ${action} rules are too many to compare all of them: some that add nothing are not told`,
  };
}
