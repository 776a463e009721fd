/**
 * CIDR blocks as plain JSON (they cross threads inside a compiled policy) and whether an address lies in one.
 * Reading the text is model/ip-block.ts's: one grammar for what is checked and what decides.
 */
import { parseIpAddress, parseIpBlock } from '../model/ip-block.ts';

/** 4 or 16 bytes, and the length of the prefix that must agree. */
export interface ByteBlock {
  bytes: readonly number[];
  bits: number;
}

/** `10.1.0.0/16`, `10.1.2.3` or `fd00::/8` (host bits don't count); null when it is none. */
export function readBlock(text: string): ByteBlock | null {
  const block = parseIpBlock(text);
  return block === null ? null : { bytes: [...block.bytes], bits: block.bits };
}

/** Whether `address` lies in `block`; never across families, so `0.0.0.0/0` has no IPv6 address in it. */
export function blockContains(block: ByteBlock, address: string): boolean {
  const bytes = parseIpAddress(address);
  if (bytes === null || bytes.length !== block.bytes.length) return false;
  let bits = block.bits;
  for (let index = 0; bits > 0; index += 1, bits -= 8) {
    const shift = bits >= 8 ? 0 : 8 - bits;
    if ((block.bytes[index] ?? 0) >> shift !== (bytes[index] ?? 0) >> shift) return false;
  }
  return true;
}
