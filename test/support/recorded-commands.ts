/** What commands print, recorded from the real ones on the real engine, for docs/transcripts: what differs is masked. */
import { spawn } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMap, parseDocument } from 'yaml';
import { buildDebianImages } from './debian-images.ts';
import { buildNodeImage } from './docker-images.ts';
import { freePort } from './free-port.ts';
import { greenroom, launcher, temporaryFolder } from './greenroom.ts';

const SHOP = fileURLToPath(new URL('../../scenarios/shop', import.meta.url));
const ORDERS = fileURLToPath(new URL('../docker/orders', import.meta.url));
const SHOP_IMAGE = 'greenroom-test-shop:latest';
/** What `up` says when everything runs. */
const UP = 'Ctrl-C stops and removes everything.';
/** A line of the terminal that took the place of the one before. */
const REDRAWN = '~ ';
const ESCAPE = String.fromCharCode(27);

export type Where = 'terminal' | 'plain';

/** A project to start, in a folder of its own. */
export interface Started {
  path: string;
  env: Record<string, string>;
  remove(): Promise<void>;
}

/** `greenroom doctor`. */
export async function recordDoctor(): Promise<string> {
  const { stdout } = await greenroom(['doctor']);
  return masked(stdout, []);
}

/** The sample, with an image for each service. */
export async function shopProject(): Promise<Started> {
  await buildNodeImage(SHOP_IMAGE, { folders: { '/app/services': `${SHOP}/services` } });
  const folder = await temporaryFolder();
  await cp(SHOP, folder.path, { recursive: true });
  const file = join(folder.path, 'greenroom.yaml');
  const document = parseDocument(await readFile(file, 'utf8'));
  const services = document.getIn(['spec', 'services']);
  if (!isMap(services)) throw new Error('the sample has no services');
  for (const { key } of services.items)
    document.setIn(['spec', 'services', String(key), 'image'], SHOP_IMAGE);
  await writeFile(file, String(document));
  return { path: folder.path, env: {}, remove: folder.remove };
}

/** The Compose project of test/docker/orders, with what `greenroom init` makes of it. */
export async function ordersProject(): Promise<Started> {
  await buildDebianImages('postgres', 'redis', 'nginx', 'node');
  const folder = await temporaryFolder();
  await cp(ORDERS, folder.path, { recursive: true });
  const env = { WEB_PORT: String(await freePort()), SHOP_PGPASS: 'db:5432:shop:shop:correct-horse' };
  await greenroom(['init'], { cwd: folder.path, env });
  return { path: folder.path, env, remove: folder.remove };
}

/** `greenroom up --runtime docker` until everything runs, then Ctrl-C: what it says beside the events. */
export async function recordUp(project: Started, where: Where): Promise<string> {
  const data = await temporaryFolder();
  const words = [launcher, 'up', '--runtime', 'docker'];
  const [program, args] =
    where === 'plain'
      ? [process.execPath, words]
      : [
          'script',
          ['-qfec', `stty cols 120; exec "${process.execPath}" ${words.join(' ')} >/dev/null`, '/dev/null'],
        ];
  const child = spawn(program, args, {
    cwd: project.path,
    env: {
      ...process.env,
      ...project.env,
      GREENROOM_DATA_DIR: data.path,
      NO_COLOR: '1',
      FORCE_COLOR: undefined,
    },
    stdio: ['pipe', where === 'plain' ? 'ignore' : 'pipe', where === 'plain' ? 'pipe' : 'ignore'],
  });
  try {
    let said = '';
    let stopped = false;
    const output = where === 'plain' ? child.stderr : child.stdout;
    output?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (stopped || !said.includes(UP)) return;
      stopped = true;
      if (where === 'plain') child.kill('SIGINT');
      else child.stdin?.on('error', () => undefined).write('\x03');
    });
    await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    if (!stopped) throw new Error(`greenroom up ended before it was up:\n${said}`);
    return masked(said, [project.path, data.path]);
  } finally {
    await data.remove();
  }
}

/** What is left of a run when times, ids, ports and addresses of our networks are taken out. */
function masked(text: string, folders: readonly string[]): string {
  const lines = text
    .replaceAll(`\r${ESCAPE}[2K`, `\n${REDRAWN}`)
    .replaceAll(`${ESCAPE}[1A${ESCAPE}[2K`, '')
    .replaceAll(new RegExp(`${ESCAPE}\\[[0-9;]*m`, 'g'), '')
    .replaceAll('\r', '')
    .replaceAll('^C', '');
  return `${folders
    .reduce((all, folder) => all.replaceAll(folder, '<folder>'), lines)
    .replaceAll(/\/(root|home\/\w+|tmp)\/[\w./-]*greenroom[\w./-]*/g, '<data folder>')
    .replaceAll(/session [0-9a-z-]+/g, 'session <id>')
    .replaceAll(/(127\.0\.0\.1|localhost):\d+/g, '$1:<port>')
    .replaceAll(/\b198\.1[89]\.\d+\.\d+(?!\/15)/g, '<address>')
    .replaceAll(/greenroom-pod:[0-9a-f]{16}/g, 'greenroom-pod:<digest>')
    .replaceAll(/\b\d+ events, \d+ denied/g, '<n> events, <n> denied')
    .replaceAll(/room for \d+ more networks(; in use here: \d+)?/g, 'room for <n> more networks')
    .split('\n')
    .filter((line) => line.trim() !== '' && line !== REDRAWN && !isOfOrphans(line))
    .join('\n')}\n`;
}

/** What a crash left on this machine is none of the recording's. */
function isOfOrphans(line: string): boolean {
  return /left behind|nothing is left of an earlier crash|--remove-orphans/.test(line);
}

/**
 * The lines that every run has, in any order: steps of builds and pulls differ with what the engine has already, who
 * is waited for with the moment, and numbers with the machine.
 */
export function shapeOf(transcript: string): string[] {
  const lines = transcript
    .split('\n')
    .map((line) => line.replaceAll(/\d+/g, '<n>').replace(/^(~ )?starting .* \(.*/, '$1starting …'))
    .filter((line) => line !== '' && !/^(~ )?(building|built|pulling) /.test(line));
  return [...new Set(lines)].toSorted();
}
