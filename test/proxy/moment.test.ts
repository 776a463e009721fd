/** Lengths of time below a millisecond, and a wall clock that jumps. */
import { afterEach, expect, it, vi } from 'vitest';
import { elapsedMs, now } from '../../proxy/moment.ts';

afterEach(() => void vi.restoreAllMocks());

it('is measured below a millisecond, to the microsecond', () => {
  const start = { wallMs: 0, monotonicMs: 10 };
  vi.spyOn(performance, 'now').mockReturnValue(10.123_456);
  expect(elapsedMs(start)).toBe(0.123);
});

it('is neither negative nor long when the wall clock jumps', () => {
  vi.spyOn(performance, 'now').mockReturnValue(5);
  const wall = vi.spyOn(Date, 'now').mockReturnValue(1_000_000);
  const start = now();
  wall.mockReturnValue(0);
  expect(start.wallMs).toBe(1_000_000);
  expect(elapsedMs(start)).toBe(0);
  expect(elapsedMs({ wallMs: 0, monotonicMs: 6 })).toBe(0);
});
