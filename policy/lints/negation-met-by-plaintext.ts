/**
 * An ALLOW for everybody but some identity: who comes without a certificate has no identity, so isn't excluded.
 */
import type { Finding, Fix, Lint } from '../lint.ts';
import { laxPorts, type LintedRule, placeNames } from '../lint-view.ts';
import { clauseName, isIdentityClause, type WrittenClause } from '../written-clauses.ts';

export const negationMetByPlaintext: Lint = {
  code: 'negation-met-by-plaintext',
  summary: 'An ALLOW excludes an identity, and plaintext, which has none, is let in',
  check: ({ policies }) =>
    policies
      .filter(({ action, dryRun }) => action === 'ALLOW' && !dryRun)
      .flatMap(({ rules }) => rules)
      .flatMap(met),
};

function met(rule: LintedRule): Finding[] {
  const places = laxPorts(rule);
  if (places.length === 0) return [];
  const identities = rule.clauses.filter(isIdentityClause);
  const demanded = (clause: WrittenClause): boolean =>
    identities.some(
      (other) =>
        !other.negated &&
        (other.part === 'when' || (other.part === clause.part && other.alternative === clause.alternative)),
    );
  return identities
    .filter((clause) => clause.negated && !demanded(clause))
    .map((clause) => ({
      severity: 'warning',
      message: `${rule.name}: ${clauseName(clause)} is met by callers without a certificate, and ${placeNames(places)} takes plaintext: they are let in`,
      hint: 'add principals: ["*"] beside it, or set mtls.mode STRICT',
      at: clause.at,
      ...demand(clause),
    }));
}

function demand({ part, within }: WrittenClause): { fix?: Fix } {
  if (part !== 'from') return {};
  return { fix: { at: within, change: { kind: 'add-list', key: 'principals', values: ['*'] } } };
}
