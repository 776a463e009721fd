import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const home = new URL('../../', import.meta.url);
const OUTCOMES = ['blocked', 'istio-allows', 'not-covered', 'not-applicable'];
const CATALOGUE: Record<string, number> = { M: 16, P: 11, H: 9, S: 4, D: 12 };

/** Titles of tests that begin with a row's id, as they stand in the sources. */
function factsIn(file: string): string[] {
  const source = readFileSync(new URL(file, home), 'utf8');
  return [...source.matchAll(/(['"`])([MPHSD]\d+: (?:\\.|(?!\1).)*)\1\s*,/gs)]
    .map(([, , title = '']) => title.replaceAll(/\\(.)/g, '$1'))
    .map((title) => `${/^\w+/.exec(title)?.[0]} ${file} ${title.replace(/^\w+: /, '')}`);
}

function sources(folder: string): string[] {
  return readdirSync(new URL(folder, home), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `${folder}${name}`);
}

const rows = readFileSync(new URL('docs/attacks.md', home), 'utf8')
  .split('\n')
  .filter((line) => /^\| [A-Z]\d+ /.test(line))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()));

describe('the table of attacks', () => {
  it('has every row of the catalogue', () => {
    const wanted = Object.entries(CATALOGUE).flatMap(([letter, count]) =>
      Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
    );
    const missing = wanted.filter((id) => !rows.some(([row]) => row === id));
    expect(missing).toEqual([]);
  });

  it('gives each one of the outcomes', () => {
    expect(rows.filter(([, , outcome = '']) => !OUTCOMES.includes(outcome))).toEqual([]);
  });

  it('names the tests that there are, all of them and no other', () => {
    const named = rows.map(([id, , , test = '']) => {
      const [, file, title] = /^`([^`]+)`: (.+)$/.exec(test) ?? [];
      return `${id} ${file} ${title}`;
    });
    const there = [...sources('test/attacks/'), ...sources('test/proxy/')].flatMap(factsIn);
    expect(named.toSorted()).toEqual([...new Set(there)].toSorted());
  });
});
