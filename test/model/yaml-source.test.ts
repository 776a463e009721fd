/** Whatever the bytes are, reading YAML yields problems with places, or values. */
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../model/problem.ts';
import { MAX_FILE_CHARACTERS, placeOf, readSingleYaml, readYaml } from '../../model/yaml-source.ts';

/** `line:column code` of each problem. */
function problemsOf(text: string): string[] {
  return readYaml(text, 'f.yaml').problems.map(({ at, code }) => `${at?.line}:${at?.column} ${code}`);
}

describe('what YAML can do to its reader', () => {
  it('refuses aliases that multiply', () => {
    const rows = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (const [name, before] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg'] as const)
      rows.push(`${name}: &${name} [${Array.from({ length: 10 }, () => `*${before}`).join(', ')}]`);
    expect(problemsOf(rows.join('\n'))).toEqual([expect.stringMatching(/^\d+:\d+ yaml-alias-bomb$/)]);
  });

  it('refuses an anchor that holds its own alias', () => {
    expect(problemsOf('a: &a [*a]')).toEqual([expect.stringMatching('yaml-too-deep')]);
  });

  it('refuses an alias without an anchor', () => {
    expect(problemsOf('a: 1\nb: *nobody')).toEqual(['2:4 yaml-syntax']);
  });

  it.each([
    ['brackets', '['.repeat(50_000)],
    ['braces', '{a: '.repeat(50_000)],
    ['list markers on one line', '- '.repeat(50_000)],
    ['key markers on one line', '? '.repeat(50_000)],
    ['indentation', Array.from({ length: 1_000 }, (_, indent) => `${' '.repeat(indent)}a:`).join('\n')],
  ])('refuses text that nests too deeply by %s', (_, text) => {
    expect(problemsOf(text).map((problem) => problem.split(' ')[1])).toEqual(['yaml-too-deep']);
  });

  it('refuses a file of 10 MB unread', () => {
    expect(problemsOf('#'.repeat(MAX_FILE_CHARACTERS))).toEqual(['1:1 file-too-large']);
  });

  it('reads a file of almost 10 MB', () => {
    const text = `a: "${'x'.repeat(MAX_FILE_CHARACTERS - 100)}"`;
    expect(readYaml(text, 'f.yaml')).toMatchObject({
      documents: [{ value: { a: expect.any(String) } }],
      problems: [],
    });
  });

  it('reads a map of 20,000 keys, and finds the one that is written twice', () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => `key${index}: ${index}`);
    expect(problemsOf([...rows, 'key7: again'].join('\n'))).toEqual(['20001:1 duplicate-key']);
  });

  it.each(['a: [1, 2', 'a:\n  b: {c: 1\nd: 2'])('asks to close the bracket of %j', (text) => {
    const [problem] = readYaml(`${text}\n`, 'f.yaml').problems;
    expect(problem?.hint).toBe('close the [ or { that is open above, or indent what belongs in it');
  });

  it('asks for one column where the fields of a map are not in one', () => {
    const [problem] = readYaml('a:\n  b: 1\n c: 2\n', 'f.yaml').problems;
    expect(problem?.hint).toBe('fields of one map start in the same column');
  });

  it('refuses tabs as indentation, with the way out', () => {
    const [problem] = readYaml('a:\n\tb: 1\n', 'f.yaml').problems;
    expect(problem && formatProblem(problem)).toBe(
      'f.yaml:2:1: error yaml-syntax: Tabs are not allowed as indentation\n  hint: indent with spaces',
    );
  });

  it('refuses keys that are no words, and __proto__', () => {
    expect(problemsOf('{a: 1}: b')).toEqual(['1:1 invalid-key']);
    expect(problemsOf('a: 1\n__proto__: {polluted: true}')).toEqual(['2:1 invalid-key']);
  });

  it('reports every syntax error of a file, up to twenty', () => {
    expect(problemsOf('a: b: c\n---\n"open\n')).toHaveLength(2);
    expect(problemsOf('a: '.repeat(500))).toHaveLength(20);
  });
});

