/**
 * Which addresses an instance's network gets: eight each, out of the range that RFC 2544 keeps for test benches, so
 * that forty instances don't use up the engine's own pools (about thirty networks) and no office network is shadowed.
 */
import { readFileSync } from 'node:fs';

const RANGE_START = 0xc6_12_00_00; // 198.18.0.0
const RANGE_SIZE = 0x2_00_00; // a /15
const BLOCK = 8; // a /29

export interface Subnet {
  cidr: string;
  gateway: string;
}

interface Route {
  network: number;
  mask: number;
}

/**
 * Candidates without end, beginning somewhere of the session's own, so that two sessions seldom try the same; those
 * that this machine has a route to are left out.
 */
export function* subnetCandidates(
  seed: string,
  routes: readonly Route[] = hostRoutes(),
): Generator<Subnet, never> {
  const blocks = RANGE_SIZE / BLOCK;
  for (let index = hash(seed) % blocks; ; index = (index + 1) % blocks) {
    const network = RANGE_START + index * BLOCK;
    if (routes.some((route) => overlaps(route, network))) continue;
    yield { cidr: `${dotted(network)}/29`, gateway: dotted(network + 1) };
  }
}

/** The kernel's routes except the default one; empty where it doesn't tell (then only the engine judges). */
export function hostRoutes(table: string = routeTable()): Route[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.split('\t');
      const network = littleEndian(fields[1]);
      const mask = littleEndian(fields[7]);
      return network === null || mask === null || mask === 0 ? [] : [{ network, mask }];
    });
}

function routeTable(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8');
  } catch {
    return '';
  }
}

/** A /29 and a route overlap when they agree under the shorter mask. */
function overlaps(route: Route, network: number): boolean {
  const mask = (route.mask & (0xff_ff_ff_ff - (BLOCK - 1))) >>> 0;
  return (route.network & mask) >>> 0 === (network & mask) >>> 0;
}

function littleEndian(field: string | undefined): number | null {
  if (field === undefined || !/^[0-9A-F]{8}$/i.test(field)) return null;
  return Number.parseInt((field.match(/../g) ?? []).reverse().join(''), 16);
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x81_1c_9d_c5;
  for (const character of text)
    value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01_00_01_93) >>> 0;
  return value;
}
