import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AffixTrie, type TrieDirection } from '../../../policy/index/affix-trie.ts';
import { runs } from '../../support/runs.ts';

const texts = fc
  .array(fc.constantFrom('a', 'b', 'ab', 'ba', '/'), { maxLength: 6 })
  .map((parts) => parts.join(''));

function found(direction: TrieDirection, patterns: readonly string[], text: string): string[] {
  const trie = new AffixTrie<{ pattern: string }>(direction);
  for (const pattern of patterns) trie.ensure(pattern, () => ({ pattern }));
  const into: { pattern: string }[] = [];
  trie.collect(text, into);
  return into.map(({ pattern }) => pattern);
}

describe('a trie of prefixes or suffixes', () => {
  it('finds nothing in a text that only shares a part of an edge', () => {
    expect(found('forward', ['/admin/users'], '/admin/use')).toEqual([]);
    expect(found('backward', ['.example.com'], 'xample.com')).toEqual([]);
  });

  it('finds patterns that lie within each other, shortest first', () => {
    expect(found('forward', ['/api/v1', '/', '/api', '/b'], '/api/v1/x')).toEqual(['/', '/api', '/api/v1']);
    expect(found('backward', ['.com', 'example.com', '.org'], 'a.example.com')).toEqual([
      '.com',
      'example.com',
    ]);
  });

  it('finds the empty pattern in everything', () => {
    expect(found('forward', [''], '')).toEqual(['']);
    expect(found('backward', ['', 'a'], 'ba')).toEqual(['', 'a']);
  });

  it('keeps one value a pattern', () => {
    const trie = new AffixTrie<object>('forward');
    const first = trie.ensure('/a/b', () => ({}));
    trie.ensure('/a/c', () => ({}));
    expect(trie.ensure('/a/b', () => ({}))).toBe(first);
  });

  it.each(['forward', 'backward'] as const)('agrees with a comparison one by one, %s', (direction) => {
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 30 }), texts, (patterns, text) => {
        const wanted = [...new Set(patterns)].filter((pattern) =>
          direction === 'forward' ? text.startsWith(pattern) : text.endsWith(pattern),
        );
        expect(found(direction, patterns, text).toSorted()).toEqual(wanted.toSorted());
      }),
      { numRuns: runs(500) },
    );
  });

  it('takes 1,000 patterns of 100,000 characters that share all but their ends', () => {
    const start = 'a'.repeat(runs(100_000));
    const patterns = Array.from({ length: 1_000 }, (_, index) => `${start}${index};`);
    expect(found('forward', patterns, `${start}471;rest`)).toEqual([`${start}471;`]);
  });
});
