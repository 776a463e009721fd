/** The project's scenario files, read when asked: a file with problems stays listed, with them. */
import { readFile } from 'node:fs/promises';
import type { ScenarioSummary } from '../bridge/contract.ts';
import type { Mesh } from '../model/mesh.ts';
import type { Problem } from '../model/problem.ts';
import { parseScenarioFile, type ParsedScenario } from '../model/scenario-file.ts';
import { shownPath } from '../mesh/project-files.ts';

export interface ReadScenario {
  file: string;
  parsed: ParsedScenario | null;
  problems: Problem[];
}

/** Every scenario of the project, in the order of its files. Of two with one id, the later has a problem. */
export async function readScenarios(mesh: Mesh): Promise<ReadScenario[]> {
  const read = await Promise.all(
    mesh.scenarioFiles.map(async (file): Promise<ReadScenario> => {
      const { value, problems } = parseScenarioFile(await readFile(file, 'utf8'), shownPath(file));
      return { file, parsed: value, problems };
    }),
  );
  const known = new Map<string, ParsedScenario>();
  return read.map((entry) => {
    const id = entry.parsed?.scenario.metadata.id;
    const other = id === undefined ? undefined : known.get(id);
    if (entry.parsed && id !== undefined && !other) known.set(id, entry.parsed);
    return entry.parsed && other ? refuseDuplicate(entry.file, entry.parsed, other) : entry;
  });
}

function refuseDuplicate(file: string, parsed: ParsedScenario, other: ParsedScenario): ReadScenario {
  const { id } = parsed.scenario.metadata;
  const message = `another scenario is called ${id} too: ${other.file}`;
  return {
    file,
    parsed: null,
    problems: [{ code: 'duplicate-scenario', severity: 'error', message, at: parsed.at }],
  };
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
