/**
 * The obvious twin of a request: what the same path or host would be called without the spelling that dodges a
 * matcher. Linear in the request; nothing is decoded twice.
 */
import { mergeSlashes, unescapeSlashes } from '../wire/path-normalization.ts';
import type { CompiledClause, CompiledRule, ValueMatch } from './compiled-policy.ts';

/** Another spelling of a path, and how the request's differs from it. */
export interface PathTwin {
  kind: 'escaped-slash' | 'double-slash' | 'parameter' | 'trailing-slash' | 'trailing-dot' | 'case' | 'all';
  /** With the request's query. */
  path: string;
  attack: string;
  how: string;
  remedy: string;
}

type Spelling = Omit<PathTwin, 'path'> & { undo: (path: string) => string };

const SPELLINGS: readonly Spelling[] = [
  {
    kind: 'escaped-slash',
    attack: 'P3',
    how: 'its slash is escaped',
    remedy: 'Set meshConfig.pathNormalization to DECODE_AND_MERGE_SLASHES.',
    undo: (path) => unescapeSlashes(path).replaceAll('\\', '/'),
  },
  {
    kind: 'double-slash',
    attack: 'P2',
    how: 'it has two slashes in a row',
    remedy: 'Set meshConfig.pathNormalization to MERGE_SLASHES.',
    undo: mergeSlashes,
  },
  {
    kind: 'parameter',
    attack: 'P8',
    how: 'a ;parameter follows a segment',
    remedy: 'Refuse ; in paths, in the application or by a DENY.',
    undo: withoutParameters,
  },
  {
    kind: 'trailing-slash',
    attack: 'P8',
    how: 'it ends in a slash',
    remedy: 'Name the path with a slash at its end as well, or with a star.',
    undo: (path) => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path),
  },
  {
    kind: 'trailing-dot',
    attack: 'P8',
    how: 'it ends in a dot',
    remedy: 'Let the application answer 404 to it.',
    undo: (path) => (path.endsWith('.') ? path.slice(0, -1) : path),
  },
  {
    kind: 'case',
    attack: 'P8',
    how: 'it differs only in case',
    remedy: 'Let the application tell upper from lower case.',
    undo: (path) => path.toLowerCase(),
  },
];

/** Whether a path (without its query) has no twin but one in other case: nothing odd in it or at its end. */
export function isPlainPath(path: string): boolean {
  let before = 0;
  for (let index = 0; index < path.length; index += 1) {
    const code = path.charCodeAt(index);
    const upper = code >= 0x41 && code <= 0x5a;
    if (upper || ODD.has(code) || (code === SLASH && before === SLASH)) return false;
    before = code;
  }
  return path === '/' || (before !== SLASH && before !== DOT);
}

const SLASH = 0x2f;
const DOT = 0x2e;
const ODD: ReadonlySet<number> = new Set([...'%;\\'].map((character) => character.charCodeAt(0)));

/** Whether the rule wants a path with upper case in it. */
export function wantsUpperCase(rule: CompiledRule): boolean {
  return rule.to.some((clauses) => clauses.some(isUpperCasePath));
}

/** The twins of a normalized path; none for a plain one. The last undoes everything at once. */
export function pathTwins(pathWithQuery: string): PathTwin[] {
  const queryAt = pathWithQuery.indexOf('?');
  const path = queryAt < 0 ? pathWithQuery : pathWithQuery.slice(0, queryAt);
  const query = pathWithQuery.slice(path.length);
  const twins: PathTwin[] = [];
  let all = path;
  for (const { undo, ...spelling } of SPELLINGS) {
    const twin = undo(path);
    all = undo(all);
    // A policy in upper case is dodged by a path in lower case: then nothing differs here, and it is tried still.
    if (twin !== path || spelling.kind === 'case') twins.push({ ...spelling, path: twin + query });
  }
  if (twins.length > 2) {
    const how = 'it is spelt in several odd ways at once';
    const remedy = 'Set meshConfig.pathNormalization to DECODE_AND_MERGE_SLASHES.';
    twins.push({ kind: 'all', attack: 'P8', how, remedy, path: all + query });
  }
  return twins;
}

/** What the host, or each of several joined Host fields, is without port, trailing dot and user; none for a plain one. */
export function hostTwins(host: string): string[] {
  const twins = host.split(',').map(bareHost);
  return twins.filter((twin) => twin !== host && twin !== '');
}

function bareHost(host: string): string {
  let twin = host.slice(host.lastIndexOf('@') + 1);
  const colon = twin.lastIndexOf(':');
  if (colon > 0 && !twin.endsWith(']') && /^[0-9]*$/.test(twin.slice(colon + 1))) twin = twin.slice(0, colon);
  return twin.endsWith('.') ? twin.slice(0, -1) : twin;
}

/** The rule with the paths it wants in lower case; the rule itself when they are. */
export function foldedPaths(rule: CompiledRule): CompiledRule {
  if (!wantsUpperCase(rule)) return rule;
  return { ...rule, to: rule.to.map((clauses) => clauses.map(foldClause)) };
}

function isUpperCasePath({ attribute, wanted }: CompiledClause): boolean {
  return attribute === 'request.path' && wanted.some((value) => value !== value.toLowerCase());
}

function foldClause(clause: CompiledClause): CompiledClause {
  if (clause.attribute !== 'request.path') return clause;
  return { ...clause, values: clause.values.map(foldValue) };
}

function foldValue(value: ValueMatch): ValueMatch {
  return value.kind === 'exact' || value.kind === 'prefix' || value.kind === 'suffix'
    ? { ...value, value: value.value.toLowerCase() }
    : value;
}

function withoutParameters(path: string): string {
  if (!path.includes(';')) return path;
  return path
    .split('/')
    .map((segment) => {
      const semicolon = segment.indexOf(';');
      return semicolon < 0 ? segment : segment.slice(0, semicolon);
    })
    .join('/');
}
