/**
 * The container a service runs in: joins its pod's network namespace without the right to change it, its output
 * followed, its end noticed. Owns the wait for readiness; refuses a service that ends before it.
 */
import { EnvironmentError } from '../../../model/environment-error.ts';
import type { EgressPlan, RuntimeContext } from '../runtime.ts';
import { serviceEnvironment } from '../process/environment.ts';
import { waitForPort } from '../process/readiness.ts';
import type { Engine, Labels } from './engine.ts';
import { engineName } from './names.ts';
import type { Pod } from './pod.ts';

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
  /** Called when it ends by itself after it was ready. */
  onExit(code: number): void;
}

/** Starts the service and resolves when every port of its workload accepts a connection. */
export async function startService(request: ServiceRequest, signal: AbortSignal): Promise<ServiceContainer> {
  const { context, engine, pod } = request;
  signal.throwIfAborted();
  const { command } = pod.workload.run;
  const id = await engine.createContainer({
    name: engineName(context.sessionId, pod.instance.id, 'service'),
    image: request.image,
    labels: request.labels,
    ...(command === null ? {} : { command }),
    environment: environmentOf(request),
    network: `container:${pod.holder}`,
    // With either of them it could undo the rules or speak past them.
    capabilitiesDropped: ['NET_ADMIN', 'NET_RAW'],
  });
  const container = new RunningService(request, id);
  try {
    await container.run(signal);
    return container;
  } catch (error) {
    await container.stop(0);
    throw error;
  }
}

class RunningService implements ServiceContainer {
  readonly id: string;
  readonly #request: ServiceRequest;
  readonly #lastLines: string[] = [];
  #phase: 'starting' | 'ready' | 'stopping' = 'starting';
  #output: Promise<void> = Promise.resolve();

  constructor(request: ServiceRequest, id: string) {
    this.#request = request;
    this.id = id;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { engine } = this.#request;
    await engine.startContainer(this.id);
    this.#output = engine.follow(this.id, (line) => this.#note(line)).catch(() => undefined);
    // Asked for after the start: an engine answers at once for a container that was only created.
    const exited = engine.exited(this.id);
    const over = new AbortController();
    const ready = this.#ready(AbortSignal.any([signal, over.signal]));
    const first = await Promise.race([
      ready.then(() => 'ready' as const),
      exited.then((code) => ({ code })),
    ]).finally(() => over.abort());
    if (first !== 'ready') {
      await ready.catch(() => undefined);
      throw await this.#exitedEarly(first.code);
    }
    this.#phase = 'ready';
    void exited.then(
      (code) => this.#ended(code),
      () => this.#ended(-1),
    );
  }

  async stop(graceS: number): Promise<void> {
    this.#phase = 'stopping';
    const { engine } = this.#request;
    if (graceS > 0) await engine.stopContainer(this.id, graceS);
    await engine.removeContainer(this.id);
    await this.#output;
  }

  async #ready(signal: AbortSignal): Promise<void> {
    const { pod, context } = this.#request;
    for (const port of new Set(pod.workload.ports.map(({ targetPort }) => targetPort))) {
      const wait = { what: pod.instance.id, host: pod.address, port, timeoutMs: context.readyTimeoutMs };
      const hint = () => 'in a container a service listens on 0.0.0.0, not on 127.0.0.1';
      await waitForPort({ ...wait, hint, lines: () => [...this.#lastLines] }, signal);
    }
  }

  async #exitedEarly(code: number): Promise<EnvironmentError> {
    await this.#output;
    const { pod, image } = this.#request;
    return new EnvironmentError(
      'service-exited',
      `${pod.instance.id} (${image}) exited with code ${code} before it was ready`,
      {
        lines: this.#lastLines,
      },
    );
  }

  #ended(code: number): void {
    if (this.#phase === 'ready') this.#request.onExit(code);
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
