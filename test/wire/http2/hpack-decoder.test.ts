import { describe, expect, it } from 'vitest';
import { HpackDecoder, type ListLimits } from '../../../wire/http2/hpack-decoder.ts';

const LIMITS: ListLimits = { maxBytes: 60 * 1024, maxFields: 128 };

function decoder(limits: Partial<ListLimits> = {}, maxTableBytes = 4_096): HpackDecoder {
  return new HpackDecoder({ ...LIMITS, ...limits }, maxTableBytes);
}

/** Decodes a block that stands between other bytes. */
function decode(by: HpackDecoder, hex: string) {
  const bytes = Buffer.from(`8282${hex.replaceAll(' ', '')}008282`, 'hex');
  return by.decode(bytes, 2, bytes.length - 3);
}

const fields = (by: HpackDecoder, hex: string) => decode(by, hex)?.fields;

describe('a block that is broken', () => {
  it.each([
    ['index 0, with what could be a name and a value behind it (§6.1)', '80 0161 0162'],
    ['a value that is longer than the block', '4001610a6263'],
    ['a name that is longer than the block', '400a61'],
    ['a literal that ends before its name', '40'],
    ['a literal that ends before its value', '400161'],
    ['a literal with the name of index 62, which is empty', '7e0161'],
    ['a size that goes on behind the block', '3f'],
    ['a size of six bytes, and a field behind it', '3f80808080 82'],
    ['a value whose length has no end', '400161 7fffffffff'],
  ])('has %s', (_title, hex) => {
    expect(decode(decoder(), hex)).toBeNull();
  });

  it('has an integer above 2²⁴−1, whatever was promised', () => {
    // 2²⁴ and 2²⁴−1, less the 31 of the prefix (§5.1).
    expect(decode(decoder({}, 2 ** 25), '3fe1ffff07')).toBeNull();
    expect(fields(decoder({}, 2 ** 25), '3fe0ffff07 82')).toEqual([[':method', 'GET']]);
  });
});

describe('what a block may hold', () => {
  it.each<[string, string, [string, string][]]>([
    ['the last entry of the static table', 'bd', [['www-authenticate', '']]],
    ['the name of the last entry of the static table', '7d0161', [['www-authenticate', 'a']]],
    [
      'an integer with zeros at its end (§5.1)',
      `0001617f80808000${'62'.repeat(127)}`,
      [['a', 'b'.repeat(127)]],
    ],
    ['an empty value', '40016100', [['a', '']]],
    ['an empty value that is Huffman coded', '40016180', [['a', '']]],
    ['nothing', '', []],
  ])('%s', (_title, hex, expected) => {
    expect(fields(decoder(), hex)).toEqual(expected);
  });

  it('a Huffman coded value longer than any before', () => {
    // '0' is five zero bits (Appendix B): 5,000 bits of them.
    const coded = '00'.repeat(625);
    expect(fields(decoder(), `4001607ff203${'62'.repeat(625)}`)).toBeDefined();
    expect(fields(decoder(), `400161fff203${coded}`)).toEqual([['a', '0'.repeat(1_000)]]);
  });

  it('a literal that isn’t indexed, of which only one kind never may be (§6.2.2, §6.2.3)', () => {
    const one = decoder();
    expect(decode(one, '00 0161 0162')?.neverIndexed).toEqual(new Set());
    expect(decode(one, '10 0161 0162 10 0163 0164 00 0165 0166')?.neverIndexed).toEqual(new Set(['a', 'c']));
    expect(decode(one, 'be')).toBeNull();
  });
});

describe('the size of the table (RFC 7541 §4.2, §6.3)', () => {
  it('is the sender’s choice, within what we promised', () => {
    const one = decoder();
    expect(fields(one, '40 0161 0162')).toEqual([['a', 'b']]);
    expect(fields(one, 'be')).toEqual([['a', 'b']]);
    // To 0 and back to 4,096: what was there is gone.
    expect(fields(one, '20 3fe11f 82')).toEqual([[':method', 'GET']]);
    expect(decode(one, 'be')).toBeNull();
    expect(decode(decoder(), '3fe21f')).toBeNull();
  });

  it('changes before the first field only', () => {
    expect(decode(decoder(), '82 20')).toBeNull();
  });
});

describe('a list', () => {
  it('of just as many bytes and fields as are kept is whole, one more is cut and says why', () => {
    const pair = '00 0161 0162';
    expect(decode(decoder({ maxBytes: 4 }), pair + pair)).toMatchObject({ overflow: null });
    expect(decode(decoder({ maxBytes: 3 }), pair + pair)).toMatchObject({
      overflow: 'bytes',
      fields: [['a', 'b']],
    });
    expect(decode(decoder({ maxFields: 2 }), pair + pair)).toMatchObject({ overflow: null });
    expect(decode(decoder({ maxFields: 1 }), pair + pair)).toMatchObject({
      overflow: 'fields',
      fields: [['a', 'b']],
    });
  });

  it('stays cut for the reason for which it was cut first', () => {
    const long = `00 0161 10 ${'62'.repeat(16)}`;
    expect(
      decode(decoder({ maxFields: 1, maxBytes: 10 }), `00 0161 0162 00 0161 0162 ${long}`),
    ).toMatchObject({
      overflow: 'fields',
      fields: [['a', 'b']],
    });
    expect(decode(decoder({ maxFields: 1, maxBytes: 10 }), `${long} 00 0161 0162`)).toMatchObject({
      overflow: 'bytes',
      fields: [],
    });
  });
});
