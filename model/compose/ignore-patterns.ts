/**
 * Patterns of a `.dockerignore`, which `ignore` and `include` of `develop.watch` share: paths from a root, with `*`, `?`,
 * `[…]` and `**`; a pattern that names a folder holds for all below it; `!` makes an exception, and the last that
 * matches decides. Pure; paths have `/`.
 */

interface Line {
  matches: RegExp;
  verdict: 'in' | 'out';
}

/** Whether a path, relative to the patterns' root, is among them. */
export type PathTest = (path: string) => boolean;

/** A pattern that can't be read matches nothing: a watch must not end by it. */
export function pathPatterns(patterns: readonly string[]): PathTest {
  const lines = patterns.flatMap((written): Line[] => {
    const text = written.trim();
    if (text === '' || text.startsWith('#')) return [];
    const verdict = text.startsWith('!') ? ('out' as const) : ('in' as const);
    const matches = expressionOf(verdict === 'out' ? text.slice(1) : text);
    return matches === null ? [] : [{ matches, verdict }];
  });
  return (path) => lines.findLast(({ matches }) => matches.test(path))?.verdict === 'in';
}

/** The lines of a `.dockerignore`. */
export function ignoreLines(text: string): string[] {
  return text.replace(/^\uFEFF/, '').split(/\r?\n/);
}

/** What editors and version control write beside one's files; nobody means it. */
export const PASSING_FILES: readonly string[] = [
  '**/.git',
  '**/*~',
  '**/.*.sw?',
  '**/.*.swpx',
  '**/4913',
  '**/.#*',
  '**/#*#',
  '**/*___jb_tmp___',
  '**/*___jb_old___',
  '**/.DS_Store',
];

function expressionOf(pattern: string): RegExp | null {
  const words = pattern
    .trim()
    .split('/')
    .filter((word) => word !== '' && word !== '.');
  if (words.length === 0 || words.includes('..')) return null;
  const parts = words.map((word, index) => {
    const last = index === words.length - 1;
    if (word === '**') return last ? '.*' : '(?:.*/)?';
    return wordExpression(word) + (last ? '' : '/');
  });
  try {
    return new RegExp(`^${parts.join('')}(?:/.*)?$`, 'su');
  } catch {
    return null;
  }
}

/** One part between slashes, as Go's `filepath.Match` reads it. */
function wordExpression(word: string): string {
  return word.replaceAll(
    /\*\*|\*|\?|\[(\^?)([^\]]+)\]|\\(.)|[^*?[\\]+|[[\\]/gsu,
    (part, not, set, escaped) => {
      if (part === '**') return '.*';
      if (part === '*') return '[^/]*';
      if (part === '?') return '[^/]';
      if (set !== undefined) return `[${not}${(set as string).replaceAll(/[[&~|]/g, String.raw`\$&`)}]`;
      return (escaped ?? part).replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
    },
  );
}
