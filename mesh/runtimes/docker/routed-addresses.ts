/** What this machine already sends somewhere: the kernel's routes of all tables, and its own addresses. */
import { readFileSync } from 'node:fs';

/** IPv4 addresses, first and last, as numbers. */
export interface AddressRange {
  first: number;
  last: number;
}

/**
 * Every destination of the kernel's forwarding tables except the default ones (a VPN may keep its routes in a table of
 * its own); empty where it doesn't tell: then only the engine judges.
 */
export function routedAddresses(tables: string = forwardingTables()): AddressRange[] {
  const ranges: AddressRange[] = [];
  let address: number | null = null;
  for (const line of tables.split('\n')) {
    const leaf = /^\s*\|-- (\S+)/.exec(line)?.[1];
    if (leaf !== undefined) address = toNumber(leaf);
    const bits = /^\s*\/(\d+) \S+ \S+/.exec(line)?.[1];
    if (bits === undefined || address === null || bits === '0') continue;
    ranges.push(rangeOf(address, Number(bits)));
  }
  return ranges;
}

/** `10.0.0.0/8`; null = it isn't one. The address may be any of the range. */
export function parseRange(text: string): AddressRange | null {
  const [, dotted = '', bits = ''] = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(text) ?? [];
  const address = toNumber(dotted);
  return address === null || bits === '' || Number(bits) > 32 ? null : rangeOf(address, Number(bits));
}

/** `10.0.0.1`. */
export function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

function rangeOf(address: number, bits: number): AddressRange {
  const size = 2 ** (32 - bits);
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1 };
}

function toNumber(text: string): number | null {
  const bytes = text.split('.').map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => !Number.isInteger(byte) || byte > 255)) return null;
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** The IPv4 tables as a trie; other systems have no such file. */
function forwardingTables(): string {
  try {
    return readFileSync('/proc/net/fib_trie', 'utf8');
  } catch {
    return '';
  }
}
