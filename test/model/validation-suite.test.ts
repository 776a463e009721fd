/** Suites of objects, as suites and as plain files. */
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../model/problem.ts';
import { parseValidationSuite } from '../../model/validation-suite.ts';

const SUITE = 'apiVersion: greenroom.dev/v1\nkind: ValidationSuite\nmetadata: { name: s }\n';

describe('a file that is no suite', () => {
  it.each([
    ['', 's.yaml:1:1: error empty-file: the file holds no objects'],
    ['a: [', 's.yaml:1:5: error yaml-syntax: '],
    ['a: b\n', 's.yaml:1:1: error missing-field: apiVersion is missing: a string'],
    [`${SUITE}spec: { cases: [] }\n`, 's.yaml:4:9: error invalid-value: spec.cases: '],
    [
      `${SUITE}spec: { cases: [{ id: a, object: {}, expect: {} }] }\n`,
      's.yaml:4:38: error missing-field: spec.cases[0].expect.valid is missing: true or false',
    ],
  ])('%j is refused', (text, expected) => {
    const { value, problems } = parseValidationSuite(text, 's.yaml');
    expect(value).toBeNull();
    expect(problems.map(formatProblem)[0]).toContain(expected);
  });
});

describe('a suite', () => {
  it("gives each case's object with the places of its fields", () => {
    const text = `${SUITE}spec:\n  cases:\n    - id: a\n      expect: { valid: false, error: refused }\n      object:\n        kind: X\n        spec: { b: 1 }\n`;
    const [one, ...more] = parseValidationSuite(text, 's.yaml').value ?? [];
    expect(more).toEqual([]);
    expect(one).toMatchObject({
      id: 'a',
      judge: 'webhook',
      expected: { valid: false, error: 'refused' },
      at: { line: 8, column: 7 },
    });
    expect(one?.document.value).toEqual({ kind: 'X', spec: { b: 1 } });
    expect(one?.document.positions['spec.b']).toEqual({ line: 10, column: 17 });
  });

  it('may be plain objects, refused where they say so, judged as the cluster judges', () => {
    const object = 'apiVersion: v1\nkind: X\nmetadata: { name: one }\n';
    const cases = parseValidationSuite(`${object}---\n_err: because\n${object}`, 's.yaml').value ?? [];
    expect(cases.map(({ id, judge, expected }) => ({ id, judge, expected }))).toEqual([
      { id: 'one', judge: 'cluster', expected: { valid: true, error: null } },
      { id: 'one', judge: 'cluster', expected: { valid: false, error: 'because' } },
    ]);
    expect(cases[1]?.document.value).not.toHaveProperty('_err');
  });
});
