/** Bytes that nobody has read yet: as they came, in few pieces. */
import { expect, test } from 'vitest';
import { KeptBytes } from '../../proxy/mux/kept-bytes.ts';

function all(kept: KeptBytes): Buffer[] {
  const pieces: Buffer[] = [];
  for (let next = kept.take(); next !== null; next = kept.take()) pieces.push(next);
  return pieces;
}

test("a window that comes byte by byte is kept in few pieces, none of them another one's memory", () => {
  const kept = new KeptBytes();
  const sent = Buffer.from(Array.from({ length: 262_144 }, (_, at) => (at + (at >> 8)) & 255));
  for (let at = 0; at < sent.length; at += 1) kept.add(sent.subarray(at, at + 1));
  const pieces = all(kept);
  expect(Buffer.concat(pieces).equals(sent)).toBe(true);
  expect(pieces).toHaveLength(64);
  expect(pieces.every(({ buffer }) => buffer.byteLength === 4_096)).toBe(true);
});

test('pieces of any lengths keep their order, taken at any time; what was lent may change afterwards', () => {
  const kept = new KeptBytes();
  const sent: Buffer[] = [];
  const taken: Buffer[] = [];
  for (let index = 0; index < 500; index += 1) {
    const lent = Buffer.alloc([1, 90, 2_000, 2_048, 2_049, 4_096, 20_000][index % 7] ?? 0, index);
    sent.push(Buffer.from(lent));
    kept.add(lent);
    lent.fill(0);
    if (index % 3 === 0) taken.push(kept.take() ?? Buffer.alloc(0));
  }
  taken.push(...all(kept));
  expect(Buffer.concat(taken).equals(Buffer.concat(sent))).toBe(true);
  expect(kept.isEmpty).toBe(true);
});

test('nothing is left when it is cleared', () => {
  const kept = new KeptBytes();
  kept.add(Buffer.alloc(9_000));
  kept.add(Buffer.from('x'));
  expect(kept.isEmpty).toBe(false);
  kept.clear();
  expect(kept.isEmpty).toBe(true);
  expect(kept.take()).toBeNull();
});
