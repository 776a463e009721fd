/** Two failures in one: why something failed, and what could not be cleared away afterwards. */
import { EnvironmentError } from '../model/environment-error.ts';

/** Why it failed comes first, and then what is left of it. `what`: of what, as `the start`. */
export function withRemains(what: string, error: unknown, remains: unknown): unknown {
  if (!(error instanceof EnvironmentError) || !(remains instanceof EnvironmentError))
    return new AggregateError([error, remains], `${what} failed, and not everything of it could be closed`);
  const { code, message, hint, lines } = error;
  return new EnvironmentError(code, message, {
    lines: [...lines, remains.message],
    // It says how to get rid of it.
    hint: remains.hint ?? hint ?? '',
    cause: error,
  });
}
