/**
 * RequestAuthentication alone refuses bad tokens and lets requests without one pass. Only an AuthorizationPolicy that
 * looks at the token's identity requires one.
 */
import type { Finding, Lint } from '../lint.ts';
import { type LintedRule, type LintedWorkload, workloadNames } from '../lint-view.ts';
import { objectsInScope } from '../scope.ts';
import { fieldOf } from '../written-clauses.ts';

export const jwtNotRequired: Lint = {
  code: 'jwt-not-required',
  summary: 'Tokens are verified, and no policy requires one',
  check: ({ mesh, workloads }) =>
    mesh.policies
      .filter(({ kind }) => kind === 'RequestAuthentication')
      .flatMap((object): Finding[] => {
        const open = workloads.filter(
          (workload) =>
            workload.ports.some(({ protocol }) => protocol === 'http') &&
            objectsInScope([object], object.kind, workload.workload, mesh.config.rootNamespace).length > 0 &&
            passesWithoutToken(workload),
        );
        if (open.length === 0) return [];
        const { namespace, name } = object.metadata;
        return [
          {
            severity: 'warning',
            message: `RequestAuthentication ${namespace}/${name} verifies tokens, and nothing requires one: a request without a token passes at ${workloadNames(open)}`,
            hint: 'add an ALLOW policy with requestPrincipals, or a DENY with notRequestPrincipals: ["*"]',
            at: object.at,
          },
        ];
      }),
};

/** A rule without a token beside one with a token is a choice (a health page); no rule with one is an oversight. */
function passesWithoutToken({ policies }: LintedWorkload): boolean {
  const enforced = policies.filter(({ dryRun }) => !dryRun);
  if (enforced.some(({ rules }) => rules.some(looksAtToken))) return false;
  const allows = enforced.filter(({ action }) => action === 'ALLOW');
  return allows.length === 0 || allows.some(({ rules }) => rules.length > 0);
}

function looksAtToken({ clauses }: LintedRule): boolean {
  return clauses.some(
    (clause) => fieldOf(clause) === 'requestPrincipals' || clause.name.startsWith('request.auth.'),
  );
}
