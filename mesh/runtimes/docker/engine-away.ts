/** An engine that went away: told from one that refuses, and said in words that help. */
import { EnvironmentError } from '../../../model/environment-error.ts';
import { messageOf } from '../../../model/message-of.ts';

/** What to do about an engine that is away, wherever that is noticed. */
export const START_THE_ENGINE =
  'start it again (Linux: sudo systemctl start docker; else Docker Desktop, colima start); `greenroom doctor` shows whether it answers';

/** The connection to the engine failed or broke: whatever was asked may or may not have been done. */
export class EngineAway extends EnvironmentError {
  /** `what`: as `start the container x`. */
  constructor(what: string, cause: unknown) {
    super('engine-away', `The Docker engine went away and did not ${what}: ${whyNoAnswer(cause)}`, {
      hint: START_THE_ENGINE,
      cause,
    });
  }
}

/** Whether the engine gave no answer at all: an error of the connection, not one of the engine's. */
export function isConnectionError(cause: unknown): boolean {
  if (!(cause instanceof Error) || 'statusCode' in cause) return false;
  if (cause.message === 'aborted' || cause.message === 'socket hang up') return true;
  return (
    'code' in cause && typeof cause.code === 'string' && /^(E[A-Z]+|ERR_STREAM_[A-Z_]+)$/.test(cause.code)
  );
}

/** Why an engine doesn't answer, short. */
export function whyNoAnswer(cause: unknown): string {
  const code =
    typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string'
      ? cause.code
      : '';
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return `nobody listens at its address (${code})`;
  if (typeof cause === 'string') return cause;
  if (code === 'EACCES') return 'this user may not open its socket any more (EACCES)';
  return messageOf(cause);
}
