/** Which instances can be called: those that are down are nobody's endpoints. */
import type { InstanceStatus } from '../model/session-state.ts';

const DOWN: ReadonlySet<InstanceStatus> = new Set(['restarting', 'stopping', 'stopped', 'failed']);

export class Availability {
  readonly #down = new Set<string>();
  /** They don't come back, whatever becomes of them. */
  readonly #leaving = new Set<string>();

  /** Instances that are down, as of now. */
  get down(): ReadonlySet<string> {
    return new Set([...this.#down, ...this.#leaving]);
  }

  /** They are about to start: not to be called until they are ready. */
  expect(instances: readonly string[]): void {
    for (const instance of instances) this.#down.add(instance);
  }

  /** They are about to stop for good: not to be called any more. */
  retire(instances: readonly string[]): void {
    for (const instance of instances) this.#leaving.add(instance);
  }

  /** They are no part of the mesh any more. */
  forget(instances: readonly string[]): void {
    for (const instance of instances) {
      this.#down.delete(instance);
      this.#leaving.delete(instance);
    }
  }

  /** Whether this status changes what can be called. */
  changedBy(instance: string, status: InstanceStatus): boolean {
    const before = this.down.size;
    if (DOWN.has(status)) this.#down.add(instance);
    if (status === 'ready') this.#down.delete(instance);
    return before !== this.down.size;
  }
}
