/**
 * The container a service runs in: joins its pod's network namespace without the right to change it, its output
 * followed, its end noticed. Owns the wait for readiness; refuses a service that ends before it.
 */
import { realpathSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { ContainerFile, ContainerOptions } from '../../../model/container.ts';
import { EnvironmentError } from '../../../model/environment-error.ts';
import type { EgressPlan, RuntimeContext } from '../runtime.ts';
import { serviceEnvironment } from '../process/environment.ts';
import { waitForPort } from '../process/readiness.ts';
import type { ContainerSpec, Labels } from './container-body.ts';
import type { Engine } from './engine.ts';
import { healthPatienceMs, waitForHealth } from './health.ts';
import { engineName } from './names.ts';
import { isOfNetwork, type Pod } from './pod.ts';
import { restartPause, SETTLED_MS } from './restart-pause.ts';
import { ofSession } from './session-volumes.ts';
import { tarOf, type TarFile } from './tar.ts';

const KEPT_LINES = 20;

export interface ServiceContainer {
  readonly id: string;
  /** Stops it: asks, waits for the grace, kills, removes; resolves after its last line was handed on. */
  stop(graceS: number): Promise<void>;
}

export interface ServiceRequest {
  context: RuntimeContext;
  engine: Engine;
  pod: Pod;
  image: string;
  egress: EgressPlan;
  containment: 'full' | 'partial';
  labels: Labels;
  /** Called when it ends by itself after it was ready, and isn't started again. */
  onExit(code: number): void;
  /** Called before a pause, after which it is started again. */
  onRestart(code: number, pauseMs: number): void;
  onReadyAgain(): void;
}

/** `completed` = it ran to its end, as somebody waits for. */
export type StartedService = { service: ServiceContainer; state: 'ready' | 'completed' };

/** Starts the service and resolves when it is ready: every port accepts a connection, and its health check passes. */
export async function startService(request: ServiceRequest, signal: AbortSignal): Promise<StartedService> {
  const { engine, pod } = request;
  signal.throwIfAborted();
  const container = new RunningService(request, await engine.createContainer(serviceSpec(request)));
  try {
    const files = pod.workload.run.container?.files ?? [];
    if (files.length > 0) await engine.putArchive(container.id, tarOf(filesToPut(files, pod.workload.id)));
    return { service: container, state: await container.run(signal) };
  } catch (error) {
    await container.stop(0);
    throw error;
  }
}

function serviceSpec(request: ServiceRequest): ContainerSpec {
  const { context, engine, pod } = request;
  const { command, container } = pod.workload.run;
  const words = command ?? container?.command;
  const shared = {
    name: engineName(context.sessionId, pod.instance.id, 'service'),
    image: request.image,
    // Ours last: by them it is found again.
    labels: { ...container?.labels, ...request.labels },
    ...(words === undefined ? {} : { command: words }),
    environment: environmentOf(request),
    network: `container:${pod.holder}`,
    // With either of them it could undo the rules or speak past them.
    capabilitiesDropped: ['NET_ADMIN', 'NET_RAW'],
  };
  if (!container) return shared;
  refuseSocketMount(container, engine, pod.workload.id);
  const sysctls = Object.entries(container.sysctls).filter(([name]) => !isOfNetwork(name));
  return {
    ...shared,
    capabilitiesDropped: [...shared.capabilitiesDropped, ...container.capabilitiesDropped],
    capabilitiesAdded: container.capabilitiesAdded,
    securityOptions: container.securityOptions,
    sysctls: Object.fromEntries(sysctls),
    ...(container.user ? { user: container.user } : {}),
    ...(container.filesystem ? { filesystem: container.filesystem } : {}),
    ...(container.platform ? { platform: container.platform } : {}),
    options: { ...container, mounts: container.mounts.map((mount) => ofSession(context.sessionId, mount)) },
  };
}

/** The engine's socket may be anywhere, and a link may lead to it; the usual places are left out before. */
function refuseSocketMount(container: ContainerOptions, engine: Engine, workload: string): void {
  const path = /^unix:\/\/(.*)$/.exec(engine.endpoint.url)?.[1];
  if (path === undefined) return;
  const socket = realPath(path);
  for (const mount of container.mounts) {
    if (mount.kind !== 'bind') continue;
    if (`${socket}/`.startsWith(`${realPath(mount.source).replace(/\/+$/, '')}/`))
      throw new EnvironmentError(
        'engine-mounted',
        `${workload} mounts ${mount.source}: with the engine's socket it could undo its containment`,
        { hint: 'leave that volume out of the Compose file' },
      );
  }
}

/** Without links; as written where nothing is there. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** With what variables of our own environment hold; those are read here and nowhere kept. */
function filesToPut(files: readonly ContainerFile[], workload: string): TarFile[] {
  return files.map(({ target, from, ...rest }) => {
    const text = from.kind === 'text' ? from.text : process.env[from.variable];
    if (text === undefined) {
      const variable = from.kind === 'environment' ? from.variable : '';
      throw new EnvironmentError(
        'secret-missing',
        `${workload} gets ${target} from ${variable}, which isn't set`,
        {
          hint: `export ${variable}=… before the start`,
        },
      );
    }
    return { path: target, content: Buffer.from(text), ...rest };
  });
}

class RunningService implements ServiceContainer {
  readonly id: string;
  readonly #request: ServiceRequest;
  readonly #lastLines: string[] = [];
  readonly #stopping = new AbortController();
  #phase: 'starting' | 'ready' | 'stopping' = 'starting';
  #output: Promise<void> = Promise.resolve();
  #exited: Promise<number> = Promise.resolve(-1);
  #startedAt = 0;
  #restarts = 0;

  constructor(request: ServiceRequest, id: string) {
    this.#request = request;
    this.id = id;
  }

  /** The first start: what its rule allows is tried again as long as a service may take to be ready. */
  async run(signal: AbortSignal): Promise<'ready' | 'completed'> {
    const { pod, context } = this.#request;
    const deadline = performance.now() + context.readyTimeoutMs;
    for (;;) {
      const first = await this.#launch(signal);
      if (first === 'ready') {
        this.#becomeReady();
        return 'ready';
      }
      if (first === 0 && pod.workload.run.container?.runsToCompletion === true) {
        this.#phase = 'stopping';
        return 'completed';
      }
      const pauseMs = this.#pauseBefore(first);
      if (pauseMs === null || performance.now() + pauseMs > deadline) throw await this.#exitedEarly(first);
      await this.#waitToRestart(first, pauseMs, signal);
      signal.throwIfAborted();
    }
  }

  async stop(graceS: number): Promise<void> {
    this.#phase = 'stopping';
    this.#stopping.abort();
    const { engine } = this.#request;
    if (graceS > 0) await engine.stopContainer(this.id, graceS);
    await engine.removeContainer(this.id);
    await this.#output;
  }

  /** Starts the container; how it went: ready, or the code it ended with before. */
  async #launch(signal: AbortSignal): Promise<'ready' | number> {
    const { engine, pod } = this.#request;
    this.#startedAt = performance.now();
    const since = Date.now() / 1000;
    await engine.startContainer(this.id);
    this.#output = engine
      .follow(this.id, (line) => this.#note(line), this.#restarts === 0 ? undefined : since)
      .catch(() => undefined);
    // Asked for after the start: an engine answers at once for a container that was only created.
    this.#exited = engine.exited(this.id);
    if (pod.workload.run.container?.runsToCompletion === true) return this.#ended(signal);
    const over = new AbortController();
    const ready = this.#ready(AbortSignal.any([signal, over.signal]));
    const first = await Promise.race([
      ready.then(() => 'ready' as const),
      this.#exited.then((code) => ({ code })),
    ]).finally(() => over.abort());
    if (first === 'ready') return first;
    await ready.catch(() => undefined);
    return first.code;
  }

  /** The end of a service that runs to its end, however long that takes. */
  #ended(signal: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      this.#exited.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    });
  }

  async #ready(signal: AbortSignal): Promise<void> {
    const { pod, context, engine } = this.#request;
    const timeoutMs = Math.max(
      context.readyTimeoutMs,
      healthPatienceMs(pod.workload.run.container?.healthcheck),
    );
    const lines = (): string[] => [...this.#lastLines];
    for (const port of new Set(pod.workload.ports.map(({ targetPort }) => targetPort))) {
      const hint = () => 'in a container a service listens on 0.0.0.0, not on 127.0.0.1';
      await waitForPort({ what: pod.instance.id, host: pod.address, port, timeoutMs, hint, lines }, signal);
    }
    // Without a Compose file, ports are all that a project can say of readiness.
    if (pod.workload.run.container)
      await waitForHealth({ what: pod.instance.id, engine, container: this.id, timeoutMs, lines }, signal);
  }

  #becomeReady(): void {
    this.#phase = 'ready';
    void this.#exited.then(
      (code) => this.#endedByItself(code),
      () => this.#endedByItself(-1),
    );
  }

  #endedByItself(code: number): void {
    if (this.#phase !== 'ready') return;
    const pauseMs = this.#pauseBefore(code);
    if (pauseMs === null) {
      this.#request.onExit(code);
      return;
    }
    this.#phase = 'starting';
    // What goes wrong from here on, somebody's stop aside, ends it for good.
    void this.#startAgain(code, pauseMs).catch(() => this.#giveUp(code));
  }

  async #startAgain(code: number, pauseMs: number): Promise<void> {
    const { signal } = this.#stopping;
    await this.#waitToRestart(code, pauseMs, signal);
    signal.throwIfAborted();
    const outcome = await this.#launch(signal);
    this.#becomeReady();
    if (outcome === 'ready') this.#request.onReadyAgain();
  }

  #giveUp(code: number): void {
    if (!this.#stopping.signal.aborted) this.#request.onExit(code);
  }

  #pauseBefore(code: number): number | null {
    if (performance.now() - this.#startedAt >= SETTLED_MS) this.#restarts = 0;
    return restartPause(this.#request.pod.workload.run.container?.restart, code, this.#restarts);
  }

  async #waitToRestart(code: number, pauseMs: number, signal: AbortSignal): Promise<void> {
    this.#restarts += 1;
    this.#request.onRestart(code, pauseMs);
    await this.#output;
    await pause(pauseMs, undefined, { signal });
  }

  async #exitedEarly(code: number): Promise<EnvironmentError> {
    await this.#output;
    const { pod, image } = this.#request;
    const job = pod.workload.run.container?.runsToCompletion === true;
    return new EnvironmentError(
      'service-exited',
      `${pod.instance.id} (${image}) exited with code ${code}${job ? '' : ' before it was ready'}`,
      { lines: this.#lastLines },
    );
  }

  #note(line: { stream: 'stdout' | 'stderr'; text: string }): void {
    if (this.#lastLines.push(line.text) > KEPT_LINES) this.#lastLines.shift();
    this.#request.context.events.onLog(this.#request.pod.instance.id, { ...line, at: Date.now() });
  }
}

/**
 * The same variables as in the process runtime, so that a service needs no second way of being told; here they
 * lead to a peer's name, and the rules lead from there to the sidecar. No HTTP proxy: every call is captured.
 */
function environmentOf({ context, pod, egress, containment }: ServiceRequest): Record<string, string> {
  const peers = egress.peers.map((peer) =>
    containment === 'full'
      ? { ...peer, listen: { host: `${peer.service}.${peer.namespace}`, port: peer.port } }
      : peer,
  );
  const ports = pod.workload.ports.map(({ targetPort }) => ({ port: targetPort, upstreamPort: targetPort }));
  const environment = serviceEnvironment({
    sessionId: context.sessionId,
    instance: pod.instance.id,
    workload: pod.workload,
    ports,
    egress: { httpProxy: null, peers },
    inherited: {},
  });
  // The process runtime finds its leftovers by this variable; those of a container are found by label.
  delete environment['GREENROOM_SESSION'];
  return environment;
}
