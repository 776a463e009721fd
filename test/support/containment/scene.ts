/**
 * All that a contained service could wish to reach: two running Greenrooms, listeners on every address of this
 * machine, a metadata service and an "internet" host on bridges that lead nowhere, somebody else's container.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { loadProject } from '../../../mesh/load-project.ts';
import type { RuntimeFactory } from '../../../mesh/runtimes/runtime.ts';
import type { Session } from '../../../mesh/session.ts';
import { startSession } from '../../../mesh/start-session.ts';
import { BOX, buildBox, ECHO_SERVICE } from '../docker-box.ts';
import { dockerCli, dockerTry } from '../docker-cli.ts';
import { podAddress } from '../docker-drivers.ts';
import { temporaryFolder } from '../greenroom.ts';
import type { Target } from './targets.ts';

/** Instance metadata, as the clouds have it. */
export const METADATA = '169.254.169.254';
/** An address for documentation (RFC 5737): nobody's. */
export const INTERNET = '203.0.113.7';
/** A unique local prefix (RFC 4193) of our own. */
const PREFIX6 = 'fd67:7265:656e::';
export const HOST6 = `${PREFIX6}1`;
/** Ports of each kind of listener on all addresses of the host. */
const RANGE = 4;
export const DECOY_PORT = 7070;

/** From where a probe can succeed: that shows that it is able to. */
export type Outside = 'bridge' | 'host' | 'elsewhere' | `container:${string}`;

export interface PodFacts {
  session: Session;
  instance: string;
  /** In its own network. */
  address: string;
  /** Whence its sidecar comes: there, and nowhere else, its port can be reached. */
  sidecarAt: Outside;
}

export interface Scene {
  readonly first: Session;
  readonly second: Session;
  /** Of the first session. */
  readonly dataDir: string;
  /** Where everything on all addresses listens, IPv4 only and both; the same numbers by TCP and UDP. */
  readonly ports: { v4: number[]; both: number[] };
  /** Addresses of this machine by which an uncontained container reaches it. */
  readonly hostAddresses: string[];
  readonly decoy: { name: string; address: string };
  /** Of both sessions. */
  readonly pods: readonly PodFacts[];
  /** Addresses of both sessions' relays, in every network they are in; none where there is no relay. */
  readonly relays: readonly string[];
  /** What each target met, inside a running container or in an uncontained one. */
  inside(container: string, targets: readonly Target[]): Promise<string[]>;
  /** `where`: or any network's name. */
  outside(where: Outside | (string & {}), targets: readonly Target[]): Promise<string[]>;
  /** Source addresses of all calls and datagrams that reached the world or the decoy. */
  reached(): Promise<string[]>;
  close(): Promise<void>;
}

const text = (file: string) => readFile(new URL(file, import.meta.url), 'utf8');
const script = (source: string, argument: unknown) => [
  'node',
  '--input-type=module-typescript',
  '--no-warnings',
  '-e',
  source,
  JSON.stringify(argument),
];

