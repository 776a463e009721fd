/** Paths as they are given -> the suites that they mean: a file itself, or all that a folder holds, by name. */
import { stat } from 'node:fs/promises';
import { FilesError } from '../../cli/exit-codes.ts';
import { listFiles, readText, shownPath } from '../../mesh/project-files.ts';
import type { Problem } from '../../model/problem.ts';
import { readYaml } from '../../model/yaml-source.ts';

const SUITE_FILE = /\.(ya?ml|json)$/i;

export interface SuiteFiles<Kind extends string> {
  suites: { file: string; kind: Kind }[];
  /** Of folders: each file that is no suite, and what it is. */
  leftOut: string[];
}

/**
 * What lies in these paths; throws `FilesError` for one that isn't there, can't be read or holds no suite. A folder may
 * hold policies beside its suites; a file that is named has to be one.
 */
export async function suiteFiles<Kind extends string>(
  paths: readonly string[],
  playable: readonly Kind[],
): Promise<SuiteFiles<Kind>> {
  const found: SuiteFiles<Kind> = { suites: [], leftOut: [] };
  const hint = `a suite is a *.json, *.yaml or *.yml file of kind ${playable.join(' or ')}`;
  for (const path of paths) {
    const listed = await listFiles(path, SUITE_FILE);
    if ('error' in listed)
      throw problem(listed.code, `${path}: ${listed.error}`, 'name a suite, or a folder that holds some');
    const isFolder = (await stat(path)).isDirectory();
    const before = found.suites.length;
    for (const file of listed.files) {
      const kind = await kindOf(file);
      const known = playable.find((one) => one === kind);
      const not = `${kind ?? 'a file without a kind'} can't be played`;
      if (known !== undefined) found.suites.push({ file, kind: known });
      else if (isFolder) found.leftOut.push(`left out ${shownPath(file)}: ${not}`);
      else throw problem('no-suite', not, hint, { file: shownPath(file), line: 1, column: 1 });
    }
    if (isFolder && found.suites.length === before) throw problem('no-suite', `${path} holds no suite`, hint);
  }
  return found;
}

/** Of its first document: a suite is one. */
async function kindOf(file: string): Promise<string | null> {
  const source = await readText(file);
  if ('problem' in source) throw new FilesError([source.problem]);
  const document = firstDocument(source.text, shownPath(file));
  const kind = typeof document === 'object' && document !== null && 'kind' in document ? document.kind : null;
  return typeof kind === 'string' ? kind : null;
}

/** JSON is YAML, and read far quicker as what it is. */
function firstDocument(text: string, shown: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const { documents, problems } = readYaml(text, shown);
    if (problems.length > 0) throw new FilesError(problems);
    return documents[0]?.value;
  }
}

function problem(code: string, message: string, hint: string, at?: Problem['at']): FilesError {
  return new FilesError([{ code, severity: 'error', message, hint, ...(at ? { at } : {}) }]);
}
