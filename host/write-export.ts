/** An export onto disk, or into a zip. Nothing outside the folder is written, and nothing of it is half written. */
import { lstat, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import type { ExportedFile } from '../export/exported.ts';
import { EnvironmentError } from '../model/environment-error.ts';
import type { Mesh } from '../model/mesh.ts';
import { makeFolder } from '../mesh/make-folder.ts';
import { messageOf } from '../model/message-of.ts';

/** Zip has no time zone and no year before 1980; a fixed time keeps the archive the same for the same mesh. */
const ZIP_TIME = '1980-01-01T00:00:00';

async function writeOne(folder: string, file: ExportedFile): Promise<string> {
  const path = resolve(folder, file.path);
  if (!path.startsWith(resolve(folder) + sep)) {
    throw new EnvironmentError('export-outside', `${file.path} would be written outside ${folder}`);
  }
  makeFolder(dirname(path));
  const found = await lstat(path).catch(() => null);
  if (found?.isSymbolicLink() || found?.isDirectory()) {
    throw new EnvironmentError(
      'export-in-the-way',
      `${path} is ${found.isDirectory() ? 'a folder' : 'a link'}, not a file to overwrite`,
    );
  }
  const partial = `${path}.partial-${process.pid}`;
  try {
    await writeFile(partial, file.text);
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
  return path;
}

/**
 * Refuses a folder that the project itself is read from: the next start would read the manifests as policies.
 * @throws EnvironmentError `export-into-project`
 */
export function checkExportFolder(
  mesh: Pick<Mesh, 'root' | 'policyFiles' | 'scenarioFiles'>,
  folder: string,
): void {
  const wanted = resolve(folder);
  const read = [...mesh.policyFiles, ...mesh.scenarioFiles].map((file) => dirname(file));
  const inside = read.some((path) => path !== mesh.root && `${wanted}${sep}`.startsWith(`${path}${sep}`));
  if (wanted !== resolve(mesh.root) && !inside) return;
  throw new EnvironmentError('export-into-project', `${wanted} is a folder that the project is read from`, {
    hint: 'choose a folder of its own for the export, e.g. k8s',
  });
}

/**
 * Writes the files under `folder`, which is made when missing; files of other names in it stay.
 * @returns absolute paths, in the order of `files`
 * @throws EnvironmentError when something in the folder is in the way or can't be written
 */
export async function writeExport(folder: string, files: readonly ExportedFile[]): Promise<string[]> {
  const written: string[] = [];
  try {
    makeFolder(resolve(folder));
    for (const file of files) written.push(await writeOne(folder, file));
  } catch (error) {
    if (error instanceof EnvironmentError) throw error;
    throw new EnvironmentError('export-not-written', `cannot write to ${folder}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return written;
}

/** The files as a zip with `name` as its top folder; the same files give the same bytes. */
export function zipExport(name: string, files: readonly ExportedFile[]): Uint8Array {
  return zipSync(
    Object.fromEntries(files.map((file) => [join(name, file.path).split(sep).join('/'), strToU8(file.text)])),
    { mtime: ZIP_TIME },
  );
}
