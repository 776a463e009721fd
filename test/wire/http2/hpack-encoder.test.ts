import { describe, expect, it } from 'vitest';
import { CREDENTIAL_FIELDS } from '../../../wire/credential-fields.ts';
import { HpackEncoder } from '../../../wire/http2/hpack-encoder.ts';
import { OutputBuffer } from '../../../wire/http2/output-buffer.ts';

type Field = [name: string, value: string];

/** One block, as hex. */
function encode(by: HpackEncoder, ...fields: Field[]): string {
  const output = new OutputBuffer();
  by.begin(output);
  for (const [name, value] of fields) by.write(output, name, value, new Set());
  return Buffer.from(output.take()).toString('hex');
}

const hexOf = (text: string): string => Buffer.from(text, 'latin1').toString('hex');

describe('what the encoder writes', () => {
  it.each<[string, Field, string]>([
    ['a whole entry of the static table as its index', [':method', 'GET'], '82'],
    ['the last of them', [':status', '500'], '8e'],
    ['a value with blanks', ['accept-encoding', 'gzip, deflate'], '90'],
    ['a name of several entries as the first of them', [':status', '418'], `0803${hexOf('418')}`],
    ['a name of the static table as its index', ['accept', 'x'], `0f04 01${hexOf('x')}`],
    ['index 15, which fills the prefix (§5.1)', ['accept-charset', 'x'], `0f00 01${hexOf('x')}`],
    ['the last entry’s name', ['www-authenticate', 'x'], `0f2e 01${hexOf('x')}`],
    ['any other name in full', ['custom-key', 'x'], `000a${hexOf('custom-key')} 01${hexOf('x')}`],
    ['a length of 126', ['age', 'x'.repeat(126)], `0f06 7e ${'78'.repeat(126)}`],
    ['a length of 127, which fills the prefix', ['age', 'x'.repeat(127)], `0f06 7f00 ${'78'.repeat(127)}`],
    ['a length of 254', ['age', 'x'.repeat(254)], `0f06 7f7f ${'78'.repeat(254)}`],
    ['a length of 255', ['age', 'x'.repeat(255)], `0f06 7f8001 ${'78'.repeat(255)}`],
  ])('%s', (_title, field, hex) => {
    expect(encode(new HpackEncoder(), field)).toBe(hex.replaceAll(' ', ''));
  });

  it.each(CREDENTIAL_FIELDS)('%s never as an indexed literal (§7.1.3), and never as an index', (name) => {
    const one = new HpackEncoder();
    for (let turn = 0; turn < 4; turn += 1)
      expect(Number.parseInt(encode(one, [name, 'secret']).slice(0, 2), 16) & 0xf0).toBe(0x10);
  });

  it('what it sees again into the table, Huffman coded as in RFC 7541 C.4.3, and then its index', () => {
    const one = new HpackEncoder();
    const field: Field = ['custom-key', 'custom-value'];
    encode(one, field);
    expect(encode(one, field)).toBe('408825a849e95ba97d7f8925a849e95bb8e8b4bf');
    expect(encode(one, field)).toBe('be');
    // The name alone, from the dynamic table.
    expect(encode(one, ['custom-key', 'x'])).toBe(`0f2f01${hexOf('x')}`);
    const other: Field = ['age', '{}'];
    encode(one, other);
    // Where Huffman coding makes nothing shorter it is left out.
    expect(encode(one, other)).toBe(`5502${hexOf('{}')}`);
    expect(encode(one, field, other)).toBe('bfbe');
  });

  it('nothing into the table that is longer than 512 bytes', () => {
    const one = new HpackEncoder();
    const short: Field = ['x-a', 'v'.repeat(509)];
    const long: Field = ['x-b', 'v'.repeat(510)];
    for (let turn = 0; turn < 3; turn += 1) encode(one, short, long);
    expect(encode(one, short)).toHaveLength(2);
    expect(encode(one, long).length).toBeGreaterThan(1_000);
  });
});

describe('the size of the encoder’s table (RFC 7541 §4.2, §6.3)', () => {
  it.each<[string, number[], string]>([
    ['nothing where it stays as it was', [4_096], ''],
    ['nothing where the peer offers more than we use', [100_000], ''],
    ['the size of C.1.2', [1_337], '3f9a0a'],
    ['the size of C.1.1', [10], '2a'],
    ['zero once', [0], '20'],
    ['the same size once', [10, 10], '2a'],
    ['a smaller one after a larger one alone', [100, 10], '2a'],
    ['the smallest and the last', [100, 10, 50], '2a3f13'],
    ['the smallest and the last, also where that is the first', [10, 4_096], '2a3fe11f'],
  ])('is told at the beginning of a block: %s', (_title, sizes, hex) => {
    const one = new HpackEncoder();
    for (const size of sizes) one.setMaxTableBytes(size);
    expect(encode(one)).toBe(hex);
    expect(encode(one)).toBe('');
  });

  it('lets in what just fits, and nothing larger', () => {
    const field: Field = ['x-a', 'bcd'];
    for (const [size, indexed] of [
      [38, true],
      [37, false],
    ] as const) {
      const one = new HpackEncoder();
      one.setMaxTableBytes(size);
      for (let turn = 0; turn < 2; turn += 1) encode(one, field);
      expect(encode(one, field) === 'be').toBe(indexed);
    }
  });
});

describe('names that a peer makes up for ever', () => {
  /** Names of RFC 7541 Appendix A. */
  const STATIC_NAMES = 52;

  it('are forgotten from the 257th on, those in a table apart', () => {
    const one = new HpackEncoder();
    const kept: Field = ['x-tenant', 'blue'];
    for (let turn = 0; turn < 2; turn += 1) encode(one, kept);
    encode(one, ['x-once', 'a']);
    for (let turn = 0; turn < 300; turn += 1) encode(one, [`x-${turn}`, 'a']);
    expect(encode(one, kept)).toBe('be');
    expect(encode(one, [':method', 'GET'])).toBe('82');
    expect(encode(one, ['age', '1'])).toBe(`0f0601${hexOf('1')}`);
    // Seen for the first time again: a literal, not one for the table.
    expect(encode(one, ['x-once', 'a']).startsWith('00')).toBe(true);
  });

  it('are remembered before that', () => {
    const one = new HpackEncoder();
    encode(one, ['x-once', 'a']);
    for (let turn = 1; turn < 256 - STATIC_NAMES; turn += 1) encode(one, [`x-${turn}`, 'a']);
    expect(encode(one, ['x-once', 'a']).startsWith('40')).toBe(true);
    const other = new HpackEncoder();
    encode(other, ['x-once', 'a']);
    for (let turn = 1; turn < 257 - STATIC_NAMES; turn += 1) encode(other, [`x-${turn}`, 'a']);
    expect(encode(other, ['x-once', 'a']).startsWith('00')).toBe(true);
  });
});
