/** Problems as SARIF: the parts that code hosts read. */
import { describe, expect, it } from 'vitest';
import { toSarif } from '../../export/sarif.ts';
import type { Problem } from '../../model/problem.ts';

interface Log {
  version: string;
  runs: {
    tool: { driver: { rules: { id: string; help?: unknown }[] } };
    results: {
      ruleId: string;
      ruleIndex: number;
      level: string;
      message: { text: string };
      locations: {
        physicalLocation: {
          artifactLocation: { uri: string };
          region: { startLine: number; startColumn: number };
        };
      }[];
    }[];
  }[];
}

const rules = [
  { code: 'no-default-deny', summary: 'No default deny', docs: 'docs/checks/no-default-deny.md' },
];

function run(...problems: Problem[]): Log['runs'][number] {
  const log = JSON.parse(toSarif({ problems, rules, version: '1.2.3' })) as Log;
  expect(log.version).toBe('2.1.0');
  const [only] = log.runs;
  if (!only) throw new Error('one run');
  return only;
}

const problem: Problem = {
  code: 'unknown-key',
  severity: 'error',
  message: 'unknown key "statsu"',
  hint: 'did you mean status?',
  at: { file: 'scenarios/a b.yaml', line: 3, column: 5 },
};

describe('toSarif', () => {
  it('of nothing is a run without results, its rules told', () => {
    const { results, tool } = run();
    expect(results).toEqual([]);
    expect(tool.driver.rules).toMatchObject([
      { id: 'no-default-deny', help: { text: expect.stringContaining('docs/checks/no-default-deny.md') } },
    ]);
  });

  it('places each problem at its line and column, below the folder it was found from', () => {
    const { results, tool } = run(problem);
    expect(results).toMatchObject([
      {
        ruleId: 'unknown-key',
        level: 'error',
        message: { text: 'unknown key "statsu". did you mean status?' },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: 'scenarios/a%20b.yaml' },
              region: { startLine: 3, startColumn: 5 },
            },
          },
        ],
      },
    ]);
    expect(tool.driver.rules[results[0]?.ruleIndex ?? -1]?.id).toBe('unknown-key');
  });

  it('calls a notice a note, and writes absolute files as URIs', () => {
    const at = { file: '/home/a/b.yaml', line: 1, column: 1 };
    const { results } = run({ code: 'x', severity: 'notice', message: 'm', at });
    expect(results[0]?.level).toBe('note');
    expect(results[0]?.locations[0]?.physicalLocation.artifactLocation.uri).toBe('file:///home/a/b.yaml');
  });

  it('leaves the place out where there is none, and secrets always', () => {
    const { results } = run({
      code: 'x',
      severity: 'warning',
      message: 'Authorization: Bearer abcdefghijkl',
    });
    expect(results[0]?.locations).toEqual([]);
    expect(results[0]?.message.text).not.toContain('abcdefghijkl');
  });
});
