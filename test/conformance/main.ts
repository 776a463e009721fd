/**
 * `npm run conformance -- PATH…`: plays suites, or all of a folder, through real listeners with real certificates,
 * prints each disagreement, and ends with `N cases, N agree, N differ`. Exit code 1 if any differs, 2 for a bad path.
 */
import { FilesError } from '../../cli/exit-codes.ts';
import { formatProblem } from '../../model/problem.ts';
import { runSuites } from './run-suites.ts';

const paths = process.argv.slice(2);
try {
  if (paths.length === 0) throw new Error('usage: npm run conformance -- SUITE|FOLDER…');
  const { cases, differ, lines, leftOut } = await runSuites(paths);
  process.stderr.write(leftOut.map((line) => `${line}\n`).join(''));
  process.stdout.write([...lines, `${cases} cases, ${cases - differ} agree, ${differ} differ\n`].join('\n'));
  process.exitCode = differ === 0 ? 0 : 1;
} catch (error) {
  const lines = error instanceof FilesError ? error.problems.map(formatProblem) : [String(error)];
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exitCode = 2;
}
