/** The way to a running mesh. What a failed or aborted start had opened is closed again before it rejects. */
import { RunningSession } from './running-session.ts';
import type { Session, StartSessionOptions } from './session.ts';
import { withRemains } from './with-remains.ts';

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
    throw remains === null ? error : withRemains('the start', error, remains);
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
