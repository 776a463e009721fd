/** The estimate of nesting is an upper bound that real files stay far below. */
import { describe, expect, it } from 'vitest';
import { MAX_NESTING, nestsTooDeep } from '../../model/yaml-nesting.ts';

describe('nestsTooDeep', () => {
  it('says where the limit is crossed', () => {
    expect(nestsTooDeep(`a: 1\n${'['.repeat(MAX_NESTING + 1)}`)).toEqual({
      line: 2,
      column: MAX_NESTING + 1,
    });
  });

  it('counts what is open, not what was opened', () => {
    expect(nestsTooDeep('[1]\n'.repeat(1_000))).toBeNull();
    expect(nestsTooDeep('- a\n'.repeat(1_000))).toBeNull();
  });

  it('starts anew with each document', () => {
    expect(nestsTooDeep(`${'['.repeat(150)}\n---\n${'['.repeat(150)}`)).toBeNull();
  });

  it('reads long indented text as flat', () => {
    expect(nestsTooDeep(`a: |\n${`${' '.repeat(500)}text\n`.repeat(300)}`)).toBeNull();
  });
});
