/** What an exit code says; design.md, "Command line". The one table from what went wrong to a code. */
import { EnvironmentError } from '../model/environment-error.ts';
import type { Problem } from '../model/problem.ts';
import { printable } from './output.ts';
import { problemLine } from './problem-line.ts';

export const EXIT = {
  passed: 0,
  differs: 1,
  wrongFile: 2,
  environment: 3,
  bug: 70,
  interrupted: 130,
} as const;

/**
 * Errors of a session that say: these words don't fit what runs. A wrong argument, as commander's are, wherever it is
 * found out; the environment is as it should be.
 */
const MISUSED: ReadonlySet<string> = new Set([
  'no-service',
  'not-a-service',
  'which-session',
  'replicas',
  'attached',
  'no-process',
  'no-container',
]);

/** The user's files can't be used; carries why. */
export class FilesError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(problemLine).join('\n'));
    this.name = 'FilesError';
    this.problems = problems;
  }
}

/** The user asked to stop. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}

/** Exit code and words (without a stack, unless it is a bug of ours) for an error. */
export function explainFailure(error: unknown): { code: number; text: string } {
  if (error instanceof Interrupted) return { code: EXIT.interrupted, text: 'interrupted' };
  if (error instanceof FilesError) return { code: EXIT.wrongFile, text: error.message };
  if (error instanceof EnvironmentError) {
    // Most often what a service wrote last.
    const lines = error.lines.map((line) => `  | ${printable(line)}`);
    // Both may quote an engine, and that the labels of others.
    const message = error.message.split('\n').map(printable).join('\n');
    const hint = error.hint === null ? [] : [`  hint: ${printable(error.hint)}`];
    return {
      code: MISUSED.has(error.code) ? EXIT.wrongFile : EXIT.environment,
      text: [`error ${error.code}: ${message}`, ...lines, ...hint].join('\n'),
    };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: EXIT.bug, text: `This is a bug in Greenroom, please report it with these lines:\n${stack}` };
}
