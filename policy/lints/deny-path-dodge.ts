/**
 * A DENY on a path that another spelling of the path passes under this mesh's normalization: other case, a
 * `;parameter`, two slashes, an escaped slash. Said only of spellings that no other policy stops.
 */
import type { Mesh, PathNormalization } from '../../model/mesh.ts';
import { normalizePath } from '../../wire/path-normalization.ts';
import type { Finding, Lint } from '../lint.ts';
import { inDenied } from '../lint-clauses.ts';
import { type LintedRule, type LintedWorkload, workloadNames } from '../lint-view.ts';
import { passedBy } from '../could-pass.ts';
import { isTemplate } from '../path-template.ts';
import type { WrittenClause } from '../written-clauses.ts';

export const denyPathDodge: Lint = {
  code: 'deny-path-dodge',
  summary: 'A DENY on a path is passed by another spelling of it (case, ;parameter, // or %2F)',
  check: ({ mesh, policies }) => inDenied('paths', policies, (rule, clause) => dodged(rule, clause, mesh)),
};

function dodged(rule: LintedRule, clause: WrittenClause, { config }: Mesh): Finding[] {
  const ways = new Map<string, string>();
  const open = new Set<LintedWorkload>();
  for (const { text } of clause.values) {
    const path = requestPath(text);
    if (path === null || !denied(rule, path, config.pathNormalization)) continue;
    for (const { how, sent } of spellings(path)) {
      if (ways.has(how)) continue;
      const seen = pathSeen(sent, config.pathNormalization);
      if (seen === null) continue;
      const through = passedBy(rule, 'request.path', seen);
      if (through.length === 0) continue;
      ways.set(how, sent);
      for (const workload of through) open.add(workload);
    }
  }
  if (ways.size === 0) return [];
  const slashes = ways.has('two slashes') || ways.has('an escaped slash');
  const merge = 'meshConfig.pathNormalization: DECODE_AND_MERGE_SLASHES closes the slashes; ';
  return [
    {
      severity: 'warning',
      message: `${rule.name} is passed by ${[...ways].map(([how, sent]) => `${sent} (${how})`).join(', ')} at ${workloadNames([...open])}, under normalization ${config.pathNormalization}`,
      hint: `${slashes ? merge : ''}surest is an ALLOW of the paths that are served, since what isn't listed is then denied`,
      at: clause.at,
    },
  ];
}

/** Whether the plain spelling is denied: what never matches is another lint's. */
function denied(rule: LintedRule, path: string, mode: PathNormalization): boolean {
  const seen = pathSeen(path, mode);
  return seen !== null && passedBy(rule, 'request.path', seen).length === 0;
}

/** A request that the value denies; null for values that name no path of their own. */
function requestPath(value: string): string | null {
  if (!value.startsWith('/') || value === '/*' || isTemplate(value)) return null;
  if (value.slice(0, -1).includes('*')) return null;
  return value.endsWith('*') ? `${value.slice(0, -1)}${value.endsWith('/*') ? 'x' : ''}` : value;
}

function spellings(path: string): { how: string; sent: string }[] {
  const second = path.indexOf('/', 1);
  const first = second < 0 ? path : path.slice(0, second);
  const rest = second < 0 ? '' : path.slice(second);
  const all = [
    { how: 'other case', sent: otherCase(first) + rest },
    { how: 'a ;parameter', sent: `${first};x${rest}` },
    { how: 'two slashes', sent: `/${path}` },
  ];
  if (rest.length > 1) all.push({ how: 'an escaped slash', sent: `${first}%2F${rest.slice(1)}` });
  return all.filter(({ sent }) => sent !== path);
}

function otherCase(text: string): string {
  return text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase();
}

function pathSeen(sent: string, mode: PathNormalization): string | null {
  const normalized = normalizePath(sent, mode);
  return normalized.kind === 'normalized' ? normalized.path : null;
}
