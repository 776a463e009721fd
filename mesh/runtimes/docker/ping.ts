/** Whether an engine answers. */

/** What dockerode takes and its types don't know. */
interface AbortablePing {
  ping(options: { abortSignal: AbortSignal }): Promise<unknown>;
}

/** Somebody took the question, and said nothing for so long. */
export class NoAnswerInTime extends Error {
  constructor(withinMs: number, cause: unknown) {
    super(`no answer within ${withinMs / 1000} s`, { cause });
  }
}

/** Resolves with an engine's answer; rejects where it has none, with `NoAnswerInTime` after so many milliseconds. */
export async function pinged(docker: object, withinMs: number): Promise<void> {
  const signal = AbortSignal.timeout(withinMs);
  try {
    await (docker as AbortablePing).ping({ abortSignal: signal });
  } catch (cause) {
    throw signal.aborted ? new NoAnswerInTime(withinMs, cause) : cause;
  }
}
