/** How long a service that ended waits before it is started again: as the engine itself has it. */
import type { RestartRule } from '../../../model/container.ts';

const FIRST_MS = 100;
const LONGEST_MS = 60_000;
/** Having run that long it counts as started well. */
export const SETTLED_MS = 10_000;

/** Milliseconds, or null where it isn't started again. `earlier` = restarts in a row before this one. */
export function restartPause(rule: RestartRule | undefined, code: number, earlier: number): number | null {
  if (rule === undefined || (rule.when === 'on-failure' && code === 0)) return null;
  if (rule.attempts !== null && earlier >= rule.attempts) return null;
  return Math.min(FIRST_MS * 2 ** Math.min(earlier, 16), LONGEST_MS);
}
