/** Plays DecisionSuite files and counts: what `greenroom decide` prints and reports. */
import type { Decision, Explanation } from '../model/decision.ts';
import { judgeCase } from '../policy/judge.ts';
import { readSuite } from './read-suite.ts';
import { answerAsTold } from './suite-authorizer.ts';

/** One case of one suite, judged. */
export interface SuiteCaseResult {
  suite: string;
  file: string;
  id: string;
  agrees: boolean;
  differences: string[];
  decision: Decision;
  explanation: Explanation;
}

export interface SuitesOutcome {
  cases: number;
  agree: number;
  differ: number;
  results: SuiteCaseResult[];
  /** For the terminal: every case that differs, and why. */
  lines: string[];
}

/** Judges every case of every file, in order. */
export async function decideSuites(files: readonly string[]): Promise<SuitesOutcome> {
  const results: SuiteCaseResult[] = [];
  for (const file of files) {
    const suite = await readSuite(file);
    const askable = { verification: suite.tokens, authorize: answerAsTold };
    for (const one of suite.cases) {
      const judged = await judgeCase(suite.world, one, askable);
      results.push({ suite: suite.name, file, ...judged });
    }
  }
  const differing = results.filter((result) => !result.agrees);
  return {
    cases: results.length,
    agree: results.length - differing.length,
    differ: differing.length,
    results,
    lines: differing.flatMap((result) => [
      `✕ ${result.id} (${result.file})`,
      ...result.differences.map((difference) => `    ${difference}`),
      `    ${result.explanation.sentence}`,
    ]),
  };
}
