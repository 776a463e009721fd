/** Which source files get mutants. */
import { execFileSync } from 'node:child_process';

function git(root: string, ...args: string[]): string {
  return execFileSync('git', args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** TypeScript files that git knows under `paths`, relative to `root`. */
export function sourcesUnder(root: string, paths: readonly string[]): string[] {
  return lines(git(root, 'ls-files', '--', ...paths)).filter((file) => file.endsWith('.ts'));
}

/**
 * Those of `folders` that differ from where this branch left `base`; when it hasn't left it, or there is no such
 * branch, those of the last commit.
 */
export function changedSources(root: string, folders: readonly string[], base: string): string[] {
  const since = branchPoint(root, base);
  const changed = new Set(
    lines(git(root, 'diff', '--name-only', '--diff-filter=d', since, '--', ...folders)),
  );
  return sourcesUnder(root, folders).filter((file) => changed.has(file));
}

function branchPoint(root: string, base: string): string {
  try {
    const point = git(root, 'merge-base', base, 'HEAD');
    return point === git(root, 'rev-parse', 'HEAD') ? 'HEAD~1' : point;
  } catch {
    return 'HEAD~1';
  }
}
