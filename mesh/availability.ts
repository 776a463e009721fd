/** Which instances can be called: those that are down are nobody's endpoints. */
import type { InstanceStatus } from '../model/session-state.ts';

const DOWN: ReadonlySet<InstanceStatus> = new Set(['restarting', 'stopping', 'stopped', 'failed']);

export class Availability {
  readonly #down = new Set<string>();

  /** Instances that are down, as of now. */
  get down(): ReadonlySet<string> {
    return new Set(this.#down);
  }

  /** Whether this status changes what can be called. */
  changedBy(instance: string, status: InstanceStatus): boolean {
    const before = this.#down.size;
    if (DOWN.has(status)) this.#down.add(instance);
    if (status === 'ready') this.#down.delete(instance);
    return before !== this.#down.size;
  }
}
