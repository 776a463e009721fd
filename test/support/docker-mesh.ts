/**
 * Small meshes for the docker suite, their runtime, and a stand-in for the sidecar: plain TCP listeners on the
 * gateway address that say which peer they are for. What the runtime promises is judged without TLS or policy.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ContainerOptions } from '../../model/container.ts';
import type { ImageProgress } from '../../model/image-progress.ts';
import type { Mesh, Workload } from '../../model/mesh.ts';
import type { EngineAbsence, InstanceStatus } from '../../model/session-state.ts';
import { createDockerRuntime, type DockerRuntimeParts } from '../../mesh/runtimes/docker/docker-runtime.ts';
import type { EgressPlan, InstancePlacement, Runtime, RuntimeContext } from '../../mesh/runtimes/runtime.ts';
import { temporaryFolder } from './greenroom.ts';
import { MESH_CONFIG } from './sample-mesh.ts';

export interface ServiceShape {
  name: string;
  namespace?: string;
  image: string | null;
  build?: Workload['run']['build'];
  command?: readonly string[];
  /** Service port and workload port. */
  ports?: readonly [number, number][];
  environment?: Readonly<Record<string, string>>;
  /** What a Compose file would say beside. */
  container?: Partial<ContainerOptions>;
  aliases?: readonly string[];
}

/** Options of a container that says nothing but this. */
export function containerOptions(some: Partial<ContainerOptions> = {}): ContainerOptions {
  return {
    mounts: [],
    files: [],
    dependsOn: [],
    capabilitiesAdded: [],
    capabilitiesDropped: [],
    securityOptions: [],
    ulimits: [],
    sysctls: {},
    limits: {},
    extraHosts: [],
    published: [],
    runsToCompletion: false,
    ...some,
  };
}

export function testMesh(services: readonly ServiceShape[]): Mesh {
  const workloads = services.map((service, index): Workload => {
    const namespace = service.namespace ?? 'shop';
    const id =
      services.filter(({ name }) => name === service.name).length > 1
        ? `${namespace}/${service.name}`
        : service.name;
    return {
      name: service.name,
      id,
      namespace,
      serviceAccount: service.name,
      spiffeId: `spiffe://cluster.local/ns/${namespace}/sa/${service.name}`,
      labels: {},
      ports: (service.ports ?? [[80, 8080]]).map(([port, targetPort]) => ({
        name: 'tcp',
        port,
        targetPort,
        protocol: 'tcp',
      })),
      clusterIp: `10.96.0.${index + 10}`,
      instances: [{ id: `${id}-0`, workload: id, podIp: `10.244.0.${index + 10}` }],
      run: {
        command: service.command ?? null,
        image: service.image,
        build: service.build ?? null,
        attach: null,
        environment: service.environment ?? {},
        cwd: '/',
        witness: null,
        ...(service.container ? { container: containerOptions(service.container) } : {}),
      },
      ...(service.aliases ? { aliases: service.aliases } : {}),
      at: { file: 'greenroom.yaml', line: index + 1, column: 1 },
    };
  });
  return {
    name: 'test',
    namespace: 'shop',
    root: '/',
    config: MESH_CONFIG,
    workloads,
    policies: [],
    scenarioFiles: [],
    policyFiles: [],
  };
}

export interface Bench {
  readonly mesh: Mesh;
  readonly sessionId: string;
  readonly runtime: Runtime;
  readonly placements: InstancePlacement[];
  readonly statuses: { instance: string; status: InstanceStatus; detail: string | null }[];
  readonly images: ImageProgress[];
  readonly logs: { instance: string; stream: string; text: string }[];
  /** What was told of the engine, in order; null = it is back. */
  readonly absences: (EngineAbsence | null)[];
  /** What the stand-in listeners saw: `payments-0 → orders:80 from 198.18.0.2`. */
  readonly visits: string[];
  /** Where the stand-in listeners are. */
  listeners(): { host: string; port: number }[];
  prepare(signal?: AbortSignal): Promise<InstancePlacement[]>;
  /** Opens this instance's outbound listeners, one for each port of each service, and starts it. */
  start(instance: string, signal?: AbortSignal): Promise<void>;
  /** `prepare` and `start` of everything. */
  up(): Promise<void>;
  /** Name of the container that an instance's service runs in. */
  container(instance: string): string;
  close(): Promise<void>;
}

