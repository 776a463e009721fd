/** What an engine says no with, as errors that a person can read and a caller can tell apart. */
import { EnvironmentError } from '../../../model/environment-error.ts';
import { messageOf } from '../../../model/message-of.ts';
import { EngineAway, isConnectionError } from './engine-away.ts';
import { knownRefusal } from './refusal-words.ts';

/** The engine's HTTP status, kept for callers that can do something about it. */
class EngineRefusal extends EnvironmentError {
  readonly status: number | null;

  constructor(what: string, status: number | null, cause: unknown) {
    const why = messageOf(cause);
    const known = knownRefusal(why);
    super(known?.code ?? 'engine-refused', `The Docker engine did not ${what}: ${why}`, {
      ...(known ? { hint: known.hint } : {}),
      cause,
    });
    this.status = status;
  }
}

/** Whether the engine refused a subnet because another network has it; in Docker's words, or Podman's. */
export function isSubnetTaken(error: unknown): boolean {
  return (
    error instanceof EngineRefusal && /overlaps with other|already used on the host/i.test(error.message)
  );
}

/** The answer, or the engine's refusal to do `what`. */
export async function translated<T>(what: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (isConnectionError(cause)) throw new EngineAway(what, cause);
    throw new EngineRefusal(what, statusOf(cause), cause);
  }
}

/** Null where the engine says "no such thing" (404), "nothing to do" (304) or "being removed already" (409). */
export async function found<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error;
    if (error.status === 404 || error.status === 304) return null;
    if (error.status === 409 && /already in progress/.test(error.message)) return null;
    throw error;
  }
}

function statusOf(cause: unknown): number | null {
  const status =
    typeof cause === 'object' && cause !== null && 'statusCode' in cause ? cause.statusCode : null;
  return typeof status === 'number' ? status : null;
}
