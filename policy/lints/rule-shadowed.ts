/** A rule that adds nothing, because another of the same action takes all of it: often a limit that isn't one. */
import type { Finding, Lint } from '../lint.ts';
import { appliesWherever } from '../lint-scope.ts';
import type { LintedRule } from '../lint-view.ts';
import { ruleCovers } from '../rule-covers.ts';

export const ruleShadowed: Lint = {
  code: 'rule-shadowed',
  summary: 'A wider rule of the same action takes everything that this rule takes',
  check: ({ policies }) => {
    const rules = policies
      .filter(({ action, dryRun, workloads }) => isJudged(action) && !dryRun && workloads.length > 0)
      .flatMap((policy) => policy.rules);
    return rules.flatMap((rule, index): Finding[] => {
      const wider = rules.find((other, at) => other !== rule && shadows(other, rule, at < index));
      if (!wider) return [];
      const does = rule.policy.action === 'ALLOW' ? 'lets in' : 'denies';
      return [
        {
          severity: 'warning',
          message: `${rule.name} adds nothing: ${wider.name} (${wider.at.file}:${wider.at.line}) ${does} all of it already`,
          hint: 'rules are alternatives: if this one was meant as a limit, narrow the wider one; else remove it',
          at: rule.at,
        },
      ];
    });
  },
};

function isJudged(action: string): boolean {
  return action === 'ALLOW' || action === 'DENY';
}

/** Of two rules that take the same, the later is the one too many. */
function shadows(wide: LintedRule, narrow: LintedRule, earlier: boolean): boolean {
  if (wide.policy.action !== narrow.policy.action) return false;
  if (!wide.compiled || !narrow.compiled) return false;
  if (!appliesWherever(wide.policy, narrow.policy) || !ruleCovers(wide.compiled, narrow.compiled))
    return false;
  const mutual = appliesWherever(narrow.policy, wide.policy) && ruleCovers(narrow.compiled, wide.compiled);
  return !mutual || earlier;
}
