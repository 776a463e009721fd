/** The user's own Compose files with what they include, extend and take variables from, as the plugin finds them. */
import { dirname, join, resolve } from 'node:path';
import { valueAt } from '../model/compose/compose-source.ts';
import type { Problem } from '../model/problem.ts';
import { readYaml, type YamlDocument } from '../model/yaml-source.ts';
import type { ComposeFiles } from './compose-plugin.ts';
import { readText, shownPath } from './project-files.ts';

/** Included files may include others; more than this is a mistake. */
const MAX_FILES = 100;

export interface ComposeDocuments {
  /** The one that has the last word first. */
  documents: YamlDocument[];
  /** Of the files that the project names; what those include, the plugin judges. */
  problems: Problem[];
  /** Absolute paths of all that was read, and of the files of variables and labels; some may not be there. */
  files: Set<string>;
}

/** Files that are read together: relative paths in them are meant from `folder`. */
interface Group {
  paths: readonly string[];
  folder: string;
}

/** Reads each file once. A path that holds a variable isn't followed: only the plugin knows what it is. */
export async function readComposeDocuments({ files, envFiles }: ComposeFiles): Promise<ComposeDocuments> {
  // The folder of the first is the project's, for all of them.
  const folder = dirname(files[0] ?? '');
  const read: ComposeDocuments = { documents: [], problems: [], files: new Set() };
  read.problems = await readGroup({ paths: [...files].reverse(), folder }, read);
  for (const path of envFiles.length > 0 ? envFiles : [join(folder, '.env')]) read.files.add(path);
  return read;
}

async function readGroup({ paths, folder }: Group, into: ComposeDocuments): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const path of paths) {
    if (into.files.has(path) || into.documents.length >= MAX_FILES) continue;
    into.files.add(path);
    const text = await readText(path);
    if ('problem' in text) {
      problems.push(text.problem);
      continue;
    }
    const read = readYaml(text.text, shownPath(path));
    problems.push(...read.problems);
    into.documents.push(...read.documents);
    for (const { value } of read.documents) {
      for (const group of [...included(value, folder), ...extended(value, folder)])
        await readGroup(group, into);
      for (const file of variableFiles(value, folder)) into.files.add(file);
    }
  }
  return problems;
}

function included(document: unknown, folder: string): Group[] {
  return listOf(valueAt(document, ['include'])).flatMap((entry) => {
    const paths = absolute(typeof entry === 'string' ? entry : valueAt(entry, ['path']), folder);
    const [first] = paths;
    if (first === undefined) return [];
    const [own] = absolute(valueAt(entry, ['project_directory']), folder);
    return [{ paths, folder: own ?? dirname(first) }];
  });
}

function extended(document: unknown, folder: string): Group[] {
  return servicesOf(document)
    .flatMap((service) => absolute(valueAt(service, ['extends', 'file']), folder))
    .map((path) => ({ paths: [path], folder: dirname(path) }));
}

/** `env_file` and `label_file` of services; of what is included its `env_file`, or the `.env` of its folder. */
function variableFiles(document: unknown, folder: string): string[] {
  const ofServices = servicesOf(document).flatMap((service) => [
    ...listOf(valueAt(service, ['env_file'])).flatMap((entry) =>
      absolute(typeof entry === 'string' ? entry : valueAt(entry, ['path']), folder),
    ),
    ...absolute(valueAt(service, ['label_file']), folder),
  ]);
  const ofIncluded = listOf(valueAt(document, ['include'])).flatMap((entry) => {
    const named = absolute(valueAt(entry, ['env_file']), folder);
    return named.length > 0
      ? named
      : included({ include: [entry] }, folder).map((group) => join(group.folder, '.env'));
  });
  return [...ofServices, ...ofIncluded];
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
