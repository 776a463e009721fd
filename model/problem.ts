/**
 * What is wrong with a file a user wrote. Problems are collected, never thrown: a reader wants all of them
 * at once, each with the place and a way out. `code` is stable and documented; `message` may be reworded.
 */
export interface Position {
  /** Path as shown to the user (relative to the project folder where possible). */
  file: string;
  /** 1-based. */
  line: number;
  /** 1-based. */
  column: number;
}

export type Severity = 'error' | 'warning' | 'notice';

export interface Problem {
  /** Stable, kebab-case, e.g. `unknown-key`, `yaml-syntax`, `not-supported-yet`. */
  code: string;
  severity: Severity;
  message: string;
  /** Path of the field within a Kubernetes object, as `spec.rules[0].from[0].source`. */
  field?: string;
  hint?: string;
  /** Absent only when the problem is about a whole folder or about nothing on disk. */
  at?: Position;
  /** The page that tells more, relative to the repository. */
  docs?: string;
}

/** A value with the problems met on the way; without a value at least one of them is an error. */
export type Parsed<T> = { value: T; problems: Problem[] } | { value: null; problems: Problem[] };

/** `file:line:column: error code: message`, the form editors and GitHub can link; then the field, and the hint. */
export function formatProblem(problem: Problem): string {
  const place = problem.at ? `${problem.at.file}:${problem.at.line}:${problem.at.column}: ` : '';
  const hint = problem.hint ? `\n  hint: ${problem.hint}` : '';
  return `${place}${problem.severity} ${problem.code}: ${problem.message}${fieldOf(problem)}${hint}`;
}

/** Only where the message doesn't name it already; messages leave `spec` out. */
function fieldOf({ field, message }: Problem): string {
  const within = field?.replace(/^spec\.?/, '');
  return within && !message.includes(within) ? ` (${field})` : '';
}

/** Whether any of these keeps the file from being used. */
export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
}
