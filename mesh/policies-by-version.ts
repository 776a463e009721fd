/**
 * Which policies were in force with which version of the snapshot, so that old events can be explained. Most versions
 * (a renewal, a fault, a restart) change none, and of the changes only the newest stay in memory: a session that is
 * edited for days would grow otherwise.
 */
import type { MeshPolicies } from './mesh-policies.ts';

/** Changes whose policies are kept here. */
const KEPT = 16;

export class PoliciesByVersion {
  /** First versions of all changes, ascending. */
  readonly #since: number[] = [];
  /** Of the newest changes, by their first version. */
  readonly #newest = new Map<number, MeshPolicies>();
  readonly #older: (since: number) => MeshPolicies | undefined;
  #latest: MeshPolicies | null = null;
  #version = 0;

  /** `older`: what was noted elsewhere as in force from this very version on. */
  constructor(older: (since: number) => MeshPolicies | undefined) {
    this.#older = older;
  }

  /** How many are kept. */
  get size(): number {
    return this.#newest.size;
  }

  /** Notes what is in force from `version` on; versions ascend. */
  inForce(version: number, policies: MeshPolicies): 'changed' | 'same' {
    this.#version = version;
    if (this.#latest === policies) return 'same';
    this.#latest = policies;
    this.#since.push(version);
    this.#newest.set(version, policies);
    const forgotten = this.#since.at(-1 - KEPT);
    if (forgotten !== undefined) this.#newest.delete(forgotten);
    return 'changed';
  }

  /** Policies that were in force with a version; undefined = it isn't in force yet, nothing was, or they are lost. */
  of(version: number): MeshPolicies | undefined {
    if (version > this.#version) return undefined;
    const since = this.#since.findLast((first) => first <= version);
    return since === undefined ? undefined : (this.#newest.get(since) ?? this.#older(since));
  }
}
