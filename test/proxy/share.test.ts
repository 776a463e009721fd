import { describe, expect, it } from 'vitest';
import { shareOf, workerOf } from '../../proxy/share.ts';
import type { InstanceSnapshot, Snapshot } from '../../proxy/snapshot.ts';

const instances = ['web', 'orders', 'payments', 'web'].map(
  (workload, index) => ({ id: `${workload}-${index}`, workload }) as InstanceSnapshot,
);
const snapshot = { instances } as Snapshot;

describe("a worker's share", () => {
  it('has every sidecar on exactly one worker, those of a workload together', () => {
    const shares = [0, 1, 2].map((index) => shareOf(snapshot, { index, count: 3 }));
    expect(shares.flat().toSorted((a, b) => a.id.localeCompare(b.id))).toEqual(
      instances.toSorted((a, b) => a.id.localeCompare(b.id)),
    );
    expect(shares.filter((share) => share.some(({ workload }) => workload === 'web'))).toHaveLength(1);
  });

  it('is everything where there is one worker', () => {
    expect(shareOf(snapshot, { index: 0, count: 1 })).toEqual(instances);
    expect(workerOf('anything', 1)).toBe(0);
  });
});
