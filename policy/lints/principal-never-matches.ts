/** Principals that nobody in a mesh has: with `spiffe://`, not of an identity's form, or a token's with `https://*`. */
import type { Finding, Lint } from '../lint.ts';
import { inEveryClause } from '../lint-clauses.ts';
import { consequence, type LintedRule, severityOfNever, quoted } from '../lint-view.ts';
import { clauseName, fieldOf, type WrittenClause } from '../written-clauses.ts';

const SCHEME = 'spiffe://';

export const principalNeverMatches: Lint = {
  code: 'principal-never-matches',
  summary: 'A principal is written so that no caller has it',
  check: ({ policies }) => inEveryClause(policies, unmatchable),
};

function unmatchable(rule: LintedRule, clause: WrittenClause): Finding[] {
  const field = fieldOf(clause);
  if (field !== 'principals' && field !== 'requestPrincipals') return [];
  return clause.values.flatMap(({ text, at }): Finding[] => {
    const fault = field === 'principals' ? principalFault(text) : requestPrincipalFault(text);
    if (fault === null) return [];
    const narrows = rule.policy.action === 'DENY' && !clause.negated && text.startsWith(SCHEME);
    const change = { kind: 'replace' as const, value: text.slice(SCHEME.length) };
    return [
      {
        severity: severityOfNever(rule),
        message: `${rule.name}: ${clauseName(clause)} ${quoted(text)} ${fault.why}, so ${consequence(rule, clause.negated)}`,
        hint: fault.hint,
        at,
        ...(narrows ? { fix: { at, change } } : {}),
      },
    ];
  });
}

function principalFault(text: string): { why: string; hint: string } | null {
  if (text.startsWith(SCHEME))
    return {
      why: `begins with ${SCHEME}, which Istio adds once more`,
      hint: `write ${text.slice(SCHEME.length)}`,
    };
  if (text.includes('*') || isIdentity(text)) return null;
  return {
    why: "isn't of the form that identities of a mesh have",
    hint: 'write TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT',
  };
}

function isIdentity(text: string): boolean {
  const [domain, ns, namespace, sa, account, more] = text.split('/');
  return Boolean(domain && namespace && account) && ns === 'ns' && sa === 'sa' && more === undefined;
}

function requestPrincipalFault(text: string): { why: string; hint: string } | null {
  if (/^https?:\/\/\*$/.test(text))
    return {
      why: 'is split at its last slash, into an issuer that ends in a slash and any subject',
      hint: 'write the issuer in full, ISSUER/*, or * for any token',
    };
  if (text.includes('*') || text.includes('/')) return null;
  return { why: 'has no slash between issuer and subject', hint: 'write ISSUER/SUBJECT, or ISSUER/*' };
}
