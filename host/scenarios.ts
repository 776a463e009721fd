/** The project's scenario files, read when asked: a file with problems stays listed, with them. */
import { readFile } from 'node:fs/promises';
import type { ScenarioSummary } from '../bridge/contract.ts';
import type { Mesh } from '../model/mesh.ts';
import type { Problem } from '../model/problem.ts';
import { parseScenarioFile, type ParsedScenario } from '../model/scenario-file.ts';

export interface ReadScenario {
  file: string;
  parsed: ParsedScenario | null;
  problems: Problem[];
}

/** Every scenario of the project, in the order of its files. */
export async function readScenarios(mesh: Mesh): Promise<ReadScenario[]> {
  return await Promise.all(
    mesh.scenarioFiles.map(async (file) => {
      const { value, problems } = parseScenarioFile(await readFile(file, 'utf8'), file);
      return { file, parsed: value, problems };
    }),
  );
}

/** What the list of the window shows of it. */
export function summarize(entry: ReadScenario, path: string): ScenarioSummary {
  const scenario = entry.parsed?.scenario;
  return {
    id: scenario?.metadata.id ?? path,
    title: scenario?.info.title ?? path,
    severity: scenario?.info.severity ?? 'info',
    tags: scenario?.info.tags ?? [],
    references: scenario?.info.references ?? [],
    file: path,
    line: 1,
    steps: scenario?.steps.length ?? 0,
    problems: entry.problems,
  };
}