export interface BenchParts extends DockerRuntimeParts {
  readyTimeoutMs?: number;
  /** Absent = one of its own, gone with it. */
  dataDir?: string;
}

let benches = 0;

/** A docker runtime over these services, with a session of its own; nothing is started yet. */
export async function dockerBench(services: readonly ServiceShape[], parts: BenchParts = {}): Promise<Bench> {
  benches += 1;
  const mesh = testMesh(services);
  const sessionId = `test-${process.pid}-${benches}`;
  const statuses: Bench['statuses'] = [];
  const images: Bench['images'] = [];
  const logs: Bench['logs'] = [];
  const absences: Bench['absences'] = [];
  const own = parts.dataDir === undefined ? await temporaryFolder() : null;
  const context: RuntimeContext = {
    sessionId,
    mesh,
    dataDir: parts.dataDir ?? own?.path ?? '',
    events: {
      onStatus: (instance, status, detail) => statuses.push({ instance, status, detail }),
      onImage: (progress) => images.push(progress),
      onEngine: (absence) => absences.push(absence),
      onLog: (instance, { stream, text }) => logs.push({ instance, stream, text }),
    },
    ledger: { processStarted: () => undefined, processEnded: () => undefined },
    readyTimeoutMs: parts.readyTimeoutMs ?? 15_000,
  };
  const runtime = await createDockerRuntime(context, parts);
  const visits: string[] = [];
  const listeners: Listener[] = [];
  const placements: InstancePlacement[] = [];
  const never = new AbortController().signal;
  const bench: Bench = {
    mesh,
    sessionId,
    runtime,
    placements,
    statuses,
    images,
    logs,
    absences,
    visits,
    listeners: () => listeners.map(({ host, port }) => ({ host, port })),
    async prepare(signal = never) {
      const instances = mesh.workloads.flatMap((workload) =>
        workload.instances.map((instance) => ({ instance, workload })),
      );
      placements.push(...(await runtime.prepare(instances, signal)));
      return placements;
    },
    async start(instance, signal = never) {
      const placement = placements.find((candidate) => candidate.instance === instance);
      if (!placement) throw new Error(`${instance} is not prepared`);
      const peers: EgressPlan['peers'] = [];
      for (const workload of mesh.workloads) {
        for (const { port, protocol } of workload.ports) {
          const listener = await listen(placement.outboundHost, (from) => {
            visits.push(`${instance} → ${workload.id}:${port} from ${from}`);
            return `this is ${workload.id}:${port}\n`;
          });
          listeners.push(listener);
          const { name: service, namespace, clusterIp } = workload;
          peers.push({
            service,
            namespace,
            clusterIp,
            port,
            protocol,
            listen: { host: placement.outboundHost, port: listener.port },
            ...(workload.aliases ? { aliases: workload.aliases } : {}),
          });
        }
      }
      await runtime.start(instance, { httpProxy: null, peers }, signal);
    },
    async up() {
      await bench.prepare();
      for (const { instance } of placements) await bench.start(instance);
    },
    container: (instance) => `greenroom-${sessionId}-${instance.replace('/', '.')}-service`,
    async close() {
      await runtime
        .close()
        .finally(() => Promise.all(listeners.splice(0).map((listener) => listener.close())))
        .finally(() => own?.remove());
    },
  };
  return bench;
}

export interface Listener {
  host: string;
  port: number;
  close(): Promise<void>;
}

/** A TCP listener that answers every connection with one text and ends it. */
export async function listen(host: string, answer: (from: string) => string): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.end(answer(socket.remoteAddress ?? ''));
    socket.resume();
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    host,
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** What our own process gets for `ping`: an echo, or the error's code. */
export function knock(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port }, () => socket.write('ping'));
    const end = (text: string) => {
      socket.destroy();
      resolve(text);
    };
    socket.once('data', (data: Buffer) => end(data.toString()));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    socket.once('close', () => end('closed'));
  });
}
