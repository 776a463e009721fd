/** Values of `hosts` and `connection.sni` that no request can have: a scheme, a path, a blank, upper case in SNI. */
import type { Finding, Lint } from '../lint.ts';
import { inEveryClause } from '../lint-clauses.ts';
import { consequence, type LintedRule, severityOfNever, quoted } from '../lint-view.ts';
import { clauseName, type WrittenClause } from '../written-clauses.ts';

export const hostNeverMatches: Lint = {
  code: 'host-never-matches',
  summary: 'A host is written so that no request ever has it',
  check: ({ policies }) => inEveryClause(policies, unmatchable),
};

function unmatchable(rule: LintedRule, clause: WrittenClause): Finding[] {
  const sni = clause.name === 'connection.sni';
  if (clause.name !== 'hosts' && !sni) return [];
  return clause.values.flatMap(({ text, at }): Finding[] => {
    const why = sni ? sniFault(text) : hostFault(text);
    if (why === null) return [];
    return [
      {
        severity: severityOfNever(rule),
        message: `${rule.name}: ${clauseName(clause)} ${quoted(text)} ${why}, so ${consequence(rule, clause.negated)}`,
        hint: sni
          ? `write ${text.toLowerCase()}`
          : `write the name alone, such as ${bareHost(text) || 'shop.example.com'}`,
        at,
      },
    ];
  });
}

function hostFault(text: string): string | null {
  if (text.includes('://')) return 'has a scheme, and a Host has none';
  if (/[/?#]/.test(text)) return 'has a path, and a Host has none';
  return /\s/.test(text) ? 'has a blank, and a Host has none' : null;
}

function sniFault(text: string): string | null {
  return text === text.toLowerCase()
    ? null
    : 'has upper case, and a server name is in lower case before it is compared';
}

function bareHost(text: string): string {
  const scheme = text.indexOf('://');
  const rest = scheme < 0 ? text : text.slice(scheme + 3);
  return (rest.split(/[/?#\s]/, 1)[0] ?? '').trim();
}
