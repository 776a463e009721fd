import { expect, it } from 'vitest';
import { pullRule } from '../../../model/compose/pull-rule.ts';

it.each(['', 'sometimes', 'refresh', 'every_', 'every_5', 'every_5y', 'every_-1h', 'Always'])(
  'refuses %j',
  (policy) => {
    expect(pullRule(policy)).toBeNull();
  },
);

it.each([
  ['always', { when: 'always' }],
  ['missing', { when: 'missing' }],
  ['if_not_present', { when: 'missing' }],
  ['never', { when: 'never' }],
  ['build', { when: 'build' }],
  ['daily', { when: 'older', thanMs: 24 * 3_600_000 }],
  ['weekly', { when: 'older', thanMs: 7 * 24 * 3_600_000 }],
  ['every_1w2d3h4m5s', { when: 'older', thanMs: 788_645_000 }],
])('reads %s', (policy, rule) => {
  expect(pullRule(policy)).toEqual(rule);
});
