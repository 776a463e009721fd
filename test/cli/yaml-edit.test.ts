/** Changes of single places in YAML: nothing else of the text moves. */
import { describe, expect, it } from 'vitest';
import { editYaml } from '../../cli/yaml-edit.ts';
import type { Change, Fix } from '../../policy/lint.ts';

/** A fix at the first place where `word` stands. */
function at(text: string, word: string, change: Change): Fix {
  const before = text.slice(0, text.indexOf(word)).split('\n');
  return { at: { file: 'f.yaml', line: before.length, column: (before.at(-1) ?? '').length + 1 }, change };
}

function edit(text: string, word: string, change: Change): string {
  return editYaml(text, [at(text, word, change)]).text;
}

describe('what is left alone', () => {
  it.each([
    ['a place where nothing begins', 'a: [b]\n', '[', { kind: 'replace', value: 'c' }],
    ['an anchor, which others may point to', 'a: &x b\n', 'b', { kind: 'replace', value: 'c' }],
    ['a list that is none', 'paths: /a\n', 'paths', { kind: 'append', values: ['/b'] }],
    ['an empty list', 'paths: []\n', 'paths', { kind: 'append', values: ['/b'] }],
    [
      'an alias in the place of a list',
      'x: &x [1]\npaths: *x\n',
      'paths',
      { kind: 'append', values: ['/b'] },
    ],
    [
      'a map that has the key',
      'source: { p: [a] }\n',
      'source',
      { kind: 'add-list', key: 'p', values: ['*'] },
    ],
  ] satisfies [string, string, string, Change][])('%s', (_what, text, word, change) => {
    expect(editYaml(text, [at(text, word, change)])).toEqual({ text, applied: [] });
  });

  it('a line that the file does not have', () => {
    const fix: Fix = { at: { file: 'f', line: 9, column: 1 }, change: { kind: 'replace', value: 'x' } };
    expect(editYaml('a: b\n', [fix])).toEqual({ text: 'a: b\n', applied: [] });
  });
});

describe('replace', () => {
  it('changes the one scalar, quotes and all, and keeps comments and blanks', () => {
    const text = '# top\nmethods:   [ "delete" ,get ]  # why\n';
    expect(edit(text, '"delete"', { kind: 'replace', value: 'DELETE' })).toBe(
      '# top\nmethods:   [ DELETE ,get ]  # why\n',
    );
  });

  it('quotes what YAML would read as something else', () => {
    expect(edit('- a\n', 'a', { kind: 'replace', value: '/x/{*}' })).toBe('- "/x/{*}"\n');
    expect(edit('- a\n', 'a', { kind: 'replace', value: 'no' })).toBe('- "no"\n');
    expect(edit('- a\n', 'a', { kind: 'replace', value: '80' })).toBe('- "80"\n');
  });
});

describe('append', () => {
  it('to a list in one line', () => {
    expect(edit('paths: [/a, /b] # c\n', 'paths', { kind: 'append', values: ['/c'] })).toBe(
      'paths: [/a, /b, /c] # c\n',
    );
  });

  it('to a list over several lines, below a comment and with its indentation', () => {
    const text = 'to:\n  paths:\n    - /a\n    - /b # the last\nnext: 1\n';
    expect(edit(text, 'paths', { kind: 'append', values: ['/c', '/d'] })).toBe(
      'to:\n  paths:\n    - /a\n    - /b # the last\n    - /c\n    - /d\nnext: 1\n',
    );
  });

  it('at the end of a file without a line end', () => {
    expect(edit('paths:\n- /a', 'paths', { kind: 'append', values: ['/b'] })).toBe('paths:\n- /a\n- /b');
  });

  it('keeps line ends of Windows', () => {
    expect(edit('paths:\r\n- /a\r\nx: 1\r\n', 'paths', { kind: 'append', values: ['/b'] })).toMatch(
      /^paths:\r\n- \/a\n- \/b\r\nx: 1\r\n$/,
    );
  });
});

describe('add-list', () => {
  it('to a map over several lines', () => {
    const text = 'from:\n- source:\n    # not them\n    notPrincipals: [a]\n';
    expect(edit(text, 'source', { kind: 'add-list', key: 'principals', values: ['*'] })).toBe(
      'from:\n- source:\n    # not them\n    principals: ["*"]\n    notPrincipals: [a]\n',
    );
  });

  it('to a map in one line', () => {
    const text = 'from: [{ source: { notPrincipals: [a] } }]\n';
    expect(edit(text, 'source', { kind: 'add-list', key: 'principals', values: ['*'] })).toBe(
      'from: [{ source: { principals: ["*"], notPrincipals: [a] } }]\n',
    );
  });
});

describe('several fixes', () => {
  it('of several documents, behind a byte order mark, are all applied', () => {
    const text = 'a: [x]\n---\na: [y]\n';
    const fixes = [
      at(text, 'x', { kind: 'replace', value: 'one' }),
      at(text, 'y', { kind: 'replace', value: 'two' }),
    ];
    expect(editYaml(`\uFEFF${text}`, fixes)).toMatchObject({ text: '\uFEFFa: [one]\n---\na: [two]\n' });
  });

  it('of one place are done one at a time', () => {
    const fix = at('a: x\n', 'x', { kind: 'replace', value: 'y' });
    expect(editYaml('a: x\n', [fix, fix]).applied).toHaveLength(1);
  });
});
