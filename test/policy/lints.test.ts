/**
 * Each lint on small meshes, what it says of each reviewed as text: one page a lint. The services are always the
 * same: web, orders, cart (HTTP and TCP) and db (TCP) in shop, and ledger in billing.
 */
import { describe, expect, it } from 'vitest';
import type { PathNormalization } from '../../model/mesh.ts';
import { parsePolicyFile } from '../../model/policy-file.ts';
import { formatProblem } from '../../model/problem.ts';
import { LINTS, lintMesh } from '../../policy/lint-mesh.ts';
import type { Fix } from '../../policy/lint.ts';
import { LINT_CASES } from '../support/lint-cases.ts';
import { sampleMesh } from '../support/sample-mesh.ts';

const tcp = { name: 'tcp', port: 5432, targetPort: 5433, protocol: 'tcp' } as const;
const http = { name: 'http', port: 80, targetPort: 8080, protocol: 'http' } as const;

function found(code: string, yaml: string, pathNormalization: PathNormalization): string[] {
  const read = parsePolicyFile(yaml, 'policies.yaml', {
    namespace: 'shop',
    ignore: [],
    refusedBy: 'webhook',
  });
  if (read.value === null) throw new Error(read.problems.map(formatProblem).join('\n'));
  const samples = [
    { name: 'web' },
    { name: 'orders' },
    { name: 'cart', ports: [http, tcp] },
    { name: 'db', ports: [tcp] },
    { name: 'ledger', namespace: 'billing' },
  ];
  const mesh = sampleMesh(samples, { policies: read.value });
  const config = { ...mesh.config, trustDomainAliases: ['old.example'], pathNormalization };
  return lintMesh({ ...mesh, config })
    .filter((problem) => problem.code === code)
    .map((problem) => formatProblem(problem) + fixLine(problem.fix));
}

function fixLine(fix: Fix | undefined): string {
  return fix ? `\n  fix at ${fix.at.line}:${fix.at.column}: ${JSON.stringify(fix.change)}` : '';
}

describe('a lint', () => {
  it('has cases of its own, whatever its code', () => {
    expect(Object.keys(LINT_CASES).sort()).toEqual(LINTS.map(({ code }) => code));
  });

  it.each(Object.entries(LINT_CASES))(
    '%s says what is wrong, where, and what to write instead',
    async (code, cases) => {
      const pages = Object.entries(cases).map(([title, one]) => {
        const [yaml, normalization] = typeof one === 'string' ? [one, 'BASE' as const] : one;
        const lines = found(code, yaml, normalization);
        return [`## ${title}`, ...(lines.length > 0 ? lines : ['nothing'])].join('\n');
      });
      await expect(`${pages.join('\n\n')}\n`).toMatchFileSnapshot(`../golden/lints/${code}.txt`);
    },
  );
});
