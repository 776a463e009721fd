import { expect, it } from 'vitest';
import { ResetMemory } from '../../../wire/http2/reset-memory.ts';

it('remembers which of 1,024 streams were reset', () => {
  const memory = new ResetMemory();
  const ids = Array.from({ length: 1_024 }, (_, index) => 5 + index * 4);
  for (const id of ids) memory.add(id);
  expect(ids.every((id) => memory.has(id))).toBe(true);
  expect([1, 3, 7, 4_099].filter((id) => memory.has(id))).toEqual([]);
});

it('believes the best of streams older than the oldest that it had to forget', () => {
  const memory = new ResetMemory();
  for (let index = 0; index < 1_026; index += 1) memory.add(5 + index * 4);
  expect([1, 3, 5, 7, 9].every((id) => memory.has(id))).toBe(true);
  expect([11, 15].some((id) => memory.has(id))).toBe(false);
  expect(memory.has(13)).toBe(true);
});

it('never takes back what it believed once, in whatever order they were reset', () => {
  const memory = new ResetMemory();
  memory.add(4_001);
  for (let index = 0; index < 1_025; index += 1) memory.add(1 + index * 2);
  expect(memory.has(3_999)).toBe(true);
});
