/** `greenroom up` over a project of many small services, as a user runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dockerExec } from '../../test/support/docker-cli.ts';
import { launcher } from '../../test/support/greenroom.ts';
import { COMMAND, IMAGE, PORT } from './plain.ts';

/** A project whose services are all of their own. */
export function writeProject(folder: string, services: number): void {
  const lines = Array.from(
    { length: services },
    (_, index) =>
      `    ${nameOf(index)}: { image: "${IMAGE}", command: ${JSON.stringify(COMMAND)}, ports: [{ name: http, port: 80, targetPort: ${PORT} }] }`,
  );
  const head = 'apiVersion: greenroom.dev/v1\nkind: Mesh\nmetadata: { name: many }\nspec:\n  services:\n';
  writeFileSync(join(folder, 'greenroom.yaml'), `${head}${lines.join('\n')}\n`);
}

function nameOf(index: number): string {
  return `small-${String(index).padStart(3, '0')}`;
}

export interface RunningMesh {
  session: string;
  pid: number;
  upMs: number;
  child: ChildProcess;
}

/** Resolves when it says that the mesh is up; rejects with what it said instead. */
export async function upIn(folder: string): Promise<RunningMesh> {
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  const startedAt = performance.now();
  const child = spawn(process.execPath, [launcher, 'up', folder, '--runtime', 'docker', '--format', 'json'], {
    env: { ...process.env, GREENROOM_DATA_DIR: dataDir, NO_COLOR: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  return await new Promise((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const session = / up \(docker\), session (\S+)/.exec(said)?.[1];
      if (session !== undefined)
        resolve({ session, pid: child.pid ?? -1, upMs: performance.now() - startedAt, child });
    });
    child.once('close', (code) => reject(new Error(`greenroom up ended with ${code}:\n${said}`)));
  });
}

/** The last one's own request to the first, through both sidecars: without an answer nothing was measured. */
export async function callAcross(session: string, services: number): Promise<void> {
  const container = `greenroom-${session}-${nameOf(services - 1)}-0-service`;
  const { code, output } = await dockerExec(
    container,
    'busybox',
    'wget',
    '-S',
    '-O',
    '-',
    `http://${nameOf(0)}/`,
  );
  // There is nothing in its folder: that it says so is the answer.
  if (!/HTTP\/1\.1 404/.test(output))
    throw new Error(`a call through the mesh ended with ${code}: ${output}`);
}

/** Ctrl-C until it has ended, in ms; 0 for one that has. */
export async function downFrom({ child }: RunningMesh): Promise<number> {
  if (child.exitCode !== null || child.signalCode !== null) return 0;
  const startedAt = performance.now();
  const closed = once(child, 'close');
  child.kill('SIGINT');
  await closed;
  return performance.now() - startedAt;
}
