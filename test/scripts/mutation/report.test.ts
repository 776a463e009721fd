import { describe, expect, it } from 'vitest';
import { failureOf, reportOf, survivorLines } from '../../../scripts/mutation/report.ts';
import type { Fate, Outcome } from '../../../scripts/mutation/run-share.ts';

function outcome(file: string, fate: Fate): Outcome {
  const mutant = {
    id: '1',
    file,
    mutator: 'EqualityOperator',
    line: 2,
    column: 8,
    endLine: 2,
    endColumn: 13,
    replacement: 'a <= b',
  };
  return { mutant, fate, by: null };
}

describe('the score of a mutation run', () => {
  it('counts what no test reaches as unnoticed, and leaves out what was not judged', () => {
    const { figures } = reportOf(
      (['killed', 'timeout', 'survived', 'unreached', 'unknown'] as const).map((fate) =>
        outcome('wire/a.ts', fate),
      ),
      3,
    );
    expect(figures.all).toEqual({
      mutants: 5,
      killed: 1,
      timeout: 1,
      survived: 1,
      unreached: 1,
      unknown: 1,
      score: 50,
    });
  });

  it('is never rounded up', () => {
    const nearly = Array.from({ length: 9_999 }, () => outcome('wire/a.ts', 'killed'));
    expect(reportOf([...nearly, outcome('wire/a.ts', 'survived')], 1).figures.all.score).toBe(99.99);
    expect(
      reportOf([outcome('a/b.ts', 'killed'), outcome('a/b.ts', 'killed'), outcome('a/b.ts', 'survived')], 1)
        .figures.all.score,
    ).toBe(66.66);
  });

  it('is told per folder', () => {
    const { figures } = reportOf([outcome('wire/a.ts', 'killed'), outcome('policy/x/b.ts', 'survived')], 1);
    expect(Object.entries(figures.folders).map(([folder, { score }]) => [folder, score])).toEqual([
      ['policy/x', 0],
      ['wire', 100],
    ]);
  });
});

describe('a mutation run', () => {
  const failure = (fates: readonly Fate[]): string | null =>
    failureOf(
      reportOf(
        fates.map((fate) => outcome('wire/a.ts', fate)),
        1,
      ).figures,
      85,
    );

  it('fails when its time is up before anything is judged, and says so', () => {
    expect(failure(['unknown', 'unknown'])).toContain('no mutant was judged');
    expect(reportOf([outcome('wire/a.ts', 'unknown')], 1).lines.at(-1)).toMatch(/^all +- %/);
  });

  it('fails under its threshold only', () => {
    const of100 = (killed: number): Fate[] =>
      Array.from({ length: 100 }, (_, index) => (index < killed ? 'killed' : 'survived'));
    expect(failure(of100(84))).toBe('under 85 %: see .mutation/survivors.txt');
    expect(failure(of100(85))).toBeNull();
  });
});

describe('the list of survivors', () => {
  it('shows where, and what became of what', () => {
    const lines = survivorLines([outcome('wire/a.ts', 'survived'), outcome('wire/a.ts', 'killed')], () => [
      'function f(a, b) {',
      'return a < b;',
    ]);
    expect(lines).toEqual(['wire/a.ts:2:8 survived EqualityOperator: a < b  ⇒  a <= b']);
  });
});
