/** Work that is done one after the other, in the order in which it was asked for; what fails stops nobody else. */
export class InTurn {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves, or rejects, with what `work` does when its turn has come. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Resolves when all that was asked for so far is done. */
  async settled(): Promise<void> {
    await this.#last;
  }
}
