/** Which policies an event's version had, kept for as long as a session lasts. */
import { describe, expect, it } from 'vitest';
import type { MeshPolicies } from '../../mesh/mesh-policies.ts';
import { PoliciesByVersion } from '../../mesh/policies-by-version.ts';

const FIRST: MeshPolicies = {};
const SECOND: MeshPolicies = { web: {} };

describe('policies by version', () => {
  it('are none before the first snapshot, and for a version that is not in force yet', () => {
    const kept = new PoliciesByVersion();
    expect(kept.of(1)).toBeUndefined();
    kept.inForce(1, FIRST);
    expect(kept.of(0)).toBeUndefined();
    expect(kept.of(2)).toBeUndefined();
  });

  it('are those that the version was in force with, however many had the same', () => {
    const kept = new PoliciesByVersion();
    const told = [FIRST, FIRST, SECOND, SECOND, FIRST].map((policies, index) =>
      kept.inForce(index + 1, policies),
    );
    expect(told).toEqual(['changed', 'same', 'changed', 'same', 'changed']);
    const found = [1, 2, 3, 4, 5].map((version) => kept.of(version));
    expect(found.map((one) => one === FIRST)).toEqual([true, true, false, false, true]);
    expect(found[2]).toBe(SECOND);
    expect(found[3]).toBe(SECOND);
  });

  it('do not grow with renewals of certificates', () => {
    const kept = new PoliciesByVersion();
    for (let version = 1; version <= 1_000; version += 1) kept.inForce(version, FIRST);
    expect(kept.size).toBe(1);
    expect(kept.of(1)).toBe(FIRST);
    expect(kept.of(1_000)).toBe(FIRST);
  });
});
