/**
 * The environment isn't there or doesn't do what it should: no engine, a port that is taken, a service that
 * exits at once. Not the user's files (those are `Problem`s) and not a bug. The CLI exits with 3.
 */
export class EnvironmentError extends Error {
  /** Stable, kebab-case: `port-taken`, `service-exited`, `service-not-ready`, `no-engine`, … */
  readonly code: string;
  readonly hint: string | null;
  /** Lines that help, e.g. the last ones of the service's log. */
  readonly lines: readonly string[];

  constructor(
    code: string,
    message: string,
    more: { hint?: string; lines?: readonly string[]; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'EnvironmentError';
    this.code = code;
    this.hint = more.hint ?? null;
    this.lines = more.lines ?? [];
  }
}
