import { describe, expect, it } from 'vitest';
import { parseIpAddress, parseIpBlock } from '../../model/ip-block.ts';

describe('parseIpBlock', () => {
  it.each([
    '',
    '*',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.1',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '1.2.3.4.5',
    ':::',
    '1::2::3',
    'g::',
    '::/129',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7',
    '::1.2.3',
    'fe80::1%eth0',
  ])('refuses %j', (text) => {
    expect(parseIpBlock(text)).toBeNull();
  });

  it.each([
    ['10.1.2.3', '0a010203', 32],
    ['10.1.2.3/16', '0a010203', 16],
    ['0.0.0.0/0', '00000000', 0],
    ['::/0', '0'.repeat(32), 0],
    ['2001:db8::1', '20010db8000000000000000000000001', 128],
    ['::ffff:10.1.2.3', '00000000000000000000ffff0a010203', 128],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008', 128],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000', 128],
  ])('reads %s', (text, hex, bits) => {
    const block = parseIpBlock(text);
    expect(block && { hex: Buffer.from(block.bytes).toString('hex'), bits: block.bits }).toEqual({
      hex,
      bits,
    });
  });

  it('takes no prefix for an address', () => {
    expect(parseIpAddress('10.0.0.0/8')).toBeNull();
  });
});
