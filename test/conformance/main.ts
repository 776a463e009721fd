/**
 * `npm run conformance -- SUITE…`: plays suites through real listeners with real certificates, prints each
 * disagreement, and ends with `N cases, N agree, N differ`. Exit code 1 if any differs, 2 for a bad file.
 */
import { FilesError } from '../../cli/exit-codes.ts';
import { formatProblem } from '../../model/problem.ts';
import { runSuites } from './run-suites.ts';

const files = process.argv.slice(2);
try {
  if (files.length === 0) throw new Error('usage: npm run conformance -- SUITE…');
  const { cases, differ, lines } = await runSuites(files);
  process.stdout.write([...lines, `${cases} cases, ${cases - differ} agree, ${differ} differ\n`].join('\n'));
  process.exitCode = differ === 0 ? 0 : 1;
} catch (error) {
  const lines = error instanceof FilesError ? error.problems.map(formatProblem) : [String(error)];
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exitCode = 2;
}
