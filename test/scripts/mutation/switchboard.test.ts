import { describe, expect, it } from 'vitest';
import { activate, collectInto, switchboard } from '../../../scripts/mutation/switchboard.ts';

describe('the switches of mutants', () => {
  const board = switchboard();
  const { stryCov_9fa48: cover, stryMutAct_9fa48: isActive } = globalThis.greenroomMutants;

  it('end a loop that passes far more of them than without the mutant', () => {
    activate(board, '7', 10);
    const endless = (): void => {
      for (;;) cover('8');
    };
    expect(endless).toThrow('ran for too long');
    expect(board.exhausted).toBe(true);
  });

  it('turn on one mutant, and know whether its code ran', () => {
    activate(board, '7', 0);
    expect([isActive('8'), board.hit]).toEqual([false, false]);
    expect([isActive('7'), board.hit]).toEqual([true, true]);
  });

  it('note what is reached while no mutant is active', () => {
    const reached = new Set<string>();
    collectInto(board, reached);
    cover('1', '2');
    expect([...reached]).toEqual(['1', '2']);
    expect(isActive('7')).toBe(false);
  });
});
