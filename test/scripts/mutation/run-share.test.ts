/** The judge of the tests is put to the test: a small tree of its own, whose mutants' fates are known. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeMutants } from '../../../scripts/mutation/mutants.ts';
import { type Fate, type Outcome, runShare } from '../../../scripts/mutation/run-share.ts';
import { repository } from '../../support/greenroom.ts';

const SOURCE = `const NAMES = new Set(['orders', 'web']);
const kept = new Map<string, string>();

export function isKnown(name: string): boolean {
  return NAMES.has(name);
}
export function steps(from: number): number {
  let count = 0;
  for (let left = from; left > 0; left -= 1) count += 1;
  return count;
}
export function upper(name: string): string {
  const known = kept.get(name) ?? name.toUpperCase();
  kept.set(name, known);
  return known;
}
export function unasked(): string {
  return 'nobody calls this';
}
`;

const TEST = `import { expect, it } from 'vitest';
import { isKnown, steps, upper } from '../../policy/names.ts';

it('knows orders', () => expect(isKnown('orders')).toBe(true));
it('counts three', () => expect(steps(3)).toBe(3));
it('shouts', () => expect(upper('web')).toBe('WEB'));
`;

const root = mkdtempSync(join(tmpdir(), 'greenroom-mutation-'));
let judged: Outcome[] = [];

function fate(mutator: string, line: number, replacement: string): Fate | undefined {
  return judged.find(
    ({ mutant }) => mutant.mutator === mutator && mutant.line === line && mutant.replacement === replacement,
  )?.fate;
}

beforeAll(async () => {
  for (const folder of ['policy', 'test/policy', 'scripts'])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'policy/names.ts'), SOURCE);
  writeFileSync(join(root, 'test/policy/names.test.ts'), TEST);
  cpSync(join(repository, 'scripts/mutation'), join(root, 'scripts/mutation'), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  const { mutants, instrumented } = await makeMutants(root, ['policy/names.ts']);
  const signal = new AbortController().signal;
  const folder = join(root, '.mutation');
  judged = await runShare({ name: 'names', root, folder, mutants, instrumented, signal });
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a mutant', () => {
  it('that no test reaches is unreached', () => {
    expect(fate('StringLiteral', 18, '""')).toBe('unreached');
  });

  it('that changes nothing a test asks for survives, though it is reached while the module loads', () => {
    expect(fate('StringLiteral', 1, '""')).toBe('killed');
    const web = judged.filter(({ mutant }) => mutant.mutator === 'StringLiteral' && mutant.line === 1);
    expect(web.map((one) => one.fate).toSorted()).toEqual(['killed', 'survived']);
  });

  it('that a test notices is killed, and the test is named', () => {
    const killed = judged.find(
      ({ mutant }) => mutant.mutator === 'ConditionalExpression' && mutant.line === 9,
    );
    expect(killed?.fate).toBe('killed');
    expect(killed?.by).toBe('test/policy/names.test.ts: counts three');
  });

  it('that never ends is stopped', () => {
    expect(fate('AssignmentOperator', 9, 'left += 1')).toBe('timeout');
  });

  it('in what is computed once and kept is judged in modules of its own', () => {
    const lower = judged.find(({ mutant }) => mutant.replacement === 'name.toLowerCase()');
    expect(lower?.fate).toBe('killed');
  });
});
