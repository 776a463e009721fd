/** Expressions as RE2 has them (its syntax page, and what Envoy made of them in the recorded routes). */
import { describe, expect, it } from 'vitest';
import { compileProgram } from '../../../policy/routes/regex-program.ts';
import { runProgram } from '../../../policy/routes/regex-run.ts';
import { parseRegex } from '../../../policy/routes/regex-syntax.ts';
import { matchesWhole, regexProblem, replaceAll } from '../../../policy/routes/regular-expression.ts';

/** A text as it comes off the wire: its UTF-8, one character a byte. */
function wire(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

/** With a program of its own; programs that were made before are kept, and must say the same. */
function takes(pattern: string, text: string): boolean {
  const parsed = parseRegex(pattern);
  if ('problem' in parsed) throw new Error(parsed.problem);
  const program = compileProgram(parsed);
  if ('problem' in program) throw new Error(program.problem);
  const points = [...text].map((character) => character.codePointAt(0) as number);
  const found = runProgram(program, points, { from: 0, whole: true }) !== null;
  expect(matchesWhole({ pattern }, wire(text))).toBe(found);
  return found;
}

function replaced(pattern: string, text: string, substitution: string): string {
  return replaceAll({ pattern }, wire(text), substitution);
}

describe('an expression is refused, and matches nothing', () => {
  it.each([
    ['(', 'missing closing )'],
    ['a)', 'unexpected )'],
    ['[a', 'missing closing ]'],
    ['[', 'missing closing ]'],
    ['[]', 'missing closing ]'],
    ['[^]', 'missing closing ]'],
    ['\\', 'trailing backslash'],
    ['[\\', 'trailing backslash'],
    ['*a', 'missing argument to repetition operator: *'],
    ['+', 'missing argument to repetition operator: +'],
    ['(?:?)', 'missing argument to repetition operator: ?'],
    ['a**', 'invalid nested repetition operator'],
    ['a*+', 'invalid nested repetition operator'],
    ['a{2}{3}', 'invalid nested repetition operator'],
    ['a???', 'invalid nested repetition operator'],
    ['a{1001}', 'invalid repeat count: {1001}'],
    ['a{1,1001}', 'invalid repeat count: {1,1001}'],
    ['a{3,2}', 'invalid repeat count: {3,2}'],
    ['[b-a]', 'invalid character class range'],
    ['[a-\\d]', 'invalid escape sequence: \\d'],
    ['[a-', 'missing closing ]'],
    ['[\\b]', 'invalid escape sequence: \\b'],
    ['{2}', 'missing argument to repetition operator: {2}'],
    ['(?:{1,})', 'missing argument to repetition operator: {1,}'],
    ['(?i)*', 'missing argument to repetition operator: *'],
    ['\\Q\\E+', 'missing argument to repetition operator: +'],
    ['[[:nothing:]]', 'invalid character class range: [:nothing:]'],
    ['\\y', 'invalid escape sequence: \\y'],
    ['\\Z', 'invalid escape sequence: \\Z'],
    ['\\1', 'invalid escape sequence: \\1'],
    ['\\19', 'invalid escape sequence: \\1'],
    ['\\é', 'invalid escape sequence: \\é'],
    ['\\8', 'invalid escape sequence: \\8'],
    ['\\pL', 'invalid escape sequence: \\p'],
    ['\\C', 'invalid escape sequence: \\C'],
    ['\\x', 'invalid escape sequence: \\x'],
    ['\\x4', 'invalid escape sequence: \\x'],
    ['\\x{110000}', 'invalid escape sequence: \\x'],
    ['\\x{}', 'invalid escape sequence: \\x'],
    ['\\x{41', 'invalid escape sequence: \\x'],
    ['(?=a)', '(?= is not supported'],
    ['(?!a)', '(?! is not supported'],
    ['(?<=a)b', '(?< is not supported'],
    ['(?<!a)b', '(?< is not supported'],
    ['(?m)a', '(?m is not supported'],
    ['(?i-m-s)a', '(?- is not supported'],
    ['(?', '(? is not supported'],
    ['(?P<name', 'invalid named group'],
    ['(?P=name)', '(?P is not supported'],
    ['(?i:a', 'missing closing )'],
    ['(?:a{1000}){1000}', 'too large when its repetitions are written out'],
    ['(a{100}){101}', 'too large when its repetitions are written out'],
    ['a'.repeat(10_001), 'longer than 10000 characters'],
    [`${'('.repeat(201)}${')'.repeat(201)}`, 'nested too deep'],
  ])('%s', (pattern, problem) => {
    expect(regexProblem(pattern)).toBe(problem);
    expect(matchesWhole({ pattern }, 'a')).toBe(false);
  });

  it('and replaces nothing', () => {
    expect(replaced('(', 'a(b', 'x')).toBe('a(b');
  });

  it('not before its bounds', () => {
    for (const pattern of [
      'a{1000}',
      'a{0,1000}',
      'a{1000,}',
      'a'.repeat(9_999),
      `${'('.repeat(199)}${')'.repeat(199)}`,
      `(?:${'()'.repeat(300)})`,
    ])
      expect(regexProblem(pattern)).toBeNull();
  });
});

describe('an expression takes a text whole', () => {
  it.each([
    ['', ''],
    ['a|ab', 'ab'],
    ['(a|ab)(c|bcd)', 'abcd'],
    ['a||b', ''],
    ['()', ''],
    ['a*', ''],
    ['a*', 'aaa'],
    ['a+', 'a'],
    ['a+b', 'aab'],
    ['ab?c', 'ac'],
    ['ab?c', 'abc'],
    ['a{2}', 'aa'],
    ['a{2,}', 'aa'],
    ['a{2,}', 'aaaaa'],
    ['a{1,3}', 'a'],
    ['a{1,3}', 'aaa'],
    ['a{0}b', 'b'],
    ['a{12}', 'a'.repeat(12)],
    ['a{10,12}', 'a'.repeat(11)],
    ['(?:ab){2}', 'abab'],
    ['a*?', 'aa'],
    ['a+?b??', 'ab'],
    ['a{1,2}?', 'aa'],
    ['(a*)*', 'aa'],
    ['(a*)+', ''],
    ['(|a)*', 'aa'],
    ['a{,2}', 'a{,2}'],
    ['a{', 'a{'],
    ['a{x}', 'a{x}'],
    ['{', '{'],
    ['a{1,x}', 'a{1,x}'],
    [']', ']'],
    ['}', '}'],
    ['^a$', 'a'],
    ['\\Aa\\z', 'a'],
    ['(^a|b)$', 'a'],
    ['a\\b-\\bb', 'a-b'],
    ['\\ba\\b', 'a'],
    ['a\\Bb', 'ab'],
    ['\\B-\\B', '-'],
    ['.', 'x'],
    ['.', '\r'],
    ['.', 'é'],
    ['.', '€'],
    ['.', '😀'],
    ['(?s).', '\n'],
    ['(?s:.)', '\n'],
    ['\\d\\D', '7x'],
    ['\\d', '0'],
    ['\\d', '9'],
    ['\\w+', 'aZ_09'],
    ['\\w{4}', 'zAM5'],
    ['\\W', '-'],
    ['\\W', 'é'],
    ['\\s+', '\t\n\f\r '],
    ['\\S', '\v'],
    ['\\S', 'a'],
    ['\\a\\f\\t\\n\\r\\v', '\u0007\f\t\n\r\v'],
    ['\\x41', 'A'],
    ['\\x{41}', 'A'],
    ['\\x{1F600}', '😀'],
    ['\\x{10FFFF}', '\u{10ffff}'],
    ['\\x{e9}', 'é'],
    ['\\x4a1', 'J1'],
    ['\\0', '\0'],
    ['\\012', '\n'],
    ['\\101', 'A'],
    ['\\1014', 'A4'],
    ['\\07', '\u0007'],
    ['\\08', '\u00008'],
    ['\\.\\*\\/\\-\\_', '.*/-_'],
    ['\\12', '\n'],
    ['\\128', '\n8'],
    ['\\Qa.b*\\E+', 'a.b**'],
    ['\\Qa.b', 'a.b'],
    ['\\Q\\E', ''],
    ['[abc]', 'b'],
    ['[a-c]+', 'abc'],
    ['[^a-c]', 'd'],
    ['[^a]', '\n'],
    ['[]a]', ']'],
    ['[^]a]', 'b'],
    ['[a-]', '-'],
    ['[-a]', '-'],
    ['[a\\-z]', '-'],
    ['[\\]]', ']'],
    ['[\\d.]+', '1.2'],
    ['[\\x41-\\x43]', 'B'],
    ['[a-\\x63]', 'b'],
    ['[a-c-e]', '-'],
    ['[\\d-z]+', '0-9z'],
    ['[\\w-]+', 'a-'],
    ['[[:toString:]]', 't]'],
    ['[[]', '['],
    ['[a-a]', 'a'],
    ['[a-zb]', 'z'],
    ['[ba-z]', 'z'],
    ['\\D', 'é'],
    ['[é-ü]', 'ö'],
    ['[^\\W]', 'w'],
    ['[[:alpha:]]+', 'azAZ'],
    ['[[:^alpha:]]', '1'],
    ['[[:alnum:]]+', 'azAZ09'],
    ['[[:ascii:]]', '\u007f'],
    ['[[:blank:]]+', '\t '],
    ['[[:cntrl:]]+', '\u001f\u007f'],
    ['[[:digit:]]+', '09'],
    ['[[:graph:]]+', '!~'],
    ['[[:lower:]]+', 'az'],
    ['[[:print:]]+', ' ~'],
    ['[[:punct:]]+', '!/:@[`{~'],
    ['[[:space:]]+', '\t\v\r '],
    ['[[:upper:]]+', 'AZ'],
    ['[[:word:]]+', '0A_z'],
    ['[[:xdigit:]]+', '09AFaf'],
    ['[[:digit:]a]+', '1a'],
    ['(?i)abc', 'aBC'],
    ['(?i)ABC', 'abc'],
    ['(?i)[a-f]+', 'AF'],
    ['(?i)[A-F]+', 'af'],
    ['(?i)[^a]', 'b'],
    ['(?i)é', 'É'],
    ['(?i)É', 'é'],
    ['(?i)[é]', 'É'],
    ['(?i)\\x41', 'a'],
    ['(?i)\\Qa\\E', 'A'],
    ['a(?i)b', 'aB'],
    ['a(?i:b)c', 'aBc'],
    ['(?i)a(?-i)b', 'Ab'],
    ['(?i-s)a', 'A'],
    ['(?is)a.', 'A\n'],
    ['(?-m)a', 'a'],
    ['(?U)a+', 'aa'],
    ['(a(?i)b)c', 'aBc'],
    ['(?i)a|b', 'B'],
    ['a|(?i)b|c', 'C'],
    ['(?P<name>a)b', 'ab'],
    ['(?<name>a)b', 'ab'],
    ['((a)(b))c', 'abc'],
    ['/api/v[0-9]+/.*', '/api/v12/x'],
  ])('%s takes %j', (pattern, text) => {
    expect(takes(pattern, text)).toBe(true);
  });

  it.each([
    ['', 'a'],
    ['a', ''],
    ['li', 'alice'],
    ['ali', 'alice'],
    ['ice', 'alice'],
    ['a|b', 'ab'],
    ['a+', ''],
    ['a{2}', 'a'],
    ['a{2}', 'aaa'],
    ['a{2,}', 'a'],
    ['a{1,3}', 'aaaa'],
    ['a{1,3}', ''],
    ['a{0}b', 'ab'],
    ['a{10,12}', 'a'.repeat(9)],
    ['a{10,12}', 'a'.repeat(13)],
    ['a^b', 'ab'],
    ['a$b', 'ab'],
    ['a\\Ab', 'ab'],
    ['a\\zb', 'ab'],
    ['a$', 'a\n'],
    ['a\\bb', 'ab'],
    ['a\\B', 'a'],
    ['-\\b', '-'],
    ['.', '\n'],
    ['.', ''],
    ['.', 'ab'],
    ['(?s:a).', 'a\n'],
    ['(?-s).', '\n'],
    ['(?s)(?-s).', '\n'],
    ['\\d', '/'],
    ['\\d', ':'],
    ['\\D', '5'],
    ['\\w', '@'],
    ['\\w', '['],
    ['\\w', '`'],
    ['\\w', '{'],
    ['\\w', 'é'],
    ['\\W', '_'],
    ['\\s', '\v'],
    ['\\s', 'a'],
    ['\\D', '0'],
    ['\\s', '\u000e'],
    ['\\s', '\b'],
    ['\\s', '!'],
    ['\\S', ' '],
    ['\\x41', 'a'],
    ['\\.', 'x'],
    ['\\Qa.b\\E', 'axb'],
    ['[abc]', 'd'],
    ['[^a-c]', 'b'],
    ['[^]a]', ']'],
    ['[a-c]', '-'],
    ['[a\\-z]', 'b'],
    ['[]a]', '[]a]'],
    ['[\\d-z]', 'a'],
    ['[\\s-a]', '_'],
    ['\\Qab\\E+', 'abab'],
    ['[[:alpha:]]', '@'],
    ['[[:alpha:]]', '['],
    ['[[:alpha:]]', '`'],
    ['[[:alpha:]]', '{'],
    ['[[:^alpha:]]', 'x'],
    ['[[:alnum:]]', '_'],
    ['[[:ascii:]]', 'é'],
    ['[[:blank:]]', '\n'],
    ['[[:cntrl:]]', ' '],
    ['[[:digit:]]', 'a'],
    ['[[:graph:]]', ' '],
    ['[[:graph:]]', '\u007f'],
    ['[[:lower:]]', 'A'],
    ['[[:print:]]', '\u001f'],
    ['[[:print:]]', '\u007f'],
    ['[[:punct:]]', '0'],
    ['[[:punct:]]', 'A'],
    ['[[:punct:]]', 'a'],
    ['[[:punct:]]', ' '],
    ['[[:space:]]', '\b'],
    ['[[:space:]]', '\u000e'],
    ['[[:upper:]]', 'a'],
    ['[[:word:]]', '-'],
    ['[[:xdigit:]]', 'g'],
    ['[[:xdigit:]]', 'G'],
    ['(?i)a', 'b'],
    ['(?i)[^a]', 'A'],
    ['(?i)1', '!'],
    ['(?i)@', '`'],
    ['(?i)\\[', '{'],
    ['(?i)a(?-i)b', 'aB'],
    ['(?i-i)a', 'A'],
    ['a(?i:b)c', 'aBC'],
    ['(a(?i)b)c', 'abC'],
    ['(?:a(?i)b)c', 'abC'],
    ['abc', 'aBC'],
    ['[é-ü]', 'a'],
    ['/api', '/apix'],
  ])('%s does not take %j', (pattern, text) => {
    expect(takes(pattern, text)).toBe(false);
  });

  it('character by character of its UTF-8; a byte that is none is taken by nothing, a dot neither', () => {
    expect(matchesWhole({ pattern: '.' }, 'Ã©')).toBe(true);
    expect(matchesWhole({ pattern: '..' }, 'Ã©')).toBe(false);
    for (const broken of [
      'é',
      'Ã',
      'ÃA',
      'â\x82',
      'â\x82A',
      '\x80',
      '\xc1\xbf',
      '\xf0\x9f\x98',
      '\xe2\x82\xc0',
    ])
      expect(matchesWhole({ pattern: '(?s).*' }, broken)).toBe(false);
    for (const point of [0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000])
      expect(
        matchesWhole({ pattern: `[\\x{${point.toString(16)}}]` }, wire(String.fromCodePoint(point))),
      ).toBe(true);
  });

  it('in time that grows with the text only', () => {
    expect(takes('(a|aa)+', `${'a'.repeat(2_000)}b`)).toBe(false);
    expect(takes('(.*)(.*)(.*)(.*)x', 'a'.repeat(2_000))).toBe(false);
  });
});

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
