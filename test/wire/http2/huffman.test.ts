import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodedBound, huffmanDecode, huffmanEncode, huffmanLength } from '../../../wire/http2/huffman.ts';
import { CODE_LENGTHS } from '../../../wire/http2/huffman-lengths.ts';

function encode(text: string): Uint8Array {
  const bytes = new Uint8Array(huffmanLength(text));
  huffmanEncode(text, bytes, 0);
  return bytes;
}

function decode(bytes: Uint8Array): string | null {
  const target = new Uint8Array(decodedBound(bytes.length));
  const length = huffmanDecode(bytes, 0, bytes.length, target);
  return length < 0 ? null : String.fromCharCode(...target.subarray(0, length));
}

describe('the Huffman code', () => {
  it.each([
    ['EOS', 'ffffffff'],
    ['EOS within a string', '1fffffffff'],
    ['padding of eight ones', 'ff'],
    ['padding that isn’t ones', '18'],
  ])('refuses %s', (_title, hex) => {
    expect(decode(Buffer.from(hex, 'hex'))).toBeNull();
  });

  it('fills the code space exactly, so that no bits mean nothing', () => {
    expect(CODE_LENGTHS).toHaveLength(257);
    expect(CODE_LENGTHS.reduce((sum, length) => sum + 2 ** (30 - length), 0)).toBe(2 ** 30);
  });

  it.each([
    ['www.example.com', 'f1e3c2e5f23a6ba0ab90f4ff'],
    ['no-cache', 'a8eb10649cbf'],
    ['302', '6402'],
    ['https://www.example.com', '9d29ad171863c78f0b97c8e9ae82ae43d3'],
    ['\x00\xff', 'ffc7ffffdd'],
  ])('writes %j as RFC 7541 has it', (text, hex) => {
    expect(Buffer.from(encode(text)).toString('hex')).toBe(hex);
  });

  it('reads back what it wrote', () => {
    const property = fc.property(
      fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) }),
      (text) => {
        expect(decode(encode(text))).toBe(text);
      },
    );
    fc.assert(property, { numRuns: 1_000 });
  });

  it('writes into the bytes of its length and no further, filled up with ones', () => {
    // 5, 8, 13 and 40 bits: with and without a rest.
    for (const text of ['0', '&', '0&', '01201201']) {
      const target = new Uint8Array(12).fill(0xaa);
      huffmanEncode(text, target, 1);
      const end = 1 + huffmanLength(text);
      expect(target[0]).toBe(0xaa);
      expect([...target.subarray(end)]).toEqual(Array.from({ length: 12 - end }, () => 0xaa));
      expect(decode(target.subarray(1, end))).toBe(text);
    }
  });

  it('has no code shorter than five bits, which bounds what comes out', () => {
    expect(decodedBound(5)).toBe(8);
    expect(decodedBound(12)).toBe(19);
    expect(decode(encode('0'.repeat(800)))).toBe('0'.repeat(800));
  });
});
