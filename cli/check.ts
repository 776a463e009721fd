/** What `greenroom check` finds: everything wrong with a project's files, without starting anything. */
import { existsSync } from 'node:fs';
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

/** What was looked at in a project. */
interface CheckedScope {
  services: number;
  policies: number;
  scenarios: number;
  /** All that were read: greenroom.yaml, policies, scenarios, Compose files with what those include. */
  files: number;
  /** Whether there are containers that the checks of container-checks.ts could be run on. */
  containers: 'checked' | 'none';
}

export interface Checked {
  /** Of each project whose files could be read; only there the lints are run. */
  scopes: CheckedScope[];
  /** Shown paths of the others. */
  unread: string[];
  problems: LintProblem[];
}

/** The project at `path`, or where a folder holds none itself, those beneath it; each problem once. */
export async function checkPath(path: string): Promise<Checked> {
  const checked: Checked[] = [];
  for (const project of await projectsAt(resolve(path))) checked.push(await checkProject(project));
  const problems = checked.flatMap((one) => one.problems);
  return {
    scopes: checked.flatMap(({ scopes }) => scopes),
    unread: checked.flatMap(({ unread }) => unread),
    problems: [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()],
  };
}

/** `path` itself, unless it is a folder that only holds folders of projects. */
async function projectsAt(path: string): Promise<string[]> {
  const entry = await stat(path).catch(() => null);
  if (!entry?.isDirectory()) return [path];
  const listed = await listFiles(path, PROJECT_FILE);
  const folders = 'files' in listed ? [...new Set(listed.files.map(dirname))] : [];
  return folders.length === 0 || folders.includes(path) ? [path] : folders;
}

/** One project (a folder or a greenroom.yaml): all errors, warnings and notices. */
export async function checkProject(path: string): Promise<Checked> {
  const { value: mesh, problems } = await loadProject(path);
  if (!mesh) return { scopes: [], unread: [shownPath(path)], problems };
  const unjudged = policyProblems(compileMeshPolicies(mesh));
  const keys = await missingKeys(mesh);
  const scenarios = await checkScenarios(mesh);
  const found = [...unjudged, ...keys, ...scenarios, ...(mesh.containerFindings ?? []), ...lintMesh(mesh)];
  return { scopes: [scopeOf(mesh)], unread: [], problems: [...problems, ...found] };
}

function scopeOf(mesh: Mesh): CheckedScope {
  const { workloads, policies, policyFiles, scenarioFiles, composeFiles = [] } = mesh;
  return {
    services: workloads.length,
    policies: policies.length,
    scenarios: scenarioFiles.length,
    // A Compose project may name an .env that isn't there.
    files: 1 + [...new Set([...policyFiles, ...scenarioFiles, ...composeFiles])].filter(existsSync).length,
    containers: mesh.containerFindings === undefined ? 'none' : 'checked',
  };
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
