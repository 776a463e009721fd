/**
 * Paths that no request has when policies see it: the query is cut off before, and the path is normalized, which a
 * policy's own path is not.
 */
import type { PathNormalization } from '../../model/mesh.ts';
import { normalizePath, unescapeUtf8 } from '../../wire/path-normalization.ts';
import type { Finding, Lint } from '../lint.ts';
import { inEveryClause } from '../lint-clauses.ts';
import { consequence, type LintedRule, severityOfNever, quoted } from '../lint-view.ts';
import { isTemplate } from '../path-template.ts';
import { clauseName, type WrittenClause } from '../written-clauses.ts';

export const pathNeverMatches: Lint = {
  code: 'path-never-matches',
  summary: 'A path is written so that no normalized request has it',
  check: ({ mesh, policies }) =>
    inEveryClause(policies, (rule, clause) => unmatchable(rule, clause, mesh.config.pathNormalization)),
};

function unmatchable(rule: LintedRule, clause: WrittenClause, mode: PathNormalization): Finding[] {
  if (clause.name !== 'paths') return [];
  return clause.values.flatMap(({ text, at }): Finding[] => {
    const fault = pathFault(text, mode);
    if (fault === null) return [];
    const narrows = rule.policy.action === 'DENY' && !clause.negated && fault.meant !== null;
    return [
      {
        severity: severityOfNever(rule),
        message: `${rule.name}: ${clauseName(clause)} ${quoted(text)} ${fault.why}, so ${consequence(rule, clause.negated)}`,
        hint: fault.meant === null ? fault.hint : `write ${fault.meant}`,
        at,
        ...(narrows && fault.meant !== null
          ? { fix: { at, change: { kind: 'replace' as const, value: fault.meant } } }
          : {}),
      },
    ];
  });
}

interface Fault {
  why: string;
  hint: string;
  /** What was most likely meant; null where that can't be told. */
  meant: string | null;
}

function pathFault(text: string, mode: PathNormalization): Fault | null {
  const cut = text.search(/[?#]/);
  if (cut >= 0) {
    const what = text.charAt(cut) === '?' ? 'the query' : 'what follows #';
    return {
      why: `has a ${text.charAt(cut)}, and policies never see ${what}`,
      hint: 'name the path alone',
      meant: text.startsWith('/') ? text.slice(0, cut) : null,
    };
  }
  if (text.startsWith('*')) return null;
  if (!text.startsWith('/'))
    return {
      why: "doesn't begin with a slash, and every path does",
      hint: 'begin it with /',
      meant: `/${text}`,
    };
  const normal = normalForm(text, mode);
  if (normal === text) return null;
  return {
    why: `is not a path as policies see it under normalization ${mode}`,
    hint: 'write the path as it is after normalization',
    meant: normal,
  };
}

/** Stands for what a wildcard of the policy takes. */
const FILLER = 'x';

function normalForm(text: string, mode: PathNormalization): string | null {
  const template = isTemplate(text);
  const star = !template && text.endsWith('*');
  const sample = template
    ? text.replaceAll('{**}', FILLER).replaceAll('{*}', FILLER)
    : star
      ? text.slice(0, -1) + FILLER
      : text;
  const normalized = normalizePath(unescapeUtf8(sample), mode);
  if (normalized.kind === 'refused') return null;
  if (normalized.path === sample) return text;
  if (template) return null;
  return star && normalized.path.endsWith(FILLER)
    ? `${normalized.path.slice(0, -1)}*`
    : star
      ? null
      : normalized.path;
}
