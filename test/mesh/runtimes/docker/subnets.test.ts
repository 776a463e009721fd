import { describe, expect, it } from 'vitest';
import { routedAddresses } from '../../../../mesh/runtimes/docker/routed-addresses.ts';
import { subnetCandidates, subnetRange, subnetRoom } from '../../../../mesh/runtimes/docker/subnets.ts';

const RANGE = '198.18.0.0/15';
/** The kernel's own words, of a VPN's table, the main one and the local one. */
const TABLES = `Id 51820:
  +-- 0.0.0.0/0 3 0 5
     |-- 198.18.0.0
        /16 universe UNICAST
Main:
  +-- 0.0.0.0/0 3 0 4
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 198.19.0.0/24 2 0 2
        |-- 198.19.0.9
           /32 link UNICAST
Local:
        |-- 127.0.0.0
           /8 host LOCAL
`;
const NONE = () => [];
const routed = () => routedAddresses(TABLES);
const take = (count: number, seed: string, taken: typeof routed = NONE, range = RANGE) => {
  const candidates = subnetCandidates(seed, range, taken);
  return Array.from({ length: count }, () => candidates.next().value);
};

describe('subnets of pods', () => {
  it.each(['198.18.0.0', 'fd00::/8', '10.0.0.0/33', '300.0.0.0/8', '10.0.0.0/30', 'all'])(
    'are refused where the range isn’t one: %s',
    (range) => {
      expect(() => take(1, 'any', NONE, range)).toThrow(
        `GREENROOM_SUBNETS isn't a range of addresses: ${range}`,
      );
    },
  );

  it('are refused when all of the range is routed', () => {
    expect(() => take(1, 'any', routed, '198.18.4.0/22')).toThrow('no free network is left in 198.18.4.0/22');
    // A route that came meanwhile.
    let now: ReturnType<typeof routed> = [];
    const candidates = subnetCandidates('any', '198.18.4.0/28', () => now);
    expect(candidates.next().value.cidr).toMatch(/^198\.18\.4\.[08]\/29$/);
    now = routed();
    expect(() => candidates.next()).toThrow('no free network');
  });

  it('leave out what this machine has a route to, in any of its tables', () => {
    const taken = take(9_000, 'any', routed);
    expect(taken.every(({ cidr }) => cidr.startsWith('198.19.'))).toBe(true);
  });

  it('leave out the block of a single routed host', () => {
    const taken = take(8_191, 'any', routed).map(({ cidr }) => cidr);
    expect(taken).not.toContain('198.19.0.8/29');
    expect(taken).toContain('198.19.0.0/29');
    expect(subnetRoom(RANGE, routed())).toEqual({ all: 16_384, free: 8_191 });
  });

  it('are not kept away by the default route', () => {
    expect(routed().map(({ first }) => first)).not.toContain(0);
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

  it('come from GREENROOM_SUBNETS where it is set', () => {
    expect(subnetRange({ GREENROOM_SUBNETS: '10.213.0.0/16' })).toBe('10.213.0.0/16');
    expect(subnetRange({ GREENROOM_SUBNETS: '' })).toBe(RANGE);
    expect(take(1, 'any', NONE, '10.213.7.1/29')[0]).toEqual({
      cidr: '10.213.7.0/29',
      gateway: '10.213.7.1',
    });
  });
});
