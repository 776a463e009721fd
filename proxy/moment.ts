/**
 * A moment on two clocks: the wall's, which people compare with their own logs and which may jump, and the monotonic
 * one, by which a length of time is measured. Most calls on loopback take less than a millisecond.
 */
export interface Moment {
  /** Ms since the epoch. */
  readonly wallMs: number;
  /** `performance.now()`; means something within this process only. */
  readonly monotonicMs: number;
}

/** This moment. */
export function now(): Moment {
  return { wallMs: Date.now(), monotonicMs: performance.now() };
}

/** How long ago that was, in ms, to the microsecond. */
export function elapsedMs(since: Moment): number {
  return Math.max(0, Math.round((performance.now() - since.monotonicMs) * 1_000) / 1_000);
}
