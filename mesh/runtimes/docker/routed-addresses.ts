/** What this machine already sends somewhere: the kernel's routes of all tables, and its own addresses. */
import { readFileSync } from 'node:fs';
import { parseIpBlock, type IpBlock } from '../../../model/ip-block.ts';

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
  let address = '';
  for (const line of tables.split('\n')) {
    address = /^\s*\|-- (\S+)/.exec(line)?.[1] ?? address;
    const bits = /^\s*\/(\d+) \S+ \S+/.exec(line)?.[1];
    const range = bits === undefined || bits === '0' ? null : parseRange(`${address}/${bits}`);
    if (range !== null) ranges.push(range);
  }
  return ranges;
}

/** `10.0.0.0/8`; null = it isn't one. The address may be any of the range. */
export function parseRange(text: string): AddressRange | null {
  const block = parseIpBlock(text);
  return block?.bytes.length === 4 ? rangeOf(block) : null;
}

/** `10.0.0.1`. */
export function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

function rangeOf({ bytes, bits }: IpBlock): AddressRange {
  const size = 2 ** (32 - bits);
  const address = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1 };
}

/** The IPv4 tables as a trie; other systems have no such file. */
function forwardingTables(): string {
  try {
    return readFileSync('/proc/net/fib_trie', 'utf8');
  } catch {
    return '';
  }
}
