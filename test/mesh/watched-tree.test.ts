import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/greenroom.ts';

const MODULE = fileURLToPath(new URL('../../mesh/watched-tree.ts', import.meta.url));

/** Looks once in order, once when no more files can be opened, and once again in order with a file less. */
const script = (root: string): string => `
  const { WatchedTree } = await import(${JSON.stringify(MODULE)});
  const { openSync, closeSync, rmSync } = await import('node:fs');
  const tree = new WatchedTree(${JSON.stringify(root)}, { leftOut: () => false, wanted: () => true }, () => {});
  const files = await tree.open();
  const open = [];
  try { for (;;) open.push(openSync('/dev/null')); } catch {}
  const without = await tree.changes();
  for (const one of open) closeSync(one);
  const same = await tree.changes();
  rmSync(${JSON.stringify(join(root, 'src/a'))});
  const removed = await tree.changes();
  tree.close();
  console.log(JSON.stringify({ files, without, same, removed }));`;

it.runIf(process.platform === 'linux')(
  'a folder that can’t be read just now has lost none of its files: they would be removed from containers',
  async () => {
    const folder = await temporaryFolder();
    try {
      await mkdir(join(folder.path, 'src'));
      await writeFile(join(folder.path, 'src/a'), 'x');
      const command = 'ulimit -n 64; exec "$0" --input-type=module --eval "$1"';
      const { stdout } = await promisify(execFile)('sh', [
        '-c',
        command,
        process.execPath,
        script(folder.path),
      ]);
      expect(JSON.parse(stdout)).toEqual({
        files: ['src/a'],
        without: [],
        same: [],
        removed: [{ path: 'src/a', kind: 'removed' }],
      });
    } finally {
      await folder.remove();
    }
  },
);
