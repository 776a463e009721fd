import { zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Octets } from '../../../proxy/events/octets.ts';

const MANY = 200_000;
/** Lines that differ a little, as heads do. */
const lines = Buffer.from(
  Array.from({ length: MANY / 20 }, (_, index) => `x-request-id: ${index}`.padEnd(20)).join(''),
);

describe('the bytes of a segment', () => {
  it.each([0, 8, 1_000, MANY])('come back as they were lent (%i)', (length) => {
    const octets = Octets.keep(lines.subarray(0, length));
    expect(Buffer.from(octets.bytes.octets).equals(lines.subarray(0, length))).toBe(true);
  });

  it.each([1_000, MANY])('are kept when what was lent is written over (%i)', (length) => {
    const lent = Buffer.from(lines.subarray(0, length));
    const octets = Octets.keep(lent);
    lent.fill(0);
    expect(Buffer.from(octets.bytes.octets).equals(lines.subarray(0, length))).toBe(true);
  });

  it('are packed in memory where they are many, and go to the disk so', () => {
    const octets = Octets.keep(lines);
    expect(octets.isPacked).toBe(true);
    expect(octets.size).toBeLessThan(MANY / 4);
    expect(octets.packed.byteLength).toBe(octets.size);
    expect(octets.packed.buffer.byteLength).toBe(octets.size);
    expect(zstdDecompressSync(octets.packed).equals(lines)).toBe(true);
  });

  it('are packed for the disk alone where they are few', () => {
    const octets = Octets.keep(lines.subarray(0, 1_000));
    expect(octets.isPacked).toBe(false);
    expect(octets.size).toBe(1_000);
    expect(zstdDecompressSync(octets.packed).equals(lines.subarray(0, 1_000))).toBe(true);
  });

  it.each(['authorization: Basic YTpi', 'x: eyJhbGciOiJub25lIn0'])(
    'are not packed with what may be a credential, so that it is found before the disk (%s)',
    (line) => {
      const octets = Octets.keep(Buffer.concat([lines, Buffer.from(line)]));
      expect(octets.isPacked).toBe(false);
    },
  );

  it('may be looked at again and again', () => {
    const octets = Octets.keep(lines);
    expect(octets.bytes.octets).toEqual(octets.bytes.octets);
  });
});
