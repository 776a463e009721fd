/**
 * The image of holders and of the one-shot containers that install rules: nft, busybox, and the libraries they
 * need, imported from this machine, so that nothing is downloaded. Where they aren't installed, the Dockerfile
 * that we ship is built. Tagged by content: another nft makes another image.
 */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, constants, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { EnvironmentError } from '../../../model/environment-error.ts';
import { dockerBuild } from './docker-build.ts';
import type { Engine } from './engine.ts';
import { IMAGE_LABEL } from './labels.ts';

const REPOSITORY = 'greenroom-pod';
/** What a user may have built beforehand. */
const LOCAL = `${REPOSITORY}:local`;
const PROGRAMS = ['nft', 'busybox'];
/** nft is for root, and root's folders aren't on everybody's PATH. */
const ROOT_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];

const run = promisify(execFile);

/** The reference of an image that has nft and busybox on its PATH; made when it isn't there yet. */
export async function ensureHelperImage(engine: Engine, signal: AbortSignal): Promise<string> {
  const programs = await Promise.all(PROGRAMS.map(findProgram));
  const found = programs.filter((path) => path !== null);
  if (found.length === PROGRAMS.length) return importImage(engine, await withLibraries(found), signal);
  if (await engine.hasImage(LOCAL)) return LOCAL;
  return buildImage(
    engine,
    PROGRAMS.filter((_, index) => programs[index] === null),
  );
}

async function findProgram(name: string): Promise<string | null> {
  for (const folder of [...ROOT_FOLDERS, ...(process.env['PATH'] ?? '').split(delimiter)]) {
    const path = join(folder, name);
    const usable = folder !== '' && (await access(path, constants.X_OK).then(yes, no));
    if (usable) return path;
  }
  return null;
}

const yes = () => true;
const no = () => false;

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

async function importImage(engine: Engine, files: readonly string[], signal: AbortSignal): Promise<string> {
  const tag = await contentTag(files);
  const reference = `${REPOSITORY}:${tag}`;
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
    engine.importImage(tar.stdout, REPOSITORY, tag, [`ENV PATH=${path}`, `LABEL ${IMAGE_LABEL}=pod`]),
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

async function buildImage(engine: Engine, missing: readonly string[]): Promise<string> {
  const folder = fileURLToPath(new URL('./helper/', import.meta.url));
  const built = await dockerBuild({ endpoint: engine.endpoint, context: folder, tag: LOCAL, labels: {} });
  if (built.ok) return LOCAL;
  throw new EnvironmentError(
    'helper-image-missing',
    `The docker runtime needs ${missing.join(' and ')} on this machine, or an image that has them, and could not build one.`,
    {
      hint: `Debian, Ubuntu: sudo apt-get install nftables busybox-static. Or: docker build -t ${LOCAL} ${folder}`,
      lines: built.lastLines,
    },
  );
}
