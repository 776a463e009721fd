import { describe, expect, it } from 'vitest';
import { blockContains, readBlock } from '../../wire/ip-block.ts';

function contains(block: string, address: string): boolean {
  const read = readBlock(block);
  if (read === null) throw new Error(`${block} is no block`);
  return blockContains(read, address);
}

describe('blockContains', () => {
  it.each([
    ['0.0.0.0/0', 'fd00::5'],
    ['10.1.2.3', '::ffff:10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['10.1.2.0/30', '10.1.2.4'],
    ['192.168.0.0/23', '192.168.2.0'],
    ['fd00::/8', 'fe00::1'],
    ['10.0.0.0/8', 'bogus'],
    ['10.0.0.0/8', '010.0.0.1'],
  ])('%s does not hold %s', (block, address) => {
    expect(contains(block, address)).toBe(false);
  });

  it.each([
    ['10.1.2.3/16', '10.1.255.255'],
    ['0.0.0.0/0', '203.0.113.9'],
    ['192.168.0.0/23', '192.168.1.255'],
    ['::/0', '2001:db8::1'],
    ['2001:db8::1', '2001:0db8:0:0:0:0:0:1'],
  ])('%s holds %s', (block, address) => {
    expect(contains(block, address)).toBe(true);
  });

  it('reads no block from what is none', () => {
    for (const text of ['10.1.2', '10.1.2.3/33', '::1/129', '10.1.2.3/', 'a.b.c.d', '10.1.2.3/-1']) {
      expect(readBlock(text), text).toBeNull();
    }
  });
});