/** Builds it; `runtime` = the driver that is tried. What was made is removed by `close`, or here when this fails. */
export async function containmentScene(runtime: RuntimeFactory): Promise<Scene> {
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return await build(runtime, undo, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(
  runtime: RuntimeFactory,
  undo: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<Scene> {
  await buildBox();
  const probe = await text('./probe.ts');
  const world = await text('./world.ts');
  const mark = `test-${process.pid}-${randomBytes(3).toString('hex')}`;
  const network = async (name: string, ...options: string[]): Promise<string> => {
    await dockerCli('network', 'create', ...options, name);
    undo.push(() => dockerTry('network', 'rm', name));
    return name;
  };
  const container = async (name: string, ...options: string[]): Promise<string> => {
    await dockerCli('run', '--detach', '--name', name, ...options);
    undo.push(() => dockerTry('rm', '--force', '--volumes', name));
    return name;
  };
  const session = async (services: readonly string[]): Promise<[Session, string]> => {
    const folder = await temporaryFolder();
    undo.push(() => folder.remove());
    const dataDir = join(folder.path, 'data');
    const started = await startSession({
      mesh: await project(folder.path, services),
      runtime,
      dataDir,
      watch: 'nothing',
      readyTimeoutMs: 60_000,
    });
    undo.push(() => started.stop());
    return [started, dataDir];
  };

  // A bridge without ports: what is sent to it goes nowhere but to this machine's own listener.
  await network(`${mark}-metadata`, '--subnet', '169.254.169.252/30', '--gateway', METADATA);
  await network(`${mark}-internet`, '--subnet', '203.0.113.0/24', '--gateway', INTERNET);
  const elsewhere = await network(
    `${mark}-elsewhere`,
    '--ipv6',
    '--subnet',
    `${PREFIX6}/64`,
    '--gateway',
    HOST6,
  );
  const decoyName = `decoy-${mark}`;
  await container(decoyName, '--network', elsewhere, BOX, ...script(world, onBoth('0.0.0.0', DECOY_PORT)));
  const worldName = await container(
    `world-${mark}`,
    '--network',
    'host',
    BOX,
    ...script(world, [
      ...Array.from({ length: RANGE }, (_, index) => onBoth('0.0.0.0', -1 - index)).flat(),
      ...Array.from({ length: RANGE }, (_, index) => onBoth('::', -1 - RANGE - index)).flat(),
      { by: 'tcp', host: METADATA, port: 80 },
      { by: 'tcp', host: INTERNET, port: 443 },
      { by: 'udp', host: INTERNET, port: 443 },
      ...onBoth(INTERNET, 53),
    ]),
  );
  const base = Number(await said(worldName, /listening from (\d+)/));
  await said(decoyName, /listening from/);
  const [first, dataDir] = await session(['orders', 'payments', 'ledger']);
  const [second] = await session(['other', 'stranger']);
  const numbers = (from: number) => Array.from({ length: RANGE }, (_, index) => from + index);

  return {
    first,
    second,
    dataDir,
    ports: { v4: numbers(base), both: numbers(base + RANGE) },
    hostAddresses: await ownAddresses([first, second]),
    pods: await Promise.all([first, second].flatMap(podsOf)),
    relays: (await Promise.all([first, second].map(relayAddresses))).flat(),
    decoy: {
      name: decoyName,
      address: await dockerCli(
        'inspect',
        '--format',
        '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
        decoyName,
      ),
    },
    inside: async (name, targets) => answers(await dockerCli('exec', name, ...script(probe, targets))),
    outside: async (where, targets) => {
      // Who joins a container has its name servers.
      const dns = where.startsWith('container:') ? [] : ['--dns', INTERNET];
      const at = ['--network', where === 'elsewhere' ? elsewhere : where, ...dns];
      return answers(await dockerCli('run', '--rm', ...at, BOX, ...script(probe, targets)));
    },
    reached: async () => {
      const logs = await Promise.all([worldName, decoyName].map((name) => dockerCli('logs', name)));
      return logs.flatMap((log) => [...log.matchAll(/^came \w+ (.*)$/gm)].map(([, from]) => from ?? ''));
    },
    close,
  };
}

function onBoth(host: string, port: number): { by: 'tcp' | 'udp'; host: string; port: number }[] {
  return [
    { by: 'tcp', host, port },
    { by: 'udp', host, port },
  ];
}

/** The first group of what a container says, once it does. */
function said(name: string, what: RegExp): Promise<string> {
  return vi.waitFor(
    async () => {
      const log = await dockerCli('logs', name);
      const found = what.exec(log);
      if (found === null) throw new Error(`${name} says: ${log}`);
      return found[1] ?? '';
    },
    { timeout: 30_000, interval: 100 },
  );
}

function answers(json: string): string[] {
  return JSON.parse(json) as string[];
}

/** Others' bridges come and go while this runs: of those only our own sessions' count. */
async function ownAddresses(sessions: readonly Session[]): Promise<string[]> {
  const stable = Object.entries(networkInterfaces())
    .filter(([name]) => !/^(br-|veth)/.test(name))
    .flatMap(([, list]) => list ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
  const gateways = await Promise.all(
    sessions.map(async ({ id }) => {
      const ids = await dockerCli(
        'network',
        'ls',
        '--quiet',
        '--filter',
        `label=dev.greenroom.session=${id}`,
      );
      const format = '{{range .IPAM.Config}}{{.Gateway}}{{end}}';
      return words(await dockerCli('network', 'inspect', '--format', format, ...words(ids)));
    }),
  );
  return [...new Set([...stable, ...gateways.flat(), METADATA, INTERNET])];
}

function podsOf(session: Session): Promise<PodFacts>[] {
  return session.mesh.workloads.flatMap(({ instances }) =>
    instances.map(
      async ({ id }): Promise<PodFacts> => ({
        session,
        instance: id,
        address: await podAddress(session, id),
        sidecarAt: (await relayAddresses(session)).length > 0 ? `container:${relayOf(session)}` : 'host',
      }),
    ),
  );
}

const relayOf = ({ id }: Session): string => `greenroom-${id}-relay`;

async function relayAddresses(session: Session): Promise<string[]> {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}';
  const { code, output } = await dockerTry('inspect', '--format', format, relayOf(session));
  return code === 0 ? words(output) : [];
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** Services of one port each, that answer what they are sent; the first may call the second, nobody anybody else. */
async function project(folder: string, [caller, callee, ...others]: readonly string[]) {
  const services = [caller, callee, ...others].map((name) => [
    name,
    {
      image: BOX,
      command: ECHO_SERVICE,
      ports: [{ name: 'tcp', port: 5432, targetPort: 8080 }],
      serviceAccount: name,
      labels: { app: name },
    },
  ]);
  const policy = (name: string, spec: object) => ({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace: 'shop' },
    spec,
  });
  await mkdir(join(folder, 'policies'));
  // JSON is YAML.
  await writeFile(
    join(folder, 'greenroom.yaml'),
    JSON.stringify({
      apiVersion: 'greenroom.dev/v1',
      kind: 'Mesh',
      metadata: { name: 'contained' },
      spec: { namespace: 'shop', services: Object.fromEntries(services), policies: ['./policies'] },
    }),
  );
  await writeFile(join(folder, 'policies', 'nothing.yaml'), JSON.stringify(policy('nothing', {})));
  await writeFile(
    join(folder, 'policies', 'one.yaml'),
    JSON.stringify(
      policy('one', {
        selector: { matchLabels: { app: callee } },
        action: 'ALLOW',
        rules: [{ from: [{ source: { principals: [`cluster.local/ns/shop/sa/${caller}`] } }] }],
      }),
    ),
  );
  const { value, problems } = await loadProject(folder);
  if (!value) throw new Error(JSON.stringify(problems));
  return value;
}
