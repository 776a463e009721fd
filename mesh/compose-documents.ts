/** The user's own Compose files with what they include, extend and take variables from, as the plugin finds them. */
import { dirname, join, resolve } from 'node:path';
import { valueAt } from '../model/compose/compose-source.ts';
import type { Problem } from '../model/problem.ts';
import { readYaml, type YamlDocument } from '../model/yaml-source.ts';
import type { ComposeFiles } from './compose-plugin.ts';
import { digestOf, readText, shownPath } from './project-files.ts';

/** Included files may include others; more than this is a mistake. */
const MAX_FILES = 100;

export interface ComposeDocuments {
  /** The one that has the last word first. */
  documents: YamlDocument[];
  /** Of the files that the project names; what those include, the plugin judges. */
  problems: Problem[];
  /** All that was read, and the files of variables and labels: absolute paths, and what is in each as `digestOf` has it. */
  files: Map<string, string | null>;
  /** Absolute, in which Compose looks for the variables of a document, by its name as shown; some may not be there. */
  envFiles: Map<string, readonly string[]>;
}

/** Files that are read together: relative paths in them are meant from `folder`. */
interface Group {
  paths: readonly string[];
  folder: string;
  /** Absolute; the last one has the last word. */
  envFiles: readonly string[];
}

/** Reads each file once. A path that holds a variable isn't followed: only the plugin knows what it is. */
export async function readComposeDocuments({ files, envFiles }: ComposeFiles): Promise<ComposeDocuments> {
  // The folder of the first is the project's, for all of them.
  const folder = dirname(files[0] ?? '');
  const read: ComposeDocuments = { documents: [], problems: [], files: new Map(), envFiles: new Map() };
  const own = envFiles.length > 0 ? envFiles : unnamedEnvFiles(folder);
  read.problems = await readGroup({ paths: [...files].reverse(), folder, envFiles: own }, read);
  return read;
}

/** As `docker compose` has them without `--env-file`. */
function unnamedEnvFiles(folder: string): string[] {
  const { COMPOSE_ENV_FILES: named, COMPOSE_DISABLE_ENV_FILE: disabled } = process.env;
  if (/^(1|t|true)$/i.test(disabled ?? '')) return [];
  return named ? named.split(',').map((path) => resolve(path)) : [join(folder, '.env')];
}

async function readGroup(group: Group, into: ComposeDocuments): Promise<Problem[]> {
  const { paths, folder, envFiles } = group;
  const problems: Problem[] = [];
  for (const path of envFiles) await note(path, into);
  for (const path of paths) {
    if (into.files.has(path) || into.documents.length >= MAX_FILES) continue;
    await note(path, into);
    const text = await readText(path);
    if ('problem' in text) {
      problems.push(text.problem);
      continue;
    }
    const read = readYaml(text.text, shownPath(path));
    into.envFiles.set(shownPath(path), envFiles);
    problems.push(...read.problems);
    into.documents.push(...read.documents);
    for (const { value } of read.documents) {
      for (const other of [...included(value, group), ...extended(value, group)])
        await readGroup(other, into);
      for (const file of variableFiles(value, folder)) await note(file, into);
    }
  }
  return problems;
}

/** Before it is read: what is written meanwhile differs from what is noted. */
async function note(path: string, into: ComposeDocuments): Promise<void> {
  if (!into.files.has(path)) into.files.set(path, await digestOf(path));
}

/** Their own env files, or the `.env` of their folder; what the including project says of a variable goes before. */
function included(document: unknown, { folder, envFiles }: Group): Group[] {
  return listOf(valueAt(document, ['include'])).flatMap((entry) => {
    const paths = absolute(typeof entry === 'string' ? entry : valueAt(entry, ['path']), folder);
    const [first] = paths;
    if (first === undefined) return [];
    const [own] = absolute(valueAt(entry, ['project_directory']), folder);
    const project = own ?? dirname(first);
    const named = absolute(valueAt(entry, ['env_file']), folder);
    return [
      {
        paths,
        folder: project,
        envFiles: [...(named.length > 0 ? named : [join(project, '.env')]), ...envFiles],
      },
    ];
  });
}

function extended(document: unknown, { folder, envFiles }: Group): Group[] {
  return servicesOf(document)
    .flatMap((service) => absolute(valueAt(service, ['extends', 'file']), folder))
    .map((path) => ({ paths: [path], folder: dirname(path), envFiles }));
}

/** `env_file` and `label_file` of services. */
function variableFiles(document: unknown, folder: string): string[] {
  return servicesOf(document).flatMap((service) => [
    ...listOf(valueAt(service, ['env_file'])).flatMap((entry) =>
      absolute(typeof entry === 'string' ? entry : valueAt(entry, ['path']), folder),
    ),
    ...absolute(valueAt(service, ['label_file']), folder),
  ]);
}

function servicesOf(document: unknown): unknown[] {
  const services = valueAt(document, ['services']);
  return Object.values(typeof services === 'object' && services !== null ? services : {});
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  return value === undefined || value === null ? [] : [value];
}

/** Of one path or several; not those of another machine (`https://…`, `oci://…`). */
function absolute(value: unknown, folder: string): string[] {
  return listOf(value).flatMap((path) =>
    typeof path === 'string' && !/[:$]/.test(path) ? [resolve(folder, path)] : [],
  );
}
