/** What `greenroom check` finds: everything wrong with a project's files, without starting anything. */
import { loadProject } from '../mesh/load-project.ts';
import { readText, shownPath } from '../mesh/project-files.ts';
import type { Mesh } from '../model/mesh.ts';
import type { Problem } from '../model/problem.ts';
import { parseScenarioFile, type ParsedScenario } from '../model/scenario-file.ts';
import { unknownWorkloads } from '../model/scenario-references.ts';

/** All problems of the project at `path` (a folder or a greenroom.yaml): errors, warnings and notices. */
export async function checkProject(path: string): Promise<Problem[]> {
  const { value: mesh, problems } = await loadProject(path);
  if (!mesh) return problems;
  return [...problems, ...(await checkScenarios(mesh))];
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
    problems.push(...unknownWorkloads(parsed.value, mesh.workloads));
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