describe('values', () => {
  it('has no documents in an empty file, nor in one of comments', () => {
    expect(readYaml('', 'f.yaml')).toEqual({ documents: [], problems: [] });
    expect(readYaml('# nothing\n---\n---\n', 'f.yaml')).toEqual({ documents: [], problems: [] });
  });

  it('says of an empty file that it is empty where one document is expected', () => {
    expect(readSingleYaml('\n', 'f.yaml').problems).toMatchObject([{ code: 'empty-file' }]);
  });

  it('refuses a second document where one is expected', () => {
    expect(readSingleYaml('a: 1\n---\nb: 2\n', 'f.yaml').problems).toMatchObject([
      { code: 'several-documents', at: { line: 3, column: 1 } },
    ]);
  });

  it("accepts a BOM and doesn't count it as a column", () => {
    const { documents, problems } = readYaml('\uFEFFa: 1\na: 2', 'f.yaml');
    expect({ documents, problems }).toMatchObject({
      documents: [],
      problems: [{ at: { line: 2, column: 1 } }],
    });
    expect(readYaml('\uFEFFa: 1', 'f.yaml').documents[0]).toMatchObject({
      value: { a: 1 },
      at: { line: 1, column: 1 },
    });
  });

  it('reads JSON that is indented with tabs', () => {
    expect(readYaml('{\n\t"a": [\n\t\t1\n\t]\n}', 'f.json').documents[0]?.value).toEqual({ a: [1] });
  });

  it('takes the dialect of Kubernetes where asked: a bare yes is a boolean there', () => {
    const text = 'a: yes\nb: off\nc: "yes"\nd: n';
    expect(readYaml(text, 'f', 'kubernetes').documents[0]?.value).toEqual({
      a: true,
      b: false,
      c: 'yes',
      d: false,
    });
    expect(readYaml(text, 'f').documents[0]?.value).toEqual({ a: 'yes', b: 'off', c: 'yes', d: 'n' });
  });

  it('merges maps by <<, own fields first', () => {
    const text = 'base: &base {a: 1, b: 2}\nuse:\n  <<: *base\n  b: 3';
    expect(readYaml(text, 'f').documents[0]?.value).toMatchObject({ use: { a: 1, b: 3 } });
  });
});

describe('places', () => {
  it('knows each field by its key, each element by itself, and falls back to the nearest ancestor', () => {
    const [, second] = readYaml(
      'x: 1\n---\n# comment\nspec:\n  rules:\n    - from: [a, b]\n',
      'f.yaml',
    ).documents;
    expect(second?.at).toEqual({ file: 'f.yaml', line: 4, column: 1 });
    if (!second) return;
    expect(placeOf(second, ['spec', 'rules', 0, 'from', 1])).toEqual({ file: 'f.yaml', line: 6, column: 17 });
    expect(placeOf(second, ['spec', 'rules', 0, 'to'])).toEqual({ file: 'f.yaml', line: 6, column: 7 });
    expect(placeOf(second, ['status'])).toEqual(second.at);
  });

  it('places fields with empty names, and those called as what every object inherits', () => {
    const [document] = readYaml('"": { a: 1 }\nb: { toString: 1 }\n', 'f').documents;
    expect(document && placeOf(document, ['', 'a'])).toMatchObject({ line: 1, column: 7 });
    expect(document && placeOf(document, ['b', 'toString'])).toMatchObject({ line: 2, column: 6 });
    expect(document && placeOf(document, ['toString'])).toEqual(document?.at);
  });

  it('places the fields of an alias at its anchor', () => {
    const [document] = readYaml('a: &a\n  b: 1\nc: *a\n', 'f.yaml').documents;
    expect(document && placeOf(document, ['c', 'b'])).toMatchObject({ line: 2, column: 3 });
    expect(document && placeOf(document, ['c'])).toMatchObject({ line: 3, column: 1 });
  });
});
