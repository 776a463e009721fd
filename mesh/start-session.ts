/** The way to a running mesh. What a failed or aborted start had opened is closed again before it rejects. */
import { EnvironmentError } from '../model/environment-error.ts';
import { RunningSession } from './running-session.ts';
import type { Session, StartSessionOptions } from './session.ts';

/** A session from its first moment: its state, its events and its logs can be read while it starts. */
export interface OpenedSession {
  session: Session;
  /**
   * Resolves when every service is ready. Rejects with an `EnvironmentError` that says what was in the way, or with
   * the reason of `options.signal`; nothing is left then.
   */
  started: Promise<void>;
}

/** Rejects, as `started` does, where not even a recording could be opened. */
export async function openSession(options: StartSessionOptions): Promise<OpenedSession> {
  const session = new RunningSession(options);
  const started = session.start().catch(async (error: unknown) => {
    const remains = await session.stop().then(
      () => null,
      (reason: unknown) => reason,
    );
    throw remains === null ? error : withRemains(error, remains);
  });
  if (!session.isOpen) await started;
  // Whoever opened it may be busy until it asks; a failure waits for it.
  started.catch(() => undefined);
  return { session, started };
}

/** `openSession`, and waits until every service is ready. */
export async function startSession(options: StartSessionOptions): Promise<Session> {
  const { session, started } = await openSession(options);
  await started;
  return session;
}

/** Why it failed comes first, and then what is left of it. */
function withRemains(error: unknown, remains: unknown): unknown {
  if (!(error instanceof EnvironmentError) || !(remains instanceof EnvironmentError))
    return new AggregateError([error, remains], 'the start failed, and not everything of it could be closed');
  const { code, message, hint, lines } = error;
  return new EnvironmentError(code, message, {
    lines: [...lines, remains.message],
    // It says how to get rid of it.
    hint: remains.hint ?? hint ?? '',
    cause: error,
  });
}
