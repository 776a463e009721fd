import { describe, expect, it } from 'vitest';
import type { Problem, Severity } from '../../../model/problem.ts';
import { lastEditWords } from '../../../renderer/reading/last-edit.ts';

const problem = (severity: Severity): Problem => ({ code: 'made-up', severity, message: severity });

describe('the last edit', () => {
  it.each<[string, Severity[]]>([
    ['nothing is said against it', []],
    ['there is a warning', ['warning']],
    ['there is a notice', ['notice']],
  ])('is told as in force where %s', (_where, severities) => {
    expect(lastEditWords(severities.map(problem))).toBe('what is on disk is in force');
  });

  it('is told as refused where one of its problems is an error', () => {
    expect(lastEditWords([problem('notice'), problem('error')])).toBe('the last edit was refused');
  });
});
