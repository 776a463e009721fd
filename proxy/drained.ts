/**
 * When an instance that nobody is sent to any more has answered what it was asked. A request may be on its way to it
 * still (its client chose it a moment before, and is shaking hands), so it counts only if it stays quiet for a while.
 */
const QUIET_MS = 200;
const ASK_EVERY_MS = 20;

/** Resolves when `isBusy` has said no for a while, or after `atMostMs`. */
export function untilQuiet(isBusy: () => boolean, atMostMs: number): Promise<void> {
  const startedAt = performance.now();
  let quietSince = startedAt;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const at = performance.now();
      if (isBusy()) quietSince = at;
      if (at - quietSince < QUIET_MS && at - startedAt < atMostMs) return;
      clearInterval(timer);
      resolve();
    }, ASK_EVERY_MS);
  });
}

/** Plain TCP connections by the instance that they came to. */
export class CarriedConnections {
  readonly #counts = new Map<string, number>();

  /** One more, until `end` is called. */
  begin(instance: string): { end(): void } {
    this.#counts.set(instance, this.of(instance) + 1);
    return {
      end: () => {
        const left = this.of(instance) - 1;
        if (left > 0) this.#counts.set(instance, left);
        else this.#counts.delete(instance);
      },
    };
  }

  of(instance: string): number {
    return this.#counts.get(instance) ?? 0;
  }
}
