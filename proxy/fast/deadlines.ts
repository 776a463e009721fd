/** One coarse timer for all connections of the fast lane, where each would otherwise need its own. */
import type { Limits } from '../limits.ts';

/** Something that is given up when its time is over. */
export interface Expiring {
  /** By the clock of its `Deadlines`, ms. */
  readonly deadline: number;
  expire(): void;
}

const LONGEST_TICK_MS = 250;

export class Deadlines {
  /** Ms on the monotonic clock, as of the last tick. */
  now = performance.now();
  readonly #watched = new Set<Expiring>();
  readonly #timer: NodeJS.Timeout;

  /** `swept` is called with each tick. */
  constructor({ headerTimeoutMs, idleTimeoutMs, keepAliveTimeoutMs }: Limits, swept: (now: number) => void) {
    const shortest = Math.min(headerTimeoutMs, idleTimeoutMs, keepAliveTimeoutMs);
    const tickMs = Math.max(1, Math.min(LONGEST_TICK_MS, Math.ceil(shortest / 4)));
    this.#timer = setInterval(() => {
      this.now = performance.now();
      for (const one of this.#watched) if (one.deadline < this.now) one.expire();
      swept(this.now);
    }, tickMs).unref();
  }

  watch(one: Expiring): void {
    this.#watched.add(one);
  }

  unwatch(one: Expiring): void {
    this.#watched.delete(one);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#watched.clear();
  }
}
