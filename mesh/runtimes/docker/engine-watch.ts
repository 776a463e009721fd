/**
 * Whether the engine is there, for as long as a session runs: noticed at once when it ends, within seconds when it
 * hangs, and asked until it answers again. What has to be done about either is others' part.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { EngineAbsence } from '../../../model/session-state.ts';
import type { Engine } from './engine.ts';

/** An engine that hangs breaks nothing off. */
const ASK_UNASKED_MS = 5_000;
const ASK_AGAIN_MS = 500;

export class EngineWatch {
  readonly #engine: Pick<Engine, 'silence' | 'brokenOff'>;
  readonly #tell: (absence: EngineAbsence | null) => void;
  #absence: EngineAbsence | null = null;
  /** Called with the next answer to a question that is asked after they came. */
  #waiting: (() => void)[] = [];
  #doubted = Promise.withResolvers<void>();

  /** `tell` is called when it goes, and with null when it answers again. */
  constructor(engine: Pick<Engine, 'silence' | 'brokenOff'>, tell: (absence: EngineAbsence | null) => void) {
    this.#engine = engine;
    this.#tell = tell;
  }

  /** As last seen; null = it answered. */
  get absence(): EngineAbsence | null {
    return this.#absence;
  }

  /** Watches until `signal`; never rejects. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#doubt(signal);
      while (!signal.aborted && !(await this.#answers()))
        await pause(ASK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Has it asked now; resolves when it answers, at once or when it is back. Rejects with the signal's reason. */
  answering(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const abort = (): void => reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.push(() => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
      this.#doubted.resolve();
    });
  }

  async #answers(): Promise<boolean> {
    const waiting = this.#waiting.splice(0);
    const why = await this.#engine.silence();
    if (why === null) {
      if (this.#absence !== null) this.#set(null);
      for (const told of waiting) told();
      return this.#waiting.length === 0;
    }
    this.#waiting.push(...waiting);
    if (this.#absence === null) this.#set({ why, since: Date.now() });
    return false;
  }

  /** Until there is a reason to ask. */
  async #doubt(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const patience = pause(ASK_UNASKED_MS, undefined, { signal: either }).catch(() => undefined);
    const reasons = [this.#doubted.promise, this.#engine.brokenOff(either), patience];
    await Promise.race(reasons).finally(() => over.abort());
    this.#doubted = Promise.withResolvers();
  }

  #set(absence: EngineAbsence | null): void {
    this.#absence = absence;
    this.#tell(absence);
  }
}
