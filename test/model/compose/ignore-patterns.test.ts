import { describe, expect, it } from 'vitest';
import { ignoreLines, PASSING_FILES, pathPatterns } from '../../../model/compose/ignore-patterns.ts';

describe('patterns of a .dockerignore', () => {
  it.each([
    ['node_modules', 'web/node_modules/x.js', false],
    ['node_modules/', 'node_modules/x.js', true],
    ['/dist', 'dist', true],
    ['*.js', 'a.js', true],
    ['*.js', 'lib/a.js', false],
    ['**/*.js', 'a.js', true],
    ['**/*.js', 'lib/deep/a.js', true],
    ['lib/**', 'lib/deep/a.js', true],
    ['a/**/b', 'a/b', true],
    ['a/**/b', 'a/x/y/b', true],
    ['te?t', 'test', true],
    ['te?t', 'te/t', false],
    ['[ab].txt', 'b.txt', true],
    ['[^ab].txt', 'b.txt', false],
    ['a.b', 'axb', false],
    ['a+(b', 'a+(b', true],
    ['[', '[', true],
    ['../x', 'x', false],
    ['# a comment', '# a comment', false],
    ['\\#x', '#x', true],
  ])('%s and %s: %s', (pattern, path, matches) => {
    expect(pathPatterns([pattern])(path)).toBe(matches);
  });

  it('the last that matches decides', () => {
    const ignored = pathPatterns(ignoreLines('\uFEFF*.log\r\n!keep.log\r\n'));
    expect([ignored('a.log'), ignored('keep.log')]).toEqual([true, false]);
    expect(pathPatterns(['!keep.log', '*.log'])('keep.log')).toBe(true);
  });

  it('nothing is among none', () => {
    expect(pathPatterns([])('x')).toBe(false);
  });

  it('holds what editors leave for a moment', () => {
    const passing = pathPatterns(PASSING_FILES);
    for (const path of ['src/.a.js.swp', '4913', 'src/a.js~', '.git/HEAD', 'src/.#a.js', 'src/#a.js#'])
      expect(passing(path), path).toBe(true);
    for (const path of ['src/a.js', '.github/x', '.env', 'src/a.swp.js'])
      expect(passing(path), path).toBe(false);
  });
});
