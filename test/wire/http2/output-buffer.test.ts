import { describe, expect, it } from 'vitest';
import { OutputBuffer } from '../../../wire/http2/output-buffer.ts';

describe('the output', () => {
  it('comes out in the order in which it went in, whatever its length', () => {
    const output = new OutputBuffer();
    const pieces = [1, 4_095, 4_096, 10_000, 0, 40_000].map((length, index) =>
      Buffer.alloc(length, index + 1),
    );
    for (const piece of pieces) output.append(piece);
    expect(Buffer.compare(output.take(), Buffer.concat(pieces))).toBe(0);
    expect(output).toHaveLength(0);
    expect(output.take()).toHaveLength(0);
  });

  it('is the taker’s to keep: nothing that is written later changes it', () => {
    const output = new OutputBuffer();
    for (const length of [10, 16_383, 16_384, 50_000]) {
      output.append(Buffer.alloc(length, 1));
      const taken = output.take();
      output.append(Buffer.alloc(length, 2));
      expect(Buffer.compare(taken, Buffer.alloc(length, 1))).toBe(0);
      expect(Buffer.compare(output.take(), Buffer.alloc(length, 2))).toBe(0);
    }
  });

  it('is copied where it is small, and handed over with a new buffer behind it where it is large', () => {
    const output = new OutputBuffer();
    output.append(new Uint8Array(16_383));
    const before = output.bytes;
    output.take();
    expect(output.bytes).toBe(before);
    output.append(new Uint8Array(16_384));
    const { buffer } = output.bytes;
    expect(output.take().buffer).toBe(buffer);
    expect(output.bytes).toHaveLength(4_096);
  });

  it('moves only when its room is used up, to twice as much', () => {
    const output = new OutputBuffer();
    const { bytes } = output;
    expect(output.reserve(4_096)).toBe(0);
    expect(output.bytes).toBe(bytes);
    expect(output.reserve(1)).toBe(4_096);
    expect(output.bytes).toHaveLength(8_192);
  });

  it('forgets what was cut off', () => {
    const output = new OutputBuffer();
    output.append(Buffer.from('abcdef'));
    output.truncate(2);
    output.append(Buffer.from('x'));
    expect(Buffer.from(output.take()).toString()).toBe('abx');
  });
});
