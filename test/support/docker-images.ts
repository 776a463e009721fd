/**
 * Images for the docker suite, made of what is on this machine: no registry is asked. A Node image is the running
 * node, its shared libraries and folders copied in; nothing else is in it, not even a shell.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { dockerCli, dockerTry } from './docker-cli.ts';

export interface NodeImage {
  /** Folders of this machine by absolute folder in the image. */
  folders?: Readonly<Record<string, string>>;
  workingDirectory?: string;
  /** `NAME=value`. */
  environment?: readonly string[];
  /** Programs copied in with their libraries, at their own paths. */
  programs?: readonly string[];
}

const MADE_OF = 'dev.greenroom.test-made-of';

/** Builds an image with `node` on its PATH under this tag; one that is there and made of the same is kept. */
export async function buildNodeImage(tag: string, image: NodeImage = {}): Promise<void> {
  // Folders are edited between runs: with those, nothing is known to be the same.
  const madeOf =
    Object.keys(image.folders ?? {}).length > 0 ? '' : digest([process.execPath, process.version, image]);
  const before = await dockerTry(
    'image',
    'inspect',
    '--format',
    `{{.Id}} {{index .Config.Labels "${MADE_OF}"}}`,
    tag,
  );
  const [oldId, oldMadeOf] = before.code === 0 ? before.output.split(' ') : [];
  if (madeOf !== '' && oldMadeOf === madeOf) return;
  const root = mkdtempSync(join(tmpdir(), 'greenroom-image-'));
  try {
    copyProgram(root, process.execPath, '/usr/bin/node');
    for (const program of image.programs ?? []) copyProgram(root, program, program);
    for (const [inside, outside] of Object.entries(image.folders ?? {})) {
      cpSync(outside, join(root, inside), { recursive: true });
    }
    for (const folder of ['/tmp', image.workingDirectory ?? '/app'])
      mkdirSync(join(root, folder), { recursive: true });
    await importFolder(root, tag, [
      `ENV ${['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOST=0.0.0.0', ...(image.environment ?? [])].join(' ')}`,
      `WORKDIR ${image.workingDirectory ?? '/app'}`,
      `LABEL ${MADE_OF}=${madeOf || 'folders'}`,
    ]);
    // The import took the tag away from it: nothing would ever find it again. In use elsewhere, it stays.
    if (oldId) await dockerTry('rmi', oldId);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}

/** An image with these programs and their libraries, and no more. */
export async function buildProgramImage(tag: string, programs: readonly string[]): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'greenroom-image-'));
  try {
    for (const program of programs) copyProgram(root, program, program);
    mkdirSync(join(root, 'tmp'));
    await importFolder(root, tag, ['ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin']);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

export async function removeImage(tag: string): Promise<void> {
  await dockerCli('rmi', '--force', tag);
}

/** A program and its libraries. */
export function copyProgram(root: string, program: string, inside: string): void {
  const files = new Map([[program, inside]]);
  for (const library of librariesOf(program)) files.set(library, library);
  for (const [from, to] of files) {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    copyFileSync(realpathSync(from), join(root, to));
  }
}

function librariesOf(program: string): string[] {
  try {
    const text = execFileSync('ldd', [program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return [...text.matchAll(/(?:^|\s)(\/\S+) \(0x/gm)].flatMap(([, library]) => library ?? []);
  } catch {
    return []; // Static.
  }
}

/** A folder as an image. */
export async function importFolder(root: string, tag: string, changes: readonly string[]): Promise<void> {
  const tar = spawn('tar', ['-cf', '-', '-C', root, '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const args = ['import', ...changes.flatMap((change) => ['--change', change]), '-', tag];
  const docker = spawn('docker', args, { stdio: ['pipe', 'ignore', 'inherit'] });
  tar.stdout.pipe(docker.stdin);
  const code = await new Promise<number | null>((resolve, reject) =>
    docker.once('error', reject).once('close', resolve),
  );
  if (code !== 0) throw new Error(`docker import of ${tag} ended with ${code}`);
}
