/** What is put in the place of a match, as RE2 and Envoy do it (`regex_rewrite`). */
import { describe, expect, it } from 'vitest';
import { replaceAll } from '../../../policy/routes/regular-expression.ts';

/** A text as it comes off the wire: its UTF-8, one character a byte. */
function wire(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

function replaced(pattern: string, text: string, substitution: string): string {
  return replaceAll({ pattern }, wire(text), substitution);
}

describe('all matches are replaced', () => {
  it.each([
    ['a', 'banana', 'x', 'bxnxnx'],
    ['z', 'banana', 'x', 'banana'],
    ['an', 'banana', '<\\0>', 'b<an><an>a'],
    ['(a)(n)', 'banana', '\\2\\1', 'bnanaa'],
    ['(a)(x)?', 'aax', '[\\1\\2]', '[a][ax]'],
    ['a', 'a', '\\\\1', '\\1'],
    ['a', 'a', '\\9', ''],
    ['a', 'a', '$&\\x', '$&\\x'],
    ['^/api(/.*)?$', '/api/v1', '/v2\\1', '/v2/v1'],
    ['^/api(/.*)?$', '/api', '/v2\\1', '/v2'],
    ['^a', 'aaa', 'b', 'baa'],
    ['a$', 'aaa', 'b', 'aab'],
    ['a|ab', 'abab', 'x', 'xbxb'],
    ['ab|a', 'abab', 'x', 'xx'],
    ['a+', 'caaat', 'x', 'cxt'],
    ['a+?', 'caaat', 'x', 'cxxxt'],
    ['(?U)a+', 'caaat', 'x', 'cxxxt'],
    ['(?U)a+?', 'caaat', 'x', 'cxt'],
    ['a*?b', 'aab', 'x', 'x'],
    ['a{1,2}', 'aaa', 'x', 'xx'],
    ['a{1,2}?', 'aaa', 'x', 'xxx'],
    ['a??b', 'ab', 'x', 'x'],
    ['', 'ab', '-', '-a-b-'],
    ['a*', 'baaac', '-', '-b-c-'],
    ['x*', '', '-', '-'],
    ['\\b', 'ab cd', '|', '|ab| |cd|'],
    ['(?:(a)|b)*', 'ab', '<\\1>', '<a>'],
    ['(?:|a)*', 'aa', '-', '-a-a-'],
    ['(?:|a)+', 'aa', '-', '-a-a-'],
    ['(?:|a){2,}', 'aa', '-', '-a-a-'],
    ['(?:a|)*', 'aa', '-', '-'],
    ['(?:a??)*', 'aa', '-', '-a-a-'],
    ['(?:a?)*?', 'aa', '-', '-a-a-'],
    ['(?:|a)*b', 'aab', '-', '-'],
    ['(a*)(a*)', 'aa', '<\\1|\\2>', '<aa|>'],
    ['(a|ab)(c|bcd)', 'abcd', '\\1-\\2', 'a-bcd'],
    ['.', 'a\nb', 'x', 'x\nx'],
    ['^[^/]*', '/a', 'x', 'x/a'],
  ])('%s in %j by %j', (pattern, text, substitution, wanted) => {
    expect(replaced(pattern, text, substitution)).toBe(wanted);
  });

  it('and what isn’t matched stays byte by byte', () => {
    expect(replaced('x', 'é€😀x', 'y')).toBe(wire('é€😀y'));
    expect(replaced('(é)', 'aé', '\\1\\1')).toBe(wire('aéé'));
    expect(replaceAll({ pattern: 'x' }, '\xff\x80x\xc3', 'y')).toBe('\xff\x80y\xc3');
    expect(replaceAll({ pattern: '' }, '\xffa', '-')).toBe('-\xff-a-');
  });
});
