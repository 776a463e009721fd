import { describe, expect, it } from 'vitest';
import { needleOf, partsOf } from '../../../renderer/reading/find-in-text.ts';

const parts = (text: string, asked: string): string[] => {
  const needle = needleOf(asked);
  return needle ? partsOf(text, needle) : [text];
};

describe('looking for text', () => {
  it('looks for nothing where nothing is asked for', () => {
    expect(needleOf('')).toBeNull();
  });

  it('takes what is asked for literally, a pattern’s characters too', () => {
    expect(needleOf('a.c')?.test('abc')).toBe(false);
    expect(parts('x (a|b)[1]{2}^$\\ y', '(A|B)[1]{2}^$\\')).toEqual(['x ', '(a|b)[1]{2}^$\\', ' y']);
  });

  it('finds every place in whatever case, and loses no character', () => {
    expect(parts('Tick İ tick TICK', 'tick')).toEqual(['', 'Tick', ' İ ', 'tick', ' ', 'TICK', '']);
  });
});
