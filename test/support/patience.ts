/** Waits for a fact instead of a time. */
import { setTimeout as pause } from 'node:timers/promises';

/** Resolves with the first value of `look` that is neither null nor false; fails, saying what, when none comes. */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  patienceMs = 15_000,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen as NonNullable<T>;
    if (performance.now() > deadline) throw new Error(`never happened within ${patienceMs} ms: ${what}`);
    await pause(10);
  }
}
