/**
 * The session's time. A rehearsal may move it (a `clock` step) to see certificates expire;
 * the offset travels in every snapshot, so the data plane judges by the same time.
 */
export interface Clock {
  /** Milliseconds since the epoch, as the rehearsal sees them. */
  now(): number;
  /** What was added to the wall clock, in milliseconds. */
  offsetMs(): number;
}

/** A clock that follows `wall` and can be moved. */
export function createClock(wall: () => number, initialOffsetMs = 0): Clock & { move(byMs: number): void } {
  let offset = initialOffsetMs;
  return {
    now: () => wall() + offset,
    offsetMs: () => offset,
    move: (byMs) => {
      offset += byMs;
    },
  };
}
