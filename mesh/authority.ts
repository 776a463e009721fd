/** Who signs for a project: its root in the data folder. Two projects never share one, also if they share a name. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../model/clock.ts';
import type { Mesh } from '../model/mesh.ts';
import { createAuthority, type MeshAuthority } from './pki/authority.ts';
import { loadRoot } from './pki/root.ts';

export type Authority = MeshAuthority;

/** Loads the project's root, or makes it at the first start. */
export async function openAuthority(
  mesh: Pick<Mesh, 'name' | 'root'>,
  dataDir: string,
  clock: Clock,
): Promise<Authority> {
  const root = await loadRoot(join(dataDir, 'roots', folderOf(mesh)), { name: mesh.name }, clock);
  return createAuthority(root, clock);
}

function folderOf({ name, root }: Pick<Mesh, 'name' | 'root'>): string {
  const readable = name.replaceAll(/[^a-zA-Z0-9-]/g, '_').slice(0, 40);
  return `${readable}-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`;
}
