import { describe, expect, it } from 'vitest';
import { putText, textOf } from '../../../wire/http2/byte-text.ts';

describe('bytes as text', () => {
  it.each([0, 1, 4_095, 4_096, 4_097, 8_192, 10_000, 1_000_000])(
    'come back the same, %i of them',
    (length) => {
      const bytes = Uint8Array.from({ length: length + 7 }, (_, index) => (index * 7) % 256);
      const text = textOf(bytes, 5, length + 5);
      expect(text).toBe(Buffer.from(bytes.subarray(5, length + 5)).toString('latin1'));
      const target = new Uint8Array(length + 7).fill(0xaa);
      putText(text, target, 3);
      expect([...target.subarray(0, 3), ...target.subarray(length + 3)]).toEqual(
        Array.from({ length: 7 }, () => 0xaa),
      );
      expect(Buffer.compare(target.subarray(3, length + 3), bytes.subarray(5, length + 5))).toBe(0);
    },
  );
});
