/** Brings an instance back whose engine or pod went away, as often as that takes; ends at a failure of its own. */
import { EnvironmentError } from '../../../model/environment-error.ts';
import type { EngineWatch } from './engine-watch.ts';
import type { PodContext } from './pod.ts';

export interface RecoveryParts {
  pods: Pick<PodContext, 'engine'>;
  watch: EngineWatch;
  /** Keeps the end of the session from coming before this. */
  track(work: Promise<void>): Promise<void>;
  /** Aborted at the end of the session. */
  closing: AbortSignal;
}

/** What is done of it by the instance itself. */
export interface RecoverySteps {
  /** Says that it is away, where it is. */
  tellAway(): Promise<void>;
  /** `since`: when the recovery began, in seconds of the clock. */
  bringBack(since: number, stop: AbortSignal): Promise<void>;
  failed(error: unknown): void;
}

export class Recovery {
  readonly #parts: RecoveryParts;
  readonly #steps: RecoverySteps;
  #running: { stop: AbortController; end: Promise<void> } | null = null;

  constructor(parts: RecoveryParts, steps: RecoverySteps) {
    this.#parts = parts;
    this.#steps = steps;
  }

  /** Nothing new where one is under way. */
  begin(): void {
    const { closing, track } = this.#parts;
    if (this.#running !== null || closing.aborted) return;
    const stop = new AbortController();
    const end = track(this.#run(Date.now() / 1000, AbortSignal.any([stop.signal, closing])))
      .catch(() => undefined)
      .finally(() => {
        this.#running = null;
      });
    this.#running = { stop, end };
  }

  /** Resolves when it is back, or won't be; at once where none is under way. */
  async ended(): Promise<void> {
    await this.#running?.end;
  }

  /** For somebody who starts or stops the instance; resolves when nothing of it goes on. */
  async giveUp(why: EnvironmentError): Promise<void> {
    this.#running?.stop.abort(why);
    await this.ended();
  }

  async #run(since: number, stop: AbortSignal): Promise<void> {
    for (;;) {
      await this.#steps.tellAway();
      try {
        await this.#parts.watch.answering(stop);
        return await this.#steps.bringBack(since, stop);
      } catch (error) {
        stop.throwIfAborted();
        const lostAgain = error instanceof EnvironmentError && error.code === 'pod-lost';
        if (!lostAgain && (await this.#parts.pods.engine.silence()) === null)
          return this.#steps.failed(error);
      }
    }
  }
}
