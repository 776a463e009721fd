import type { Socket } from 'node:net';
import type { Core } from './core.ts';
import type { Admitted, Refused } from './admission.ts';
import { refuseUnheard } from './mtls-gate.ts';

/**
 * How many connections of a place have not yet shown what they are; above a bound further ones are turned away
 * unheard.
 */
export class Unfinished {
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

/** The gate's word by `accept`; nobody waits for it who comes to a listener that has its hands full. */
export async function whereThereIsRoom<Let extends Admitted>(
  { unfinished }: Core,
  { instance, key }: { instance: string; key: string },
  socket: Socket,
  accept: () => Promise<Let | Refused>,
): Promise<Let | Refused> {
  const place = `${instance}|${key}`;
  if (!unfinished.enter(place)) return refuseUnheard(socket);
  try {
    return await accept();
  } finally {
    unfinished.leave(place);
  }
}
