/** Judges the objects of ValidationSuite files and counts: what `greenroom check --suite` prints. */
import { judgeObject } from '../model/judge-object.ts';
import { formatProblem, type Problem } from '../model/problem.ts';
import { parseValidationSuite, type ValidationCase } from '../model/validation-suite.ts';
import { readText, shownPath } from '../mesh/project-files.ts';
import { FilesError } from './exit-codes.ts';

/** One object of one suite, judged. */
export interface ObjectResult {
  id: string;
  file: string;
  agrees: boolean;
  expected: { valid: boolean; error: string | null };
  valid: boolean;
  errors: Problem[];
  warnings: Problem[];
}

export interface ChecksOutcome {
  objects: number;
  agree: number;
  differ: number;
  results: ObjectResult[];
  /** For the terminal: every warning, and every object that differs. */
  lines: string[];
}

/** Judges every object of every file, in order. */
export async function checkSuites(files: readonly string[]): Promise<ChecksOutcome> {
  const results: ObjectResult[] = [];
  for (const file of files) {
    for (const one of await readCases(file)) {
      const verdict = judgeObject(one);
      const { id, expected } = one;
      results.push({
        id,
        file: shownPath(file),
        agrees: verdict.valid === expected.valid,
        expected,
        ...verdict,
      });
    }
  }
  const differ = results.filter(({ agrees }) => !agrees).length;
  return {
    objects: results.length,
    agree: results.length - differ,
    differ,
    results,
    lines: results.flatMap(describe),
  };
}

async function readCases(file: string): Promise<ValidationCase[]> {
  const text = await readText(file);
  if ('problem' in text) throw new FilesError([text.problem]);
  const suite = parseValidationSuite(text.text, shownPath(file));
  if (!suite.value) throw new FilesError(suite.problems);
  return suite.value;
}

function describe({ id, file, agrees, expected, errors, warnings }: ObjectResult): string[] {
  const lines = warnings.map(formatProblem);
  if (agrees) return lines;
  const wanted = expected.valid ? 'valid' : `refused: ${expected.error ?? ''}`;
  return [
    ...lines,
    `✕ ${id} (${file})`,
    `    expected ${wanted}`,
    ...(errors.length > 0 ? errors.map((problem) => `    ${formatProblem(problem)}`) : ['    judged valid']),
  ];
}
