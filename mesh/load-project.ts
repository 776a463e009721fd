/**
 * A project on disk -> `Mesh`, or everything that is wrong with it: greenroom.yaml, every policy file, the list of
 * scenario files. Reads only; never throws for what a user wrote or forgot.
 */
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { buildMesh } from '../model/build-mesh.ts';
import type { Mesh } from '../model/mesh.ts';
import { readPolicyFile, summarizeSkipped, type SkippedObject } from '../model/policy-file.ts';
import { kindSupportByName } from '../model/policy-kinds.ts';
import type { PolicyObject } from '../model/policy-object.ts';
import { hasErrors, type Parsed, type Problem } from '../model/problem.ts';
import { gatewayProblems } from '../policy/gateway/gateway-problems.ts';
import { routeProblems } from '../policy/routes/route-problems.ts';
import { parseProject, type Project } from '../model/project.ts';
import { placeOf } from '../model/yaml-source.ts';
import type { ComposeMemory } from './compose-memory.ts';
import { readClientSecrets } from './client-secrets.ts';
import { withCompose } from './compose-project.ts';
import { readGatewayCredentials } from './gateway-credentials.ts';
import { readOpenApi } from './openapi-documents.ts';
import { listFiles, readText, shownPath, listFolders } from './project-files.ts';

export interface LoadOptions {
  /** Texts by absolute path that stand in for files on disk: an editor's unsaved ones, a what-if. */
  overrides?: ReadonlyMap<string, string>;
  /** For one who reads the project again and again. */
  compose?: ComposeMemory;
}

const PROJECT_FILES = ['greenroom.yaml', 'greenroom.yml'];
const PROJECT_FILE = /\.ya?ml$/i;
const POLICY_FILE = /\.(ya?ml|json)$/i;
const SCENARIO_FILE = /\.scenario\.(ya?ml|json)$/i;

/** `pathOrFolder`: a greenroom.yaml, or the folder that holds one. */
export async function loadProject(pathOrFolder: string, options: LoadOptions = {}): Promise<Parsed<Mesh>> {
  const file = await findProjectFile(resolve(pathOrFolder));
  if (typeof file !== 'string') return { value: null, problems: [file] };
  const text = await readText(file, options.overrides);
  if ('problem' in text) return { value: null, problems: [text.problem] };
  const project = parseProject(text.text, shownPath(file));
  if (!project.value) return { value: null, problems: project.problems };
  const composed = await withCompose(project.value, dirname(file), options.compose);
  if (!composed.value) return { value: null, problems: [...project.problems, ...composed.problems] };
  const mesh = await loadMesh(composed.value, dirname(file), options);
  return { ...mesh, problems: [...composed.problems, ...mesh.problems] };
}

async function loadMesh(project: Project, root: string, { overrides }: LoadOptions): Promise<Parsed<Mesh>> {
  const policyFiles = await listEntries(project, 'policies', root, POLICY_FILE);
  const scenarioFiles = await listEntries(project, 'scenarios', root, SCENARIO_FILE);
  const problems = [...checkIgnored(project), ...policyFiles.problems, ...scenarioFiles.problems];
  const policies: PolicyObject[] = [];
  const skipped: SkippedObject[] = [];
  for (const file of policyFiles.files) {
    const text = await readText(file, overrides);
    if ('problem' in text) {
      problems.push(text.problem);
      continue;
    }
    const defaults = {
      namespace: project.spec.namespace,
      ignore: project.spec.ignore,
      keysFrom: 'files',
    } as const;
    const read = readPolicyFile(text.text, shownPath(file), defaults);
    policies.push(...read.objects);
    skipped.push(...read.skipped);
    problems.push(...read.problems);
  }
  const mesh = buildMesh(project, policies, {
    root,
    resolve: (path) => resolve(root, path),
    scenarioFiles: scenarioFiles.files,
    policyFiles: policyFiles.files,
    policyFolders: await listFolders(project.spec.policies.map((entry) => resolve(root, entry))),
  });
  const openapi = await readOpenApi(policies, overrides);
  problems.push(
    ...mesh.problems,
    ...routeProblems(policies),
    ...gatewayProblems(policies, mesh.value?.gateways ?? []),
    ...(await readGatewayCredentials(mesh.value?.gateways ?? [])).problems,
    ...(mesh.value === null ? [] : (await readClientSecrets(mesh.value)).problems),
    ...openapi.problems,
    ...summarizeSkipped(skipped),
  );
  if (hasErrors(problems) || mesh.value === null) return { value: null, problems };
  const value =
    Object.keys(openapi.documents).length === 0 ? mesh.value : { ...mesh.value, openapi: openapi.documents };
  return { value, problems };
}

async function findProjectFile(path: string): Promise<string | Problem> {
  const found = await stat(path).catch(() => null);
  if (found?.isFile()) return path;
  const inside = found?.isDirectory() ? await projectFileIn(path) : null;
  if (inside !== null) return inside;
  const above = found ? await projectAbove(path) : null;
  const folder = !found && PROJECT_FILE.test(path) ? dirname(path) : path;
  return {
    code: 'no-project',
    severity: 'error',
    message: found ? `${shownPath(path)} holds no greenroom.yaml` : `${shownPath(path)} does not exist`,
    hint: above
      ? `the project above it is ${shownPath(above)}`
      : `greenroom init ${shownPath(folder)} writes one`,
  };
}

async function projectFileIn(folder: string): Promise<string | null> {
  for (const name of PROJECT_FILES) {
    const entry = await stat(join(folder, name)).catch(() => null);
    if (entry?.isFile()) return join(folder, name);
  }
  return null;
}

/** The nearest folder above this one that holds a project. */
async function projectAbove(path: string): Promise<string | null> {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    if ((await projectFileIn(folder)) !== null) return folder;
    if (folder === dirname(folder)) return null;
  }
}

/** Kinds under `ignore` that are enforced: leaving those out would make the rehearsal lie. */
function checkIgnored(project: Project): Problem[] {
  return project.spec.ignore.flatMap((kind, index): Problem[] => {
    if (kindSupportByName(kind) !== 'enforced') return [];
    const at = placeOf(project, ['spec', 'ignore', index]);
    return [
      {
        code: 'invalid-value',
        severity: 'error',
        message: `${kind} is enforced and can't be ignored`,
        hint: 'leave its files out of spec.policies instead',
        at,
      },
    ];
  });
}

/** The files behind `spec.policies` or `spec.scenarios`: absolute, each once, sorted. */
async function listEntries(
  project: Project,
  field: 'policies' | 'scenarios',
  root: string,
  pattern: RegExp,
): Promise<{ files: string[]; problems: Problem[] }> {
  const files = new Set<string>();
  const problems: Problem[] = [];
  for (const [index, entry] of project.spec[field].entries()) {
    const at = placeOf(project, ['spec', field, index]);
    const listed = await listFiles(resolve(root, entry), pattern);
    if ('error' in listed) {
      problems.push({ code: listed.code, severity: 'error', message: `${entry}: ${listed.error}`, at });
      continue;
    }
    if (listed.files.length === 0) {
      const wanted = field === 'policies' ? '*.yaml, *.yml or *.json' : '*.scenario.yaml';
      problems.push({
        code: 'empty-folder',
        severity: 'warning',
        message: `${entry} holds no files ${wanted}`,
        at,
      });
    }
    for (const file of listed.files) files.add(file);
  }
  return { files: [...files].sort(), problems };
}
