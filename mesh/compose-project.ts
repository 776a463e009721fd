/**
 * The Compose files that a project names -> its services. The real plugin merges, interpolates and checks them
 * (`docker compose config`), which needs no engine; here are the run of it, and the use of its result.
 */
import { resolve } from 'node:path';
import { readComposeConfig, type ComposeConfig } from '../model/compose/compose-config.ts';
import { ComposeSource } from '../model/compose/compose-source.ts';
import { containerFindings } from '../model/compose/container-checks.ts';
import { mergeCompose } from '../model/compose/merge-services.ts';
import { translateCompose } from '../model/compose/translate.ts';
import { hasErrors, type Parsed } from '../model/problem.ts';
import type { Project } from '../model/project.ts';
import { placeOf } from '../model/yaml-source.ts';
import { ComposeMemory, type ComposeServices } from './compose-memory.ts';
import { readComposeDocuments } from './compose-documents.ts';
import { pluginWarnings, refusals, runPlugin, type ComposeFiles } from './compose-plugin.ts';
import { unsetVariables } from './compose-variables.ts';
import { shownPath } from './project-files.ts';

/**
 * The project with the services of its Compose files; as it is where it names none.
 * @throws EnvironmentError `no-compose` where the plugin isn't there
 */
export async function withCompose(
  project: Project,
  root: string,
  memory = new ComposeMemory(),
): Promise<Parsed<Project>> {
  const files = composeFiles(project, root);
  if (files === null) return { value: project, problems: [] };
  const read = await memory.read(files, async () => await readServices(files));
  if (read.value === null) {
    const at = placeOf(project, ['spec', 'compose']);
    // A file that isn't there is a fault of the line that names it.
    const placed = read.problems.map((problem) =>
      problem.code === 'unreadable-file'
        ? { ...problem, message: `${problem.at?.file ?? ''}: ${problem.message}`, at }
        : problem,
    );
    return { value: null, problems: placed };
  }
  const { services, files: found, findings } = read.value;
  const value = {
    ...mergeCompose(project, services),
    composeFiles: [...found.keys()],
    containerFindings: findings,
  };
  return { value, problems: read.problems };
}

async function readServices(files: ComposeFiles): Promise<Parsed<ComposeServices>> {
  const read = await readCompose(files);
  if (read.value === null) return read;
  const { config, source, files: found } = read.value;
  const { value, problems } = translateCompose(config, source);
  const all = [...read.problems, ...problems];
  if (value === null) return { value, problems: all };
  return {
    value: { services: value, files: found, findings: containerFindings(config, source) },
    problems: all,
  };
}

function composeFiles(project: Project, root: string): ComposeFiles | null {
  const { compose } = project.spec;
  if (compose === undefined) return null;
  const absolute = (paths: readonly string[]): string[] => paths.map((path) => resolve(root, path));
  if (typeof compose === 'string') return { files: absolute([compose]), profiles: [], envFiles: [] };
  if (Array.isArray(compose)) return { files: absolute(compose), profiles: [], envFiles: [] };
  return { files: absolute(compose.files), profiles: compose.profiles, envFiles: absolute(compose.envFiles) };
}

/** The merged result, where its keys are written, and all files that it comes from, as `ComposeDocuments` has them. */
export async function readCompose(
  files: ComposeFiles,
): Promise<
  Parsed<{ config: ComposeConfig; source: ComposeSource; files: ReadonlyMap<string, string | null> }>
> {
  const [first = ''] = files.files;
  const shown = shownPath(first);
  const { documents, problems, files: found, envFiles } = await readComposeDocuments(files);
  // Only a file that the project names must be there; what it includes, the plugin judges.
  const missing = problems.filter(({ code }) => code !== 'yaml-syntax');
  if (hasErrors(missing)) return { value: null, problems: missing };
  const source = new ComposeSource(documents, shown, envFiles);
  const ended = await runPlugin(files);
  if (ended.code !== 0) {
    return {
      value: null,
      problems: hasErrors(problems) ? problems : refusals(ended.stderr, source),
    };
  }
  const read = readComposeConfig(ended.stdout, shown);
  if (read.value === null) return read;
  return {
    value: { config: read.value, source, files: found },
    problems: [...pluginWarnings(ended.stderr, source), ...(await unsetVariables(read.value, source))],
  };
}
