import { expect, it } from 'vitest';
import { counted } from '../../model/counted.ts';

it('one is one, and none are many', () => {
  expect([0, 1, 2].map((count) => counted(count, 'service'))).toEqual([
    '0 services',
    '1 service',
    '2 services',
  ]);
  expect(counted(2, 'policy', 'policies')).toBe('2 policies');
});
