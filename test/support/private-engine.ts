/**
 * A Docker engine of a test's own, which may be stopped, killed, hung and filled up: another data folder, socket and
 * bridge than the machine's. It leaves the machine's packet filter alone, which belongs to the other engine.
 */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from './patience.ts';

const run = promisify(execFile);
const START_PATIENCE_MS = 60_000;

export interface PrivateEngineOptions {
  /** Containers survive the engine. */
  liveRestore?: true;
  /** Size of its disk, as tmpfs has it: `64m`. Absent = a folder of this machine's. */
  disk?: string;
  /** Listens there too, where clients have to show a certificate of this authority. */
  door?: { url: string; authority: string; certificate: string; key: string };
}

export interface PrivateEngine {
  /** `unix://…`: what `DOCKER_HOST` has to be. */
  readonly url: string;
  readonly socket: string;
  /** Where its images and containers are. */
  readonly dataRoot: string;
  start(): Promise<void>;
  /** As a service manager stops it: without live-restore its containers are stopped too. */
  stop(): Promise<void>;
  /** Kills it at once: its containers run on until the next start. */
  kill(): Promise<void>;
  /** It neither answers nor ends, until `resume`. */
  hang(): void;
  resume(): void;
  /** Ends it, its containers, and all that it kept. */
  remove(): Promise<void>;
}

let made = 0;

/** Makes one, not yet started. Needs root, `dockerd` and `ip`. */
export function privateEngine(options: PrivateEngineOptions = {}): PrivateEngine {
  made += 1;
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-engine-'));
  const at = (name: string): string => join(folder, name);
  const bridge = `gre${process.pid % 100_000}x${made}`;
  const network = `198.51.100.${((process.pid + made) % 16) * 16 + 1}/28`;
  const dataRoot = at('data');
  mkdirSync(dataRoot);
  // In the place of the machine's own.
  writeFileSync(at('daemon.json'), '{}');
  if (options.disk)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${options.disk}`, 'greenroom-test', dataRoot]);
  execFileSync('ip', ['link', 'add', bridge, 'type', 'bridge']);
  execFileSync('ip', ['addr', 'add', network, 'dev', bridge]);
  execFileSync('ip', ['link', 'set', bridge, 'up']);
  const socket = at('engine.sock');
  let engine: ChildProcess | null = null;
  let said = '';
  const ended = async (signal: NodeJS.Signals): Promise<void> => {
    const child = engine;
    if (child === null) return;
    engine = null;
    const gone = child.exitCode !== null || child.signalCode !== null;
    const end = gone ? Promise.resolve() : new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await end;
  };
  const self: PrivateEngine = {
    url: `unix://${socket}`,
    socket,
    dataRoot,
    async start() {
      const words = ['--data-root', dataRoot, '--exec-root', at('run'), '--pidfile', at('pid')];
      words.push('--host', self.url, '--config-file', at('daemon.json'), '--bridge', bridge);
      words.push('--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false');
      words.push('--shutdown-timeout', '5');
      if (options.liveRestore) words.push('--live-restore');
      if (options.door) {
        const { url, authority, certificate, key } = options.door;
        words.push('--host', url, '--tlsverify', '--tlscacert', authority);
        words.push('--tlscert', certificate, '--tlskey', key);
      }
      const child = spawn('dockerd', words, { stdio: ['ignore', 'ignore', 'pipe'] });
      engine = child;
      said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said = `${said}${text}`.slice(-20_000);
      });
      await eventually(
        'the engine answers',
        () => {
          if (child.exitCode !== null) throw new Error(`dockerd ended with ${child.exitCode}:\n${said}`);
          return answers(socket);
        },
        START_PATIENCE_MS,
      );
    },
    stop: () => ended('SIGTERM'),
    async kill() {
      await ended('SIGKILL');
      // It lets go of its lock on what it kept only when its containerd is gone too.
      await eventually(
        'its containerd is gone',
        () => processesUnder(folder, 'containerd --config').length === 0,
      );
      // Where nobody reaps orphans, the next start would take a dead one for running.
      rmSync(at('run/containerd/containerd.pid'), { force: true });
    },
    hang: () => void engine?.kill('SIGSTOP'),
    resume: () => void engine?.kill('SIGCONT'),
    async remove() {
      // Bridges of its networks are this machine's: they go only with their networks.
      if (engine === null || engine.exitCode !== null) await self.start();
      self.resume();
      const ids = async (...words: string[]): Promise<string[]> =>
        (await docker(self.url, ...words)).split('\n').filter(Boolean);
      const containers = await ids('ps', '--all', '--quiet');
      if (containers.length > 0) await docker(self.url, 'rm', '--force', '--volumes', ...containers);
      const networks = await ids('network', 'ls', '--quiet', '--filter', 'type=custom');
      if (networks.length > 0) await docker(self.url, 'network', 'rm', ...networks);
      await ended('SIGTERM');
      for (const pid of processesUnder(folder)) process.kill(pid, 'SIGKILL');
      await eventually('its processes are gone', () => processesUnder(folder).length === 0);
      for (const mount of mountsUnder(folder)) await run('umount', ['--lazy', mount]);
      await run('ip', ['link', 'del', bridge]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return self;
}

async function docker(host: string, ...words: string[]): Promise<string> {
  return (await run('docker', ['--host', host, ...words])).stdout;
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    request({ socketPath, path: '/_ping', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    })
      .once('error', () => resolve(false))
      .end();
  });
}

function processesUnder(folder: string, program = ''): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  return lines
    .filter((line) => line.includes(folder) && line.includes(program))
    .map((line) => Number(line.trim().split(' ')[0]));
}

/** The innermost first. */
function mountsUnder(folder: string): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(folder))
    .toReversed();
}
