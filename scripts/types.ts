/** Type-checks every layer with its own tsconfig: a pure layer that reaches for Node or the DOM fails to compile. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FREE, LAYERS } from './layers.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
let failed = 0;
for (const layer of [...Object.keys(LAYERS), ...FREE]) {
  try {
    execFileSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', layer], {
      cwd: root,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
  } catch {
    console.error(`types: ${layer} does not compile`);
    failed += 1;
  }
}
process.exitCode = failed === 0 ? 0 : 1;
