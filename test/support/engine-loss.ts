/**
 * A mesh for losing its engine: `web` calls `orders` without a pause, and `intruder`, who may not, does the same. Each
 * of them also tries from its first moment on to get past its sidecar, to a listener of this machine. What `orders`
 * got is its own log's word, which its engine keeps.
 */
import { createServer, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { createDockerRuntime } from '../../mesh/runtimes/docker/docker-runtime.ts';
import type { LeafRequest } from '../../mesh/pki/leaf.ts';
import type { Session } from '../../mesh/session.ts';
import { startSession } from '../../mesh/start-session.ts';
import type { Mesh } from '../../model/mesh.ts';
import type { PolicyObject } from '../../model/policy-object.ts';
import { BOX } from './docker-box.ts';
import { dockerCli } from './docker-cli.ts';
import { type ServiceShape, testMesh } from './docker-mesh.ts';
import { temporaryFolder } from './greenroom.ts';
import { eventually } from './patience.ts';

const WEB = 'spiffe://cluster.local/ns/shop/sa/web';

/** Knocks at this machine's listener without a pause, and says when somebody opens. */
export const escaping = (port: number): string => `
  const { connect } = require('net');
  const own = Object.values(require('os').networkInterfaces()).flat().find((one) => one.family === 'IPv4' && !one.internal);
  const machine = own.address.split('.').map((part, index) => index === 3 ? part - 1 : part).join('.');
  const knock = () => connect(${port}, machine, () => console.log('ESCAPED')).on('error', () => {}).on('close', () => setTimeout(knock, 20));
  knock();`;

const serving = `
  require('http').createServer((request, response) => {
    console.log('got ' + request.headers['x-mark'] + ' ' + (request.headers['x-forwarded-client-cert'] ?? 'UNPROTECTED'));
    response.end('ok');
  }).listen(8080, '0.0.0.0');`;

const calling = (mark: string): string => `
  require('http').createServer((_, response) => response.end()).listen(8080, '0.0.0.0');
  const call = () => fetch('http://orders/', { headers: { 'x-mark': '${mark}' } }).then((r) => r.text(), () => {}).then(() => setTimeout(call, 20));
  call();`;

/** A listener on all of this machine's addresses, and who got there. */
export interface Planted {
  port: number;
  visits(): number;
  close(): Promise<void>;
}

export async function plant(): Promise<Planted> {
  let visits = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    visits += 1;
    sockets.add(socket.on('error', () => undefined));
    socket.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    visits: () => visits,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

const onlyWeb: PolicyObject = {
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { name: 'orders', namespace: 'shop', annotations: {}, labels: {} },
  spec: {
    selector: { matchLabels: { app: 'orders' } },
    action: 'ALLOW',
    rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/web'] } }] }],
  },
  at: { file: 'policy.yaml', line: 1, column: 1 },
  positions: {},
};

/** `extra` joins the three. */
export function lossMesh(port: number, extra: readonly ServiceShape[] = []): Mesh {
  const service = (name: string, script: string): ServiceShape => ({
    name,
    image: BOX,
    command: ['node', '-e', `${escaping(port)}${script} process.on('SIGTERM', () => process.exit(0));`],
    // Whoever starts it again, and however often: it must be contained.
    container: { restart: { when: 'always', attempts: null } },
  });
  const mesh = testMesh([
    service('orders', serving),
    service('web', calling('web')),
    service('intruder', calling('intruder')),
    ...extra,
  ]);
  return {
    ...mesh,
    policies: [onlyWeb],
    workloads: mesh.workloads.map((workload) => ({
      ...workload,
      labels: { app: workload.name },
      ports: workload.ports.map((one) => ({ ...one, name: 'http', protocol: 'http' })),
    })),
  };
}

export interface LossSession {
  readonly session: Session;
  container(instance: string): string;
  /** Lines of `orders` with this mark so far, as its engine has them. */
  got(mark: string): Promise<string[]>;
  /** All that it ever got. */
  everything(): Promise<string[]>;
  stop(): Promise<void>;
}

/** Up, with `web` being answered. */
export async function lossSession(mesh: Mesh): Promise<LossSession> {
  const folder = await temporaryFolder();
  const session = await startSession({
    mesh,
    runtime: createDockerRuntime,
    dataDir: folder.path,
    watch: 'nothing',
    readyTimeoutMs: 60_000,
  }).catch(async (error: unknown) => {
    await folder.remove();
    throw error;
  });
  const container = (instance: string): string => `greenroom-${session.id}-${instance}-service`;
  const everything = async (): Promise<string[]> =>
    (await dockerCli('logs', container('orders-0'))).split('\n').filter((line) => line.startsWith('got '));
  return {
    session,
    container,
    everything,
    got: async (mark) => (await everything()).filter((line) => line.startsWith(`got ${mark} `)),
    async stop() {
      await session.stop();
      await folder.remove();
    },
  };
}

/** Calls `orders` from this process without a pause: once as `web`, and in ways that may never get through. */
export interface Load {
  /** Answers so far of those who may. */
  answered(): number;
  end(): Promise<void>;
}

const FORBIDDEN: readonly LeafRequest[] = [
  { spiffeId: WEB, fault: 'rogue-ca' },
  { spiffeId: 'spiffe://cluster.local/ns/shop/sa/intruder', fault: 'none' },
];

export async function load(session: Session): Promise<Load> {
  const door = session
    .listeners()
    .find(({ instance, direction }) => instance === 'orders-0' && direction === 'inbound');
  if (door === undefined) throw new Error('orders has no door');
  let answered = 0;
  let over = false;
  const calls = [{ spiffeId: WEB, fault: 'none' } as LeafRequest, ...FORBIDDEN].map(async (request) => {
    const { certificateChainPem, privateKey } = await session.issueLeaf(request);
    const allowed = request.spiffeId === WEB && request.fault === 'none';
    const mark = allowed ? 'friend' : 'foe';
    const identity = { cert: certificateChainPem, key: privateKey.reveal() };
    while (!over) {
      const status = await callOnce(door, mark, identity);
      if (allowed && status === '200') answered += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  return {
    answered: () => answered,
    async end() {
      over = true;
      await Promise.all(calls);
    },
  };
}

/** The status, or why there is none. */
function callOnce(
  { host, port }: { host: string; port: number },
  mark: string,
  identity: { cert: string; key: string },
): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ host, port, ...identity, ALPNProtocols: ['istio'], rejectUnauthorized: false });
    socket.setTimeout(10_000, () => socket.destroy());
    socket.once('secureConnect', () =>
      socket.write(`GET / HTTP/1.1\r\nhost: orders\r\nx-mark: ${mark}\r\nconnection: close\r\n\r\n`),
    );
    socket.on('data', (data: Buffer) => (answer += data.toString()));
    socket.on('error', (error) => (answer ||= error.message));
    socket.once('close', () => resolve(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? answer));
  });
}

/** Every instance is ready, and the engine answers. */
export const isUp = (session: Session): boolean => {
  const { engineAbsence, workloads } = session.state();
  return (
    engineAbsence === null &&
    workloads.flatMap(({ instances }) => instances).every(({ status }) => status === 'ready')
  );
};

/** Resolves once `web` and this process are answered again, by what is up by now. */
export async function answeredAgain(one: LossSession, calls: Load, patienceMs: number): Promise<void> {
  await eventually('everything is up again', () => isUp(one.session), patienceMs);
  const before = { web: (await one.got('web')).length, friend: calls.answered() };
  await eventually(
    'web is answered again',
    async () => (await one.got('web')).length > before.web,
    patienceMs,
  );
  await eventually('this process is answered again', () => calls.answered() > before.friend, patienceMs);
}
