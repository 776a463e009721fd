import { describe, expect, it } from 'vitest';
import { restartPause } from '../../../../mesh/runtimes/docker/restart-pause.ts';

describe('a service that ended', () => {
  it('stays so without a rule, after a good end on failure only, and after its attempts', () => {
    expect(restartPause(undefined, 1, 0)).toBeNull();
    expect(restartPause({ when: 'on-failure', attempts: null }, 0, 0)).toBeNull();
    expect(restartPause({ when: 'on-failure', attempts: 2 }, 1, 2)).toBeNull();
  });

  it('starts again after a pause that doubles up to a minute', () => {
    const rule = { when: 'always', attempts: null } as const;
    expect([0, 1, 2, 9, 10, 10_000].map((earlier) => restartPause(rule, 0, earlier))).toEqual([
      100, 200, 400, 51_200, 60_000, 60_000,
    ]);
  });
});
