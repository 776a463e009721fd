/** Methods that no client sends: methods are compared with their case, and HTTP/1 refuses `get` before any policy. */
import type { Finding, Lint } from '../lint.ts';
import { inEveryClause } from '../lint-clauses.ts';
import { type LintedRule, severityOfNever, quoted } from '../lint-view.ts';
import { clauseName, type WrittenClause } from '../written-clauses.ts';

export const methodNeverMatches: Lint = {
  code: 'method-never-matches',
  summary: 'A method is written so that no request has it',
  check: ({ policies }) => inEveryClause(policies, unmatchable),
};

function unmatchable(rule: LintedRule, clause: WrittenClause): Finding[] {
  if (clause.name !== 'methods') return [];
  return clause.values.flatMap(({ text, at }): Finding[] => {
    const upper = text.toUpperCase().trim();
    if (text === upper) return [];
    // In an ALLOW, or of an exclusion, the right method would let more through.
    const narrows = rule.policy.action === 'DENY' && !clause.negated;
    return [
      {
        severity: severityOfNever(rule),
        message: `${rule.name}: ${clauseName(clause)} ${quoted(text)} is not ${upper}, and methods are compared with their case, so no ${upper} request meets it`,
        hint: `write ${upper}`,
        at,
        ...(narrows ? { fix: { at, change: { kind: 'replace' as const, value: upper } } } : {}),
      },
    ];
  });
}
