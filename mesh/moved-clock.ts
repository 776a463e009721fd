/** The session's clock: the one it was given, and whoever has to know hears when it is moved. */
import type { Clock } from '../model/clock.ts';

export interface MovableClock extends Clock {
  move(byMs: number): void;
}

/** `clock`, with `moved` called after each move. */
export function movedClock(clock: MovableClock, moved: () => void): MovableClock {
  return {
    now: () => clock.now(),
    offsetMs: () => clock.offsetMs(),
    move: (byMs) => {
      clock.move(byMs);
      moved();
    },
  };
}
