/** How `greenroom check` tells what it found, and what `--fix` writes. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyFixes } from '../../cli/apply-fixes.ts';
import { checkProject } from '../../cli/check.ts';
import { collectCheckReports, showChecked, writeCheckReports } from '../../cli/check-output.ts';
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
    const checked = await checkProject(await example('rule-shadowed'));
    const [sarif, json] = [join(folder, 'a.sarif'), join(folder, 'a.json')];
    await writeCheckReports([`sarif=${sarif}`, `json=${json}`], checked);
    expect(JSON.parse(await readFile(sarif, 'utf8'))).toMatchObject({
      version: '2.1.0',
      runs: [{ results: [{ ruleId: 'rule-shadowed', level: 'warning' }] }],
    });
    expect(JSON.parse(await readFile(json, 'utf8'))).toMatchObject({
      checked: [{ services: 2, policies: 4, scenarios: 0, files: 3, containers: 'none' }],
      unread: [],
      problems: [{ code: 'rule-shadowed', docs: 'docs/checks/rule-shadowed.md', at: { line: 27 } }],
    });
  });
});

describe('text', () => {
  const scope = { services: 1, policies: 1, scenarios: 0, files: 2, containers: 'none' } as const;

  it('of nothing wrong says what was looked at, and by how many checks', () => {
    expect(showChecked({ scopes: [scope], unread: [], problems: [] }, 'text')).toBe(
      'checked 1 service, 1 policy, 0 scenarios in 2 files: 25 checks of policies, none of containers (no Compose file)\n0 errors, 0 warnings, 0 notices\n',
    );
    const two = [scope, { ...scope, policies: 3, containers: 'checked' } as const];
    expect(showChecked({ scopes: two, unread: [], problems: [] }, 'text')).toMatch(
      /^checked 2 projects, 2 services, 4 policies, 0 scenarios in 4 files: 25 checks of policies, 8 of containers\n/,
    );
  });

  it('claims no check of what can’t be read', () => {
    const shown = showChecked({ scopes: [], unread: ['a\u001b[2J'], problems: [] }, 'text');
    expect(shown).toBe(
      "not checked any further, since it can't be read: a\\u{1b}[2J\n0 errors, 0 warnings, 0 notices\n",
    );
  });

  it('names the page of each code that has one, once, where it lies on this machine', () => {
    const finding = { severity: 'warning', message: 'm', docs: 'docs/checks/rule-shadowed.md' } as const;
    const problems = [
      { ...finding, code: 'rule-shadowed' },
      { ...finding, code: 'rule-shadowed' },
      { code: 'compose-lost', severity: 'warning', message: 'has no page' } as const,
    ];
    const shown = showChecked({ scopes: [], unread: [], problems }, 'text');
    expect(shown).toContain('\n(docs/checks/CODE.md tells more of rule-shadowed)\n');
  });

  it('ends in the numbers, after the way to the pages', async () => {
    const checked = await checkProject(await example('rule-shadowed'));
    expect(showChecked(checked, 'text')).toMatch(
      /warning rule-shadowed: .*\n.*hint: .*\n.*docs\/checks.*\nchecked 2 services.*\n0 errors, 1 warning, 0 notices\n$/,
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
    expect(await applyFixes((await checkProject(path)).problems)).toEqual([]);
    expect(await readFile(join(path, 'policies.yaml'), 'utf8')).toBe(before);
  });
});
