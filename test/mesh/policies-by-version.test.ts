/** Which policies an event's version had, kept for as long as a session lasts. */
import { describe, expect, it } from 'vitest';
import type { MeshPolicies } from '../../mesh/mesh-policies.ts';
import { PoliciesByVersion } from '../../mesh/policies-by-version.ts';

const FIRST: MeshPolicies = {};
const SECOND: MeshPolicies = { web: {} };
/** Where nothing was kept elsewhere. */
const NOWHERE = (): undefined => undefined;

describe('policies by version', () => {
  it('are none before the first snapshot, and for a version that is not in force yet', () => {
    const kept = new PoliciesByVersion(NOWHERE);
    expect(kept.of(1)).toBeUndefined();
    kept.inForce(1, FIRST);
    expect(kept.of(0)).toBeUndefined();
    expect(kept.of(2)).toBeUndefined();
  });

  it('are those that the version was in force with, however many had the same', () => {
    const kept = new PoliciesByVersion(NOWHERE);
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
    const kept = new PoliciesByVersion(NOWHERE);
    for (let version = 1; version <= 1_000; version += 1) kept.inForce(version, FIRST);
    expect(kept.size).toBe(1);
    expect(kept.of(1)).toBe(FIRST);
    expect(kept.of(1_000)).toBe(FIRST);
  });

  it('are few in memory after thousands of edits, and the others are asked for by the version of their edit', () => {
    const elsewhere = new Map<number, MeshPolicies>();
    const kept = new PoliciesByVersion((since) => elsewhere.get(since));
    for (let version = 1; version <= 6_000; version += 2) {
      const policies = { web: {} };
      elsewhere.set(version, policies);
      kept.inForce(version, policies);
      kept.inForce(version + 1, policies);
    }
    expect(kept.size).toBeLessThan(20);
    for (const version of [1, 2, 999, 1_000, 5_998, 5_999, 6_000])
      expect(kept.of(version)).toBe(elsewhere.get(version - ((version + 1) % 2)));
    elsewhere.clear();
    expect(kept.of(1)).toBeUndefined();
    expect(kept.of(6_000)).toBeDefined();
  });
});
