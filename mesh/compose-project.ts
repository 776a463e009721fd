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
import { readComposeDocuments } from './compose-documents.ts';
import { pluginWarnings, refusals, runPlugin, type ComposeFiles } from './compose-plugin.ts';
import { unsetVariables } from './compose-variables.ts';
import { shownPath } from './project-files.ts';

/**
 * The project with the services of its Compose files; as it is where it names none.
 * @throws EnvironmentError `no-compose` where the plugin isn't there
 */
export async function withCompose(project: Project, root: string): Promise<Parsed<Project>> {
  const files = composeFiles(project, root);
  if (files === null) return { value: project, problems: [] };
  const read = await readCompose(files);
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
  const translated = translateCompose(read.value.config, read.value.source);
  if (translated.value === null) return { value: null, problems: [...read.problems, ...translated.problems] };
  const value = {
    ...mergeCompose(project, translated.value),
    composeFiles: read.value.files,
    containerFindings: containerFindings(read.value.config, read.value.source),
  };
  return { value, problems: [...read.problems, ...translated.problems] };
}

function composeFiles(project: Project, root: string): ComposeFiles | null {
  const { compose } = project.spec;
  if (compose === undefined) return null;
  const absolute = (paths: readonly string[]): string[] => paths.map((path) => resolve(root, path));
  if (typeof compose === 'string') return { files: absolute([compose]), profiles: [], envFiles: [] };
  if (Array.isArray(compose)) return { files: absolute(compose), profiles: [], envFiles: [] };
  return { files: absolute(compose.files), profiles: compose.profiles, envFiles: absolute(compose.envFiles) };
}

/** The merged result, where its keys are written, and the absolute paths of all files that it comes from. */
export async function readCompose(
  files: ComposeFiles,
): Promise<Parsed<{ config: ComposeConfig; source: ComposeSource; files: string[] }>> {
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
    value: { config: read.value, source, files: [...found] },
    problems: [...pluginWarnings(ended.stderr, source), ...(await unsetVariables(read.value, source))],
  };
}
