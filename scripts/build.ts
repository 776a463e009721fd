/**
 * `npm run build`: makes what is published, under dist/. The tree is mirrored (.js for .ts), with what lies beside
 * the sources (samples, schemas, the docker helper's Dockerfile), so that a path relative to a module holds in both.
 * Node doesn't strip types under node_modules, hence JavaScript.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LAYERS } from './layers.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const bin = (name: string): string => join(root, 'node_modules', '.bin', name);
const run = (command: string, args: string[]): void => {
  execFileSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
};

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
run(bin('tsc'), ['-p', 'tsconfig.build.json']);
// Types for who imports `greenroom/policy`: of that entry and what it names, not of the whole tree.
run(bin('tsc'), ['-p', 'tsconfig.library.json']);

const SOURCES = Object.keys(LAYERS).filter((layer) => layer !== 'renderer');
function copyAssets(folder: string): void {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) copyAssets(path);
    else if (!['.ts', '.tsx'].includes(extname(entry.name)) && entry.name !== 'tsconfig.json') {
      cpSync(join(root, path), join(dist, path));
    }
  }
}
for (const folder of [...SOURCES, 'scenarios', 'schemas'])
  if (existsSync(join(root, folder))) copyAssets(folder);
cpSync(join(root, 'package.json'), join(dist, 'package.json'));

run(bin('vite'), ['build']);
console.log(`built ${relative(process.cwd(), dist) || dist}`);
