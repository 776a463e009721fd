/**
 * Which addresses an instance's network gets: eight each, by default out of the range that RFC 2544 keeps for test
 * benches, so that forty instances don't use up the engine's own pools (about thirty networks) and no office network
 * is shadowed. `GREENROOM_SUBNETS` names another range.
 */
import { EnvironmentError } from '../../../model/environment-error.ts';
import { type AddressRange, dotted, parseRange, routedAddresses } from './routed-addresses.ts';

const DEFAULT_RANGE = '198.18.0.0/15';
const BLOCK = 8; // a /29

export interface Subnet {
  cidr: string;
  gateway: string;
}

/** The range of all sessions on this machine, as it was written. */
export function subnetRange(environment: NodeJS.ProcessEnv = process.env): string {
  return environment['GREENROOM_SUBNETS'] || DEFAULT_RANGE;
}

/**
 * Candidates without end, beginning somewhere of the session's own, so that two sessions seldom try the same. Those
 * that this machine has a route to by then are left out; `next` throws `no-subnet` where all of them are.
 * @throws EnvironmentError `bad-subnet-range`
 */
export function subnetCandidates(
  seed: string,
  range: string = subnetRange(),
  routed: () => readonly AddressRange[] = routedAddresses,
): Iterator<Subnet, never> {
  const { first, blocks } = parsed(range);
  let index = hash(seed) % blocks;
  return {
    next() {
      const taken = routed();
      for (let tried = 0; tried < blocks; tried += 1) {
        const network = first + index * BLOCK;
        index = (index + 1) % blocks;
        if (!isRouted(network, taken))
          return { done: false, value: { cidr: `${dotted(network)}/29`, gateway: dotted(network + 1) } };
      }
      throw noSubnet(range);
    },
  };
}

/** How many networks the range has room for, and how many of these places this machine has no route to. */
export function subnetRoom(
  range: string = subnetRange(),
  routed: readonly AddressRange[] = routedAddresses(),
): { all: number; free: number } {
  const { first, blocks } = parsed(range);
  let free = 0;
  for (let index = 0; index < blocks; index += 1) if (!isRouted(first + index * BLOCK, routed)) free += 1;
  return { all: blocks, free };
}

function noSubnet(range: string): EnvironmentError {
  return new EnvironmentError('no-subnet', `no free network is left in ${range}`, {
    hint: 'networks of this machine or of the engine have it all: set GREENROOM_SUBNETS to another range, such as 10.213.0.0/16, or see `docker network ls`',
  });
}

function parsed(range: string): { first: number; blocks: number } {
  const addresses = parseRange(range);
  const blocks = addresses === null ? 0 : Math.floor((addresses.last - addresses.first + 1) / BLOCK);
  if (addresses === null || blocks === 0) {
    throw new EnvironmentError('bad-subnet-range', `GREENROOM_SUBNETS isn't a range of addresses: ${range}`, {
      hint: `such as ${DEFAULT_RANGE}; each instance takes a /29 of it`,
    });
  }
  return { first: addresses.first, blocks };
}

function isRouted(network: number, routed: readonly AddressRange[]): boolean {
  return routed.some(({ first, last }) => first < network + BLOCK && last >= network);
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x81_1c_9d_c5;
  for (const character of text)
    value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01_00_01_93) >>> 0;
  return value;
}
