import { describe, expect, it } from 'vitest';
import { type SidecarsUsage, sidecarShare, usageRate, type UsageSample } from '../../model/usage.ts';

const sidecars = (cpuMicros: number, work: SidecarsUsage['work']): SidecarsUsage => ({
  cpuMicros,
  memoryBytes: 1,
  work,
});
const before = sidecars(0, { a: { messages: 10, bytes: 0 } });
const now = sidecars(400_000, {
  a: { messages: 12, bytes: 0 },
  b: { messages: 1, bytes: 400_000 },
  c: { messages: 1, bytes: 0 },
});

describe('the share of the sidecars’ cost', () => {
  it('isn’t known where nobody had work', () => {
    expect(sidecarShare('a', now, now)).toBeNull();
  });

  it('goes by messages and bytes since the last look, and all shares are one', () => {
    const shares = ['a', 'b', 'c'].map((id) => sidecarShare(id, before, now) ?? 0);
    expect(shares).toEqual([2 / 8, 5 / 8, 1 / 8]);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(1);
  });

  it('of one without work is nothing', () => {
    expect(sidecarShare('d', before, now)).toBe(0);
  });
});

describe('what is used between two samples', () => {
  const sample = (atMs: number, cpuMicros: number, receivedBytes: number): UsageSample => ({
    atMs,
    services: { a: { cpuMicros, memoryBytes: 7, network: { receivedBytes, sentBytes: 0 } } },
    sidecars: atMs === 0 ? before : now,
  });

  it('is processors, and bytes a second', () => {
    expect(usageRate('a', sample(0, 0, 0), sample(2000, 1_000_000, 3000))).toEqual({
      cpu: 0.5,
      memoryBytes: 7,
      received: 1500,
      sent: 0,
      sidecarCpu: 0.05,
    });
  });

  it('isn’t known of a container that took another’s place', () => {
    expect(usageRate('a', sample(0, 9_000_000, 9), sample(2000, 10, 5))).toMatchObject({
      cpu: null,
      received: null,
      memoryBytes: 7,
    });
  });

  it('isn’t known of one that isn’t measured', () => {
    const { sidecars: _, ...rest } = sample(2000, 0, 0);
    expect(usageRate('b', { ...sample(0, 0, 0), sidecars: null }, { ...rest, sidecars: null })).toEqual({
      cpu: null,
      memoryBytes: null,
      received: null,
      sent: null,
      sidecarCpu: null,
    });
  });
});
