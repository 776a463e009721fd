/** How `greenroom check` tells what it found, and what `--fix` writes. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyFixes } from '../../cli/apply-fixes.ts';
import { checkProject } from '../../cli/check.ts';
import { collectCheckReports, showProblems, writeCheckReports } from '../../cli/check-output.ts';
import { greenroom, temporaryFolder } from '../support/greenroom.ts';

const CHECKS = fileURLToPath(new URL('../checks/', import.meta.url));

let folder = '';
let remove: () => Promise<void> = async () => undefined;
beforeEach(async () => {
  ({ path: folder, remove } = await temporaryFolder());
  await cp(join(CHECKS, 'closed.yaml'), join(folder, 'closed.yaml'));
});
afterEach(async () => await remove());

/** An example project, copied to where it may be changed. */
async function example(code: string): Promise<string> {
  const path = join(folder, code, 'positive');
  await mkdir(path, { recursive: true });
  await cp(join(CHECKS, code, 'positive'), path, { recursive: true });
  return path;
}

describe('reports', () => {
  it('of an unknown kind, or without a file, are refused', () => {
    expect(() => collectCheckReports('html=x', [])).toThrow(InvalidArgumentError);
    expect(() => collectCheckReports('sarif', [])).toThrow(InvalidArgumentError);
    expect(() => collectCheckReports('sarif=', [])).toThrow(InvalidArgumentError);
    expect(collectCheckReports('sarif=a', ['json=b'])).toEqual(['json=b', 'sarif=a']);
  });

  it('are written, each in its format', async () => {
    const problems = await checkProject(await example('rule-shadowed'));
    const [sarif, json] = [join(folder, 'a.sarif'), join(folder, 'a.json')];
    await writeCheckReports([`sarif=${sarif}`, `json=${json}`], problems);
    expect(JSON.parse(await readFile(sarif, 'utf8'))).toMatchObject({
      version: '2.1.0',
      runs: [{ results: [{ ruleId: 'rule-shadowed', level: 'warning' }] }],
    });
    expect(JSON.parse(await readFile(json, 'utf8'))).toMatchObject({
      problems: [{ code: 'rule-shadowed', docs: 'docs/checks/rule-shadowed.md', at: { line: 27 } }],
    });
  });
});

describe('text', () => {
  it('of nothing is its numbers', () => {
    expect(showProblems([], 'text')).toBe('0 errors, 0 warnings, 0 notices\n');
  });

  it('names the page of each code that has one, once, where it lies on this machine', () => {
    const finding = { severity: 'warning', message: 'm', docs: 'docs/checks/rule-shadowed.md' } as const;
    const shown = showProblems(
      [
        { ...finding, code: 'rule-shadowed' },
        { ...finding, code: 'rule-shadowed' },
        { code: 'compose-lost', severity: 'warning', message: 'has no page' },
      ],
      'text',
    );
    expect(shown).toContain('\n(docs/checks/CODE.md tells more of rule-shadowed)\n');
  });

  it('ends in the numbers, after the way to the pages', async () => {
    const problems = await checkProject(await example('rule-shadowed'));
    expect(showProblems(problems, 'text')).toMatch(
      /warning rule-shadowed: .*\n.*hint: .*\n.*docs\/checks.*\n0 errors, 1 warning, 0 notices\n$/,
    );
  });
});

describe('the command', () => {
  it('ends with 2 on an error, told at file:line:column', async () => {
    const ran = await greenroom(['check', await example('root-selector-ignored')]);
    expect(ran.stdout).toMatch(/policies\.yaml:7:3: error root-selector-ignored: /);
    expect(ran.code).toBe(2);
  });

  it('changes one value with --fix, keeps comments, and says where', async () => {
    const path = await example('wildcard-in-the-middle');
    const file = join(path, 'policies.yaml');
    const text = `# ours\n${await readFile(file, 'utf8')}`;
    await writeFile(file, text);
    const ran = await greenroom(['check', path, '--fix']);
    expect(await readFile(file, 'utf8')).toBe(text.replace('/api/*/secrets', '"/api/{*}/secrets"'));
    expect(ran.stderr).toMatch(/fixed 1 in .*policies\.yaml/);
    expect(ran.stdout).toMatch(/^0 errors, 0 warnings, 0 notices$/m);
    expect(ran.code).toBe(0);
  });
});

describe('applyFixes', () => {
  it('changes nothing where no change is safe', async () => {
    const path = await example('rule-shadowed');
    const before = await readFile(join(path, 'policies.yaml'), 'utf8');
    expect(await applyFixes(await checkProject(path))).toEqual([]);
    expect(await readFile(join(path, 'policies.yaml'), 'utf8')).toBe(before);
  });
});
