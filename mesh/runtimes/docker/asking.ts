/**
 * What an engine is asked, and how often it has answered: one that is busy may leave a ping waiting for longer
 * than one that is away would be waited for (a hundred containers that start at once, on two cores).
 */
import { EngineAway, whyNoAnswer } from './engine-away.ts';
import { translated } from './engine-errors.ts';
import { NoAnswerInTime } from './ping.ts';

export class Asking {
  /** A refusal is one too. */
  #answers = 0;

  /** The answer; rejects with the engine's refusal to do `what`, or with `EngineAway`. */
  async answer<T>(what: string, answer: Promise<T>): Promise<T> {
    try {
      const given = await translated(what, answer);
      this.#answers += 1;
      return given;
    } catch (error) {
      if (!(error instanceof EngineAway)) this.#answers += 1;
      throw error;
    }
  }

  /** Null where the engine answers `ping`, or has answered something else while the ping waited; else why not. */
  async silence(ping: () => Promise<void>): Promise<string | null> {
    const before = this.#answers;
    try {
      await ping();
      return null;
    } catch (cause) {
      return cause instanceof NoAnswerInTime && this.#answers > before ? null : whyNoAnswer(cause);
    }
  }
}
