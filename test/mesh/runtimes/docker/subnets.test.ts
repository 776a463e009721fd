import { describe, expect, it } from 'vitest';
import { hostRoutes, subnetCandidates } from '../../../../mesh/runtimes/docker/subnets.ts';

const header = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
const route = (destination: string, mask: string) =>
  `eth0\t${destination}\t00000000\t0001\t0\t0\t0\t${mask}\t0\t0\t0\n`;
const take = (count: number, seed: string, table = header) => {
  const candidates = subnetCandidates(seed, hostRoutes(table));
  return Array.from({ length: count }, () => candidates.next().value);
};

describe('subnets of pods', () => {
  it('leave out what this machine has a route to', () => {
    // 198.18.0.0/16 is somebody's VPN.
    const taken = take(40_000, 'any', header + route('000012C6', '0000FFFF'));
    expect(taken.every(({ cidr }) => cidr.startsWith('198.19.'))).toBe(true);
  });

  it('leave out a single routed host', () => {
    // 198.18.0.9/32 lies in the second block.
    const taken = take(16_384, 'any', header + route('090012C6', 'FFFFFFFF'));
    expect(taken.map(({ cidr }) => cidr)).not.toContain('198.18.0.8/29');
    expect(taken.map(({ cidr }) => cidr)).toContain('198.18.0.0/29');
  });

  it('are not kept away by the default route', () => {
    expect(hostRoutes(header + route('00000000', '00000000'))).toEqual([]);
  });

  it('are all of the range, once each, before the first comes again', () => {
    const taken = take(16_385, 'any').map(({ cidr }) => cidr);
    expect(new Set(taken).size).toBe(16_384);
    expect(taken[16_384]).toBe(taken[0]);
  });

  it('have their gateway as first address and begin elsewhere for another session', () => {
    const [one] = take(1, 'one');
    const [two] = take(1, 'two');
    expect(one?.cidr).toMatch(/^198\.1[89]\.\d+\.\d+\/29$/);
    expect(one?.gateway).toBe(
      one?.cidr.replace(/(\d+)\/29$/, (_all, last: string) => String(Number(last) + 1)),
    );
    expect(one).not.toEqual(two);
  });
});
