/** How many of something there are at a place; above a bound further ones are turned away. */
export class Room {
  readonly #limit: number;
  readonly #counts = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts one more at `place`; false when there are as many as may be, and then it doesn't count. */
  enter(place: string): boolean {
    const count = this.#counts.get(place) ?? 0;
    if (count >= this.#limit) return false;
    this.#counts.set(place, count + 1);
    return true;
  }

  /** One that entered is done, whatever came of it. */
  leave(place: string): void {
    const count = this.#counts.get(place) ?? 0;
    if (count <= 1) this.#counts.delete(place);
    else this.#counts.set(place, count - 1);
  }
}
