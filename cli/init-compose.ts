/** `greenroom init` in a folder with a Compose file: a greenroom.yaml that runs at once, and nothing else. */
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { guessGateways } from '../model/compose/guess-gateways.ts';
import { guessPorts } from '../model/compose/guess-ports.ts';
import { kubernetesName, translateCompose } from '../model/compose/translate.ts';
import type { ComposeService } from '../model/compose/translate-service.ts';
import { readCompose } from '../mesh/compose-project.ts';
import type { Problem } from '../model/problem.ts';
import { guessLines, renderStarter } from './compose-starter.ts';
import { FilesError } from './exit-codes.ts';
import { refuseExisting, writeNew } from './new-files.ts';
import { listFiles, readText, shownPath } from '../mesh/project-files.ts';
import { readPolicyFile } from '../model/policy-file.ts';
import type { PolicyObject } from '../model/policy-object.ts';

/** File names that `docker compose` looks for itself, the first that is there. */
const USUAL = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

export interface ComposeInit {
  /** As shown to the user. */
  written: string;
  /** What was guessed, a line each. */
  guesses: string[];
  /** What of the Compose file has no effect. */
  problems: readonly Problem[];
}

/** The Compose files of a folder, as `docker compose` would take them: the file, and its override; mostly none. */
export async function usualComposeFiles(folder: string): Promise<string[]> {
  for (const name of USUAL) {
    if (!(await isFile(join(folder, name)))) continue;
    const override = name.replace(/\.(ya?ml)$/, '.override.$1');
    return (await isFile(join(folder, override))) ? [name, override] : [name];
  }
  return [];
}

/**
 * Writes greenroom.yaml into `folder`, whose Compose files are these.
 * @throws FilesError when greenroom.yaml exists, or Compose refuses its files; then nothing was written
 * @throws EnvironmentError `no-compose`, `project-not-written`
 */
export async function writeComposeProject(folder: string, files: readonly string[]): Promise<ComposeInit> {
  const root = resolve(folder);
  await refuseExisting(root, ['greenroom.yaml', 'greenroom.yml'], 'greenroom init FOLDER');
  const read = await readCompose({
    files: files.map((file) => join(root, file)),
    profiles: [],
    envFiles: [],
  });
  if (read.value === null) throw new FilesError(read.problems);
  const { config, source } = read.value;
  const translated = translateCompose(config, source);
  if (translated.value === null) throw new FilesError(translated.problems);
  const services = translated.value;
  const ports = guessPorts(services, await readDockerfiles(services));
  const starter = {
    meshName: kubernetesName(config.name) || 'mesh',
    composeFiles: files.map((file) => `./${file}`),
    policies: (await stat(join(root, 'policies')).catch(() => null))?.isDirectory()
      ? ('present' as const)
      : ('absent' as const),
    services,
    ports,
    gateways: guessGateways(await readPolicies(join(root, 'policies')), services, ports),
  };
  const target = join(root, 'greenroom.yaml');
  await writeNew(target, renderStarter(starter));
  return {
    written: shownPath(target),
    guesses: guessLines(starter),
    problems: [...read.problems, ...translated.problems],
  };
}

/** By Compose's names; one that can't be read tells nothing, and its build will say why. */
async function readDockerfiles(services: readonly ComposeService[]): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const { composeName, build } of services) {
    if (build === null) continue;
    const file = build.dockerfile ?? join(build.context, 'Dockerfile');
    const text = build.options.inline ?? (await readFile(file, 'utf8').catch(() => null));
    if (text !== null) texts.set(composeName, text);
  }
  return texts;
}

/** What can be read of a folder that may not be there; `check` tells of the rest. */
async function readPolicies(folder: string): Promise<PolicyObject[]> {
  const listed = await listFiles(folder, /\.(ya?ml|json)$/i);
  if ('error' in listed) return [];
  const texts = await Promise.all(listed.files.map((file) => readText(file)));
  return texts.flatMap((text) =>
    'problem' in text
      ? []
      : readPolicyFile(text.text, folder, { namespace: 'default', ignore: [], keysFrom: 'files' }).objects,
  );
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() === true;
}
