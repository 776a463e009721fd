import { expect, it } from 'vitest';
import { Availability } from '../../mesh/availability.ts';

it('says once that an instance went, and once that it came back', () => {
  const availability = new Availability();
  expect(availability.changedBy('a', 'starting')).toBe(false);
  expect(availability.changedBy('a', 'ready')).toBe(false);
  expect(availability.changedBy('a', 'restarting')).toBe(true);
  expect(availability.changedBy('a', 'failed')).toBe(false);
  expect([...availability.down]).toEqual(['a']);
  expect(availability.changedBy('a', 'ready')).toBe(true);
  expect([...availability.down]).toEqual([]);
});

it('gives a set that later changes leave alone', () => {
  const availability = new Availability();
  availability.changedBy('a', 'stopped');
  const { down } = availability;
  availability.changedBy('b', 'stopped');
  expect([...down]).toEqual(['a']);
});
