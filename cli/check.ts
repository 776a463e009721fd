/** What `greenroom check` finds: everything wrong with a project's files, without starting anything. */
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { loadProject } from '../mesh/load-project.ts';
import { keySetsInFiles } from '../mesh/key-file.ts';
import { compileMeshPolicies, policyProblems } from '../mesh/mesh-policies.ts';
import { listFiles, readText, shownPath } from '../mesh/project-files.ts';
import type { Mesh } from '../model/mesh.ts';
import { formatProblem, type Problem } from '../model/problem.ts';
import { parseScenarioFile, type ParsedScenario } from '../model/scenario-file.ts';
import { unknownWorkloads } from '../model/scenario-references.ts';
import type { LintProblem } from '../policy/lint.ts';
import { lintMesh } from '../policy/lint-mesh.ts';

const PROJECT_FILE = /^greenroom\.ya?ml$/;

/** The problems of the project at `path`, or where a folder holds none itself, of those beneath it; each once. */
export async function checkPath(path: string): Promise<LintProblem[]> {
  const projects = await projectsAt(resolve(path));
  const problems: LintProblem[] = [];
  for (const project of projects) problems.push(...(await checkProject(project)));
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}

/** `path` itself, unless it is a folder that only holds folders of projects. */
async function projectsAt(path: string): Promise<string[]> {
  const entry = await stat(path).catch(() => null);
  if (!entry?.isDirectory()) return [path];
  const listed = await listFiles(path, PROJECT_FILE);
  const folders = 'files' in listed ? [...new Set(listed.files.map(dirname))] : [];
  return folders.length === 0 || folders.includes(path) ? [path] : folders;
}

/** All problems of the project at `path` (a folder or a greenroom.yaml): errors, warnings and notices. */
export async function checkProject(path: string): Promise<LintProblem[]> {
  const { value: mesh, problems } = await loadProject(path);
  if (!mesh) return problems;
  const unjudged = policyProblems(compileMeshPolicies(mesh));
  const keys = await missingKeys(mesh);
  return [
    ...problems,
    ...unjudged,
    ...keys,
    ...(await checkScenarios(mesh)),
    ...(mesh.containerFindings ?? []),
    ...lintMesh(mesh),
  ];
}

/** A `jwksUri` that is a path must hold keys now; one that is a URL is only fetched by a session. */
async function missingKeys({ policies, root }: Mesh): Promise<Problem[]> {
  const sets = Object.entries(await keySetsInFiles(policies, root));
  return sets.flatMap(([uri, keys]) =>
    keys !== null
      ? []
      : [
          {
            code: 'keys-unreachable',
            severity: 'error' as const,
            message: `no keys in ${uri}: every token by them is refused`,
            hint: `a JSON Web Key Set belongs there, relative to ${root}`,
          },
        ],
  );
}

async function checkScenarios(mesh: Mesh): Promise<Problem[]> {
  const problems: Problem[] = [];
  const byId = new Map<string, ParsedScenario>();
  for (const file of mesh.scenarioFiles) {
    const text = await readText(file);
    if ('problem' in text) {
      problems.push(text.problem);
      continue;
    }
    const parsed = parseScenarioFile(text.text, shownPath(file));
    problems.push(...parsed.problems);
    if (!parsed.value) continue;
    problems.push(...unknownWorkloads(parsed.value, mesh));
    const { id } = parsed.value.scenario.metadata;
    const earlier = byId.get(id);
    if (earlier) {
      const message = `scenario ${id} is already written in ${earlier.file}`;
      problems.push({ code: 'duplicate-scenario', severity: 'error', message, at: parsed.value.at });
    }
    byId.set(id, parsed.value);
  }
  return problems;
}
