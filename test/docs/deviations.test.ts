import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const home = new URL('../../', import.meta.url);
const lines = readFileSync(new URL('docs/deviations.md', home), 'utf8').split('\n');
const rows = lines.filter((line) => line.startsWith('|')).slice(2);

/** Titles as they stand in the sources, quotes of either kind. */
function titlesIn(source: string): string[] {
  return [...source.matchAll(/\bit\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs)].map(([, , title = '']) =>
    title.replaceAll(/\\(.)/g, '$1'),
  );
}

describe('the table of deviations', () => {
  it('has rows', () => {
    expect(rows.length).toBeGreaterThan(0);
  });

  for (const row of rows) {
    const cells = row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    it(`names an existing test: ${cells[0]}`, () => {
      expect(cells).toHaveLength(4);
      const [, file = '', title = ''] = /^`([^`]+)`: (.+)$/.exec(cells[3] ?? '') ?? [];
      expect(existsSync(new URL(file, home)), `no file ${file}`).toBe(true);
      expect(titlesIn(readFileSync(new URL(file, home), 'utf8'))).toContain(title);
    });
  }
});
