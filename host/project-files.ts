/** The project's own files as the window shows and the export carries them: text, with paths relative to the project. */
import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import type { PolicyText } from '../export/exported.ts';
import type { Mesh } from '../model/mesh.ts';

/** Relative to the project folder, with `/`. */
export function projectPath(mesh: Mesh, path: string): string {
  return relative(mesh.root, path).split(sep).join('/');
}

/** Every policy file of the project, as it is on disk now. */
export async function readPolicyTexts(mesh: Mesh): Promise<PolicyText[]> {
  return await Promise.all(
    mesh.policyFiles.map(async (path) => ({
      path: projectPath(mesh, path),
      text: await readFile(path, 'utf8'),
    })),
  );
}
