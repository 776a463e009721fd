/**
 * An image of a few programs and the libraries they need, imported from this machine, so that nothing is downloaded.
 * Where they aren't installed, the Dockerfile that we ship is built. Tagged by content: another nft makes another
 * image.
 */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, constants, readFile } from 'node:fs/promises';
import { machine } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { EnvironmentError } from '../../../model/environment-error.ts';
import { dockerBuild } from './docker-build.ts';
import type { Engine } from './engine.ts';
import { IMAGE_LABEL } from './labels.ts';

/** Some of them are for root, and root's folders aren't on everybody's PATH. */
const ROOT_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];

const run = promisify(execFile);

export interface ProgramImage {
  /** `greenroom-<name>` is its repository; its tag `local` is what a user may have built beforehand. */
  name: string;
  /** On its PATH. */
  programs: readonly string[];
  /** Files that they start, where this machine has them. */
  beside: readonly string[];
  /** Of its Dockerfile. */
  folder: string;
  /** Debian's packages that bring them. */
  packages: string;
}

/** The reference of such an image; made when it isn't there yet. */
export async function ensureProgramImage(
  engine: Engine,
  image: ProgramImage,
  signal: AbortSignal,
): Promise<string> {
  const alike = process.platform === 'linux' && (await engine.facts()).architecture === machine();
  const programs = await Promise.all(image.programs.map((name) => (alike ? findProgram(name) : null)));
  const found = programs.filter((path) => path !== null);
  if (found.length === image.programs.length) {
    const beside = await Promise.all(
      image.beside.map(async (file) => ((await isUsable(file)) ? file : null)),
    );
    const files = [...found, ...beside.filter((file) => file !== null)];
    return importImage(engine, image, await withLibraries(files), signal);
  }
  const local = `greenroom-${image.name}:local`;
  if (await engine.hasImage(local)) return local;
  return buildImage(
    engine,
    image,
    local,
    image.programs.filter((_, index) => programs[index] === null),
  );
}

async function findProgram(name: string): Promise<string | null> {
  for (const folder of [...ROOT_FOLDERS, ...(process.env['PATH'] ?? '').split(delimiter)]) {
    const path = join(folder, name);
    if (folder !== '' && (await isUsable(path))) return path;
  }
  return null;
}

function isUsable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The files and every shared library that they load, sorted. */
async function withLibraries(files: readonly string[]): Promise<string[]> {
  const all = new Set(files);
  for (const file of files) {
    // A static program: ldd says so and fails.
    const { stdout } = await run('ldd', [file]).catch(() => ({ stdout: '' }));
    for (const [, library] of stdout.matchAll(/(?:^|\s)(\/\S+) \(0x/gm)) if (library) all.add(library);
  }
  return [...all].sort();
}

async function importImage(
  engine: Engine,
  { name }: ProgramImage,
  files: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const tag = await contentTag(files);
  const repository = `greenroom-${name}`;
  const reference = `${repository}:${tag}`;
  if (await engine.hasImage(reference)) return reference;
  signal.throwIfAborted();
  const tar = spawn('tar', ['-chf', '-', '-C', '/', ...files.map((file) => file.slice(1))], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise<number | null>((resolve, reject) =>
    tar.once('error', reject).once('close', resolve),
  );
  const path = [...ROOT_FOLDERS].join(':');
  const [, code] = await Promise.all([
    engine.importImage(tar.stdout, repository, tag, [`ENV PATH=${path}`, `LABEL ${IMAGE_LABEL}=${name}`]),
    ended,
  ])
    // Where the engine refuses it, nobody reads on.
    .finally(() => tar.kill());
  if (code !== 0)
    throw new EnvironmentError(
      'helper-image-missing',
      `tar ended with ${code} while packing ${files.join(' ')}`,
    );
  return reference;
}

async function contentTag(files: readonly string[]): Promise<string> {
  const digest = createHash('sha256');
  for (const file of files) {
    digest.update(`${file}\n`).update(await readFile(file));
  }
  return digest.digest('hex').slice(0, 16);
}

async function buildImage(
  engine: Engine,
  { folder, packages }: ProgramImage,
  tag: string,
  missing: readonly string[],
): Promise<string> {
  const built = await dockerBuild({ endpoint: engine.endpoint, context: folder, tag, labels: {} });
  if (built.ok) return tag;
  throw new EnvironmentError(
    'helper-image-missing',
    `The docker runtime needs ${missing.join(' and ')} on this machine, or an image that has them, and could not build one.`,
    {
      hint: `Debian, Ubuntu: sudo apt-get install ${packages}. Or: docker build -t ${tag} ${folder}`,
      lines: built.lastLines,
    },
  );
}
