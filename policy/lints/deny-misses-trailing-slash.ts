/** A DENY on `/admin` that `/admin/` passes. Most frameworks serve both; no normalization of Istio joins them. */
import type { Finding, Lint } from '../lint.ts';
import { inDenied } from '../lint-clauses.ts';
import { type LintedRule, workloadNames } from '../lint-view.ts';
import { passedBy } from '../could-pass.ts';
import { isTemplate } from '../path-template.ts';
import type { WrittenClause } from '../written-clauses.ts';

export const denyMissesTrailingSlash: Lint = {
  code: 'deny-misses-trailing-slash',
  summary: 'A DENY on a path is passed by the same path with a slash at its end',
  check: ({ policies }) => inDenied('paths', policies, missed),
};

function missed(rule: LintedRule, clause: WrittenClause): Finding[] {
  const found = clause.values.flatMap(({ text }) => {
    if (!text.startsWith('/') || text.endsWith('/') || text.includes('*') || isTemplate(text)) return [];
    const open = passedBy(rule, 'request.path', `${text}/`);
    return open.length > 0 ? [{ text, open }] : [];
  });
  if (found.length === 0) return [];
  const values = found.map(({ text }) => `${text}/`);
  return [
    {
      severity: 'warning',
      message: `${rule.name} denies ${found.map(({ text }) => text).join(', ')} and lets ${values.join(', ')} pass (${workloadNames(found.flatMap(({ open }) => open))})`,
      hint: `add ${values.join(', ')} to the list`,
      at: clause.at,
      fix: { at: clause.at, change: { kind: 'append', values } },
    },
  ];
}
