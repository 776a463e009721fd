/** An ALLOW rule of which a DENY stops every request: the grant looks as if it held, and never does. */
import { CoverSearch } from '../cover-search.ts';
import type { Lint } from '../lint.ts';

export const denySwallowsAllow: Lint = {
  code: 'deny-swallows-allow',
  summary: 'A DENY stops every request that an ALLOW rule lets in',
  check: ({ policies }) => {
    const enforced = policies.filter(({ dryRun, workloads }) => !dryRun && workloads.length > 0);
    const rulesOf = (wanted: 'ALLOW' | 'DENY') =>
      enforced.filter(({ action }) => action === wanted).flatMap(({ rules }) => rules);
    const denies = new CoverSearch(rulesOf('DENY'));
    return rulesOf('ALLOW').flatMap((rule) => {
      const [over] = denies.covers(rule);
      if (!over) return [];
      return [
        {
          severity: 'warning',
          message: `${rule.name} never lets anybody in: ${over.name} (${over.at.file}:${over.at.line}) denies all of it first`,
          hint: 'DENY comes before ALLOW, whatever the order of the files: narrow the DENY, or remove the grant',
          at: rule.at,
        },
      ];
    });
  },
};
