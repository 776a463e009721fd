/** The way to a running mesh. What a failed or aborted start had opened is closed again before it rejects. */
import { RunningSession } from './running-session.ts';
import type { Session, StartSessionOptions } from './session.ts';

/**
 * Resolves when every service is ready. Rejects with an `EnvironmentError` that says what was in the way, or with
 * the reason of `options.signal`; nothing is left then.
 */
export async function startSession(options: StartSessionOptions): Promise<Session> {
  const session = new RunningSession(options);
  try {
    await session.start();
    return session;
  } catch (error) {
    await session.stop();
    throw error;
  }
}
