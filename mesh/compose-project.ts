/**
 * The Compose files that a project names -> its services. The real plugin merges, interpolates and checks them
 * (`docker compose config`), which needs no engine; here are the run of it, and the reading of the files for places.
 */
import { dirname, resolve } from 'node:path';
import { readComposeConfig, type ComposeConfig } from '../model/compose/compose-config.ts';
import { ComposeSource, valueAt } from '../model/compose/compose-source.ts';
import { containerFindings } from '../model/compose/container-checks.ts';
import { mergeCompose } from '../model/compose/merge-services.ts';
import { translateCompose } from '../model/compose/translate.ts';
import { hasErrors, type Parsed, type Problem } from '../model/problem.ts';
import type { Project } from '../model/project.ts';
import { placeOf, readYaml, type YamlDocument } from '../model/yaml-source.ts';
import { pluginWarnings, refusal, runPlugin, type ComposeFiles } from './compose-plugin.ts';
import { readText, shownPath } from './project-files.ts';

/** Included files may include others; more than this is a mistake. */
const MAX_FILES = 100;

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
    composeFiles: files.files,
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

/** The merged result, and where its keys are written. */
export async function readCompose(
  files: ComposeFiles,
): Promise<Parsed<{ config: ComposeConfig; source: ComposeSource }>> {
  const [first = ''] = files.files;
  const shown = shownPath(first);
  const documents: YamlDocument[] = [];
  const problems = await readDocuments([...files.files].reverse(), documents, new Set());
  // Only a file that the project names must be there; what it includes, the plugin judges.
  const missing = problems.filter(({ code }) => code !== 'yaml-syntax');
  if (hasErrors(missing)) return { value: null, problems: missing };
  const source = new ComposeSource(documents, shown);
  const ended = await runPlugin(files);
  if (ended.code !== 0) {
    return {
      value: null,
      problems: hasErrors(problems) ? problems : [refusal(ended.stderr, source)],
    };
  }
  const read = readComposeConfig(ended.stdout, shown);
  const warnings = pluginWarnings(ended.stderr, source);
  return read.value === null ? read : { value: { config: read.value, source }, problems: warnings };
}

/** Reads files and what they include or extend, each once; the earlier has the last word. */
async function readDocuments(
  paths: readonly string[],
  documents: YamlDocument[],
  seen: Set<string>,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const path of paths) {
    if (seen.has(path) || seen.size >= MAX_FILES) continue;
    seen.add(path);
    const text = await readText(path);
    if ('problem' in text) {
      problems.push(text.problem);
      continue;
    }
    const read = readYaml(text.text, shownPath(path));
    problems.push(...read.problems);
    documents.push(...read.documents);
    const others = read.documents.flatMap(({ value }) => referred(value));
    await readDocuments(
      others.map((other) => resolve(dirname(path), other)),
      documents,
      seen,
    );
  }
  return problems;
}

/** Paths that `include` and `extends` name. */
function referred(document: unknown): string[] {
  const includes = valueAt(document, ['include']);
  const services = valueAt(document, ['services']);
  const extended = Object.values(typeof services === 'object' && services !== null ? services : {}).map(
    (service) => valueAt(service, ['extends', 'file']),
  );
  const included = (Array.isArray(includes) ? includes : []).flatMap((entry: unknown) => {
    const path = typeof entry === 'string' ? entry : valueAt(entry, ['path']);
    return Array.isArray(path) ? (path as unknown[]) : [path];
  });
  return [...included, ...extended].filter(
    (path) => typeof path === 'string' && !path.includes(':'),
  ) as string[];
}
