/**
 * Which policies were in force with which version of the snapshot, so that old events can be explained. Most versions
 * (a renewal, a fault, a restart) change none: only changes take memory.
 */
import type { MeshPolicies } from './mesh-policies.ts';

export class PoliciesByVersion {
  /** By the first version that had them, ascending. */
  readonly #changes: { since: number; policies: MeshPolicies }[] = [];
  #newest = 0;

  /** How many are kept. */
  get size(): number {
    return this.#changes.length;
  }

  /** Notes what is in force from `version` on; versions ascend. */
  inForce(version: number, policies: MeshPolicies): 'changed' | 'same' {
    this.#newest = version;
    if (this.#changes.at(-1)?.policies === policies) return 'same';
    this.#changes.push({ since: version, policies });
    return 'changed';
  }

  /** Policies that were in force with a version; undefined = it isn't in force yet, or nothing was. */
  of(version: number): MeshPolicies | undefined {
    if (version > this.#newest) return undefined;
    return this.#changes.findLast(({ since }) => since <= version)?.policies;
  }
}
