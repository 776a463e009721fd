/** What is done to one instance, one thing after the other, until it is to be removed: then only that. */
import type { EnvironmentError } from '../../../model/environment-error.ts';
import { InTurn } from '../../in-turn.ts';

export class MemberTurns {
  readonly #turns = new InTurn();
  readonly #retired = new AbortController();

  /** It is to be removed, whatever becomes of that. */
  get retired(): boolean {
    return this.#retired.signal.aborted;
  }

  /** Its `stop` is aborted with the caller's, or once it is to be removed; what comes later than that is rejected. */
  async run<T>(work: (stop: AbortSignal) => Promise<T>, asked?: AbortSignal): Promise<T> {
    const { signal } = this.#retired;
    const stop = asked === undefined ? signal : AbortSignal.any([asked, signal]);
    return await this.#turns.run(async () => {
      signal.throwIfAborted();
      return await work(stop);
    });
  }

  /** The end, after what is under way was given up for this reason. May be asked again. */
  async retire(why: EnvironmentError, work: () => Promise<void>): Promise<void> {
    this.#retired.abort(why);
    await this.#turns.run(work);
  }
}
