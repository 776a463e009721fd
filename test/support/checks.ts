/** The example projects of test/checks: read from disk, also with kinds that no rehearsal enforces yet. */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildMesh } from '../../model/build-mesh.ts';
import type { Mesh } from '../../model/mesh.ts';
import { readPolicyFile } from '../../model/policy-file.ts';
import { formatProblem, type Problem } from '../../model/problem.ts';
import { parseProject } from '../../model/project.ts';
import type { LintProblem } from '../../policy/lint.ts';
import { lintMesh } from '../../policy/lint-mesh.ts';

export const CHECKS = fileURLToPath(new URL('../checks/', import.meta.url));

/** Codes that have examples. */
export function exampleCodes(): string[] {
  return readdirSync(CHECKS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

export interface Example {
  mesh: Mesh;
  problems: LintProblem[];
}

/** Reads and lints one example; `edited` stands in for its policies.yaml. */
export function readExample(code: string, side: 'positive' | 'negative', edited?: string): Example {
  const root = resolve(CHECKS, code, side);
  const project = parseProject(readFileSync(`${root}/greenroom.yaml`, 'utf8'), 'greenroom.yaml');
  if (!project.value) throw new Error(project.problems.map(formatProblem).join('\n'));
  const problems: Problem[] = [];
  const objects = project.value.spec.policies.flatMap((entry) => {
    const file = resolve(root, entry);
    const own = file === `${root}/policies.yaml`;
    const text = own && edited !== undefined ? edited : readFileSync(file, 'utf8');
    const read = readPolicyFile(text, own ? 'policies.yaml' : 'closed.yaml', {
      namespace: 'shop',
      ignore: [],
    });
    problems.push(...read.problems);
    return read.objects;
  });
  const built = buildMesh(project.value, objects, {
    root,
    resolve: (path) => resolve(root, path),
    scenarioFiles: [],
    policyFiles: [],
  });
  problems.push(...built.problems);
  if (!built.value) throw new Error(problems.map(formatProblem).join('\n'));
  return { mesh: built.value, problems: [...problems, ...lintMesh(built.value)] };
}

/** The policies of an example, as text. */
export function policiesOf(code: string, side: 'positive' | 'negative'): string {
  return readFileSync(resolve(CHECKS, code, side, 'policies.yaml'), 'utf8');
}
