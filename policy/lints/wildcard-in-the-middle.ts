/** A star that isn't at one end: Istio takes it for the character itself, so the value matches nothing one means. */
import type { Finding, Lint } from '../lint.ts';
import { inEveryClause } from '../lint-clauses.ts';
import { consequence, type LintedRule, severityOfNever, quoted } from '../lint-view.ts';
import { compileTemplate, isTemplate } from '../path-template.ts';
import { clauseName, fieldOf, type WrittenClause } from '../written-clauses.ts';

/** Fields where every star is a wildcard, or none is taken. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'namespaces',
  'serviceAccounts',
  'trustDomains',
  'ipBlocks',
  'remoteIpBlocks',
  'ports',
  'destination.ip',
]);

export const wildcardInTheMiddle: Lint = {
  code: 'wildcard-in-the-middle',
  summary: 'A star stands where it is no wildcard',
  check: ({ policies }) => inEveryClause(policies, literalStars),
};

function literalStars(rule: LintedRule, clause: WrittenClause): Finding[] {
  const field = fieldOf(clause);
  if (ELSEWHERE.has(field)) return [];
  return clause.values.flatMap(({ text, at }): Finding[] => {
    if (field === 'paths' && isTemplate(text)) return [];
    if (!withoutWildcard(text).includes('*')) return [];
    const template = field === 'paths' ? templateFor(text) : null;
    const narrows = rule.policy.action === 'DENY' && !clause.negated;
    return [
      {
        severity: severityOfNever(rule),
        message: `${rule.name}: ${clauseName(clause)} ${quoted(text)} has a star that is no wildcard but the character itself, so ${consequence(rule, clause.negated)}`,
        hint:
          template === null
            ? 'one star at the start or at the end is a wildcard; list the values otherwise'
            : `write the template ${template}`,
        at,
        ...(template !== null && narrows
          ? { fix: { at, change: { kind: 'replace' as const, value: template } } }
          : {}),
      },
    ];
  });
}

/** The text that is compared literally. */
function withoutWildcard(text: string): string {
  if (text.startsWith('*')) return text.slice(1);
  return text.endsWith('*') ? text.slice(0, -1) : text;
}

/** A path with stars as a template, where every star is a segment; a star at the end takes the rest. */
function templateFor(text: string): string | null {
  if (!text.startsWith('/') || /[{}]/.test(text)) return null;
  const segments = text.split('/');
  if (segments.some((segment) => segment !== '*' && segment.includes('*'))) return null;
  const last = segments.length - 1;
  const template = segments
    .map((segment, index) => (segment === '*' ? (index === last ? '{**}' : '{*}') : segment))
    .join('/');
  return compileTemplate(template) === null ? null : template;
}
