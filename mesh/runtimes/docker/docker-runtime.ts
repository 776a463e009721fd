/**
 * The docker runtime, gateway driver: every instance is a pod whose only way out is its own sidecar. Owns the order
 * (image, network, holder, rules, service) and the cleanup by label; what is not labelled with this session's id is
 * never touched.
 */
import { EnvironmentError } from '../../../model/environment-error.ts';
import type { KillSignal } from '../../../model/instance-action.ts';
import type { Instance, Workload } from '../../../model/mesh.ts';
import type { Refusals } from '../../../model/refusals.ts';
import type {
  EgressPlan,
  FileUpdate,
  InstancePlacement,
  Runtime,
  RuntimeContext,
  ServiceUpdates,
} from '../runtime.ts';
import { connectEngine, type Engine } from './engine.ts';
import { ensureHelperImage } from './helper-image.ts';
import { labelsOf, SESSION_LABEL, thisOwner, type Owner } from './labels.ts';
import { createPod, installRules, podRefusals, type Pod, type PodContext } from './pod.ts';
import { whyUnusable } from './probe.ts';
import { ensurePublishable, publishedPort } from './published-ports.ts';
import { removeLabelled, removePods } from './removal.ts';
import { type Crash, startService, type ServiceContainer } from './service-container.ts';
import { buildImage, type ImageOrder, serviceImages } from './service-image.ts';
import { createVolumes } from './session-volumes.ts';
import { SyncedFiles } from './synced-files.ts';
import { subnetCandidates, type Subnet } from './subnets.ts';

/** A program that is the first in its container and handles no SIGTERM ignores it: each stop would take this long. */
const STOP_GRACE_S = 3;

/** For tests: another engine, another helper image. */
export interface DockerRuntimeParts {
  connect?: () => Promise<Engine>;
  helperImage?: string;
}

/** A `RuntimeFactory`. Rejects with `no-engine` when none answers, `engine-elsewhere` when its bridges aren't here. */
export async function createDockerRuntime(
  context: RuntimeContext,
  parts: DockerRuntimeParts = {},
): Promise<Runtime> {
  const engine = await (parts.connect ?? connectEngine)();
  const why = whyUnusable(engine.endpoint.url, await engine.facts());
  if (why !== null) {
    throw new EnvironmentError(
      'engine-elsewhere',
      `The engine at ${engine.endpoint.url} can't be used: ${why}`,
    );
  }
  return new DockerRuntime(context, engine, parts.helperImage ?? null);
}

interface Member {
  pod: Pod;
  image: string;
  service: ServiceContainer | null;
  egress: EgressPlan | null;
  synced: SyncedFiles;
}

class DockerRuntime implements Runtime {
  readonly kind = 'docker';
  readonly #context: RuntimeContext;
  readonly #engine: Engine;
  readonly #session: { id: string; mesh: string; owner: Owner };
  readonly #members = new Map<string, Member>();
  /** By workload: its further instances run what the first one runs. */
  readonly #built = new Map<string, string>();
  /** By workload too: a further instance gets what the others got. */
  readonly #synced = new Map<string, SyncedFiles>();
  /** What is under way; close waits for it, else it would leave behind what is being created. */
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  readonly #subnets: Iterator<Subnet, never>;
  #helperImage: string | null;
  #containment: 'full' | 'partial' | 'none' = 'none';
  #closed: Promise<void> | null = null;

  constructor(context: RuntimeContext, engine: Engine, helperImage: string | null) {
    this.#context = context;
    this.#engine = engine;
    this.#helperImage = helperImage;
    this.#session = { id: context.sessionId, mesh: context.mesh.name, owner: thisOwner() };
    this.#subnets = subnetCandidates(context.sessionId);
  }

  readonly updates: ServiceUpdates = {
    sync: (instance, update) => this.#track(null, () => this.#sync(instance, update)),
    restartInPlace: (instance, signal) => this.#restartInPlace(instance, signal),
    rebuild: (workload, signal) => this.#track(signal, (stop) => this.#rebuild(workload, stop)),
  };

  /** `none` until it was measured on a first pod; then the worst of what was measured. */
  get containment(): 'full' | 'partial' | 'none' {
    return this.#containment;
  }

  prepare(
    instances: readonly { instance: Instance; workload: Workload }[],
    signal: AbortSignal,
  ): Promise<InstancePlacement[]> {
    return this.#track(signal, async (stop) => {
      await ensurePublishable(instances);
      await this.#findImages(
        instances.map(({ workload }) => workload),
        stop,
      );
      await createVolumes(
        this.#engine,
        this.#session,
        instances.map(({ workload }) => workload),
      );
      const pods = this.#podContext(await this.#helper(stop));
      // All of them settle before a failure is told: nothing may be created behind the back of the cleanup.
      const made = await Promise.allSettled(
        instances.map(async (entry) => {
          this.#status(entry.instance.id, 'pending', 'network and holder');
          const pod = await createPod(pods, entry, stop);
          const image = this.#built.get(entry.workload.id) ?? '';
          this.#members.set(entry.instance.id, {
            pod,
            image,
            service: null,
            egress: null,
            synced: this.#syncedOf(entry.workload),
          });
          return placementOf(pod);
        }),
      );
      return made.map((outcome) => {
        if (outcome.status === 'rejected') throw outcome.reason;
        return outcome.value;
      });
    });
  }

  start(instance: string, egress: EgressPlan, signal: AbortSignal): Promise<void> {
    const member = this.#member(instance);
    return this.#track(signal, async (stop) => {
      await this.#stopService(member);
      member.egress = egress;
      this.#status(instance, 'starting', 'installing rules');
      const containment = await installRules(
        this.#podContext(await this.#helper(stop)),
        member.pod,
        egress,
        stop,
      );
      if (containment.kind === 'partial')
        this.#status(instance, 'starting', `containment partial: ${containment.why}`);
      if (this.#containment !== 'partial') this.#containment = containment.kind;
      await this.#run(instance, member, egress, containment.kind, stop);
    });
  }

  stopInstance(instance: string, graceMs?: number): Promise<void> {
    const member = this.#member(instance);
    return this.#track(null, async () => {
      this.#status(instance, 'stopping', null);
      await this.#stopService(member, graceMs);
      this.#status(instance, 'stopped', null);
    });
  }

  pause(instance: string): Promise<void> {
    return this.#track(null, async () => {
      await this.#service(instance).pause();
      this.#status(instance, 'paused', null);
    });
  }

  unpause(instance: string): Promise<void> {
    return this.#track(null, async () => {
      await this.#service(instance).unpause();
      this.#status(instance, 'ready', null);
    });
  }

  kill(instance: string, signal: KillSignal): Promise<void> {
    return this.#track(null, () => this.#engine.killContainer(this.#service(instance).id, signal));
  }

  remove(instances: readonly string[]): Promise<void> {
    return this.#track(null, async () => {
      const members = instances.flatMap((instance) => this.#members.get(instance) ?? []);
      for (const instance of instances) this.#members.delete(instance);
      await Promise.all(members.map((member) => this.#stopService(member)));
      await removePods(this.#engine, this.#session.id, instances);
    });
  }

  restart(instance: string, signal: AbortSignal): Promise<void> {
    const { egress } = this.#member(instance);
    if (egress === null) throw new Error(`${instance} was never started`);
    this.#status(instance, 'restarting', null);
    return this.start(instance, egress, signal);
  }

  refusals(instance: string): Promise<Refusals | null> {
    const { pod } = this.#member(instance);
    return this.#track(null, async (stop) => podRefusals(this.#podContext(await this.#helper(stop)), pod));
  }

  async #sync(instance: string, update: FileUpdate): Promise<void> {
    const { service, synced } = this.#member(instance);
    if (service === null) return synced.note(update);
    await synced.apply(this.#engine, service.id, update);
    const files = update.written.length + update.removed.length;
    if (service.isReady) this.#status(instance, 'ready', `${files} ${files === 1 ? 'file' : 'files'} synced`);
  }

  async #restartInPlace(instance: string, signal: AbortSignal): Promise<void> {
    await this.#track(signal, async (stop) => {
      const { service } = this.#member(instance);
      // It crashed, or crashes again and again: it gets a new container with the new files.
      if (service === null || !service.isReady) return await this.restart(instance, stop);
      this.#status(instance, 'restarting', 'its files changed');
      try {
        await service.restart(this.#graceS(this.#member(instance)), stop);
      } catch (error) {
        this.#status(instance, 'failed', error instanceof Error ? error.message : String(error));
        throw error;
      }
    });
  }

  async #rebuild(workload: Workload, stop: AbortSignal): Promise<void> {
    const before = await this.#engine.imageId(this.#built.get(workload.id) ?? '');
    const image = await buildImage(workload, this.#imageOrder(stop));
    if ((await this.#engine.imageId(image)) === before) return;
    this.#built.set(workload.id, image);
    this.#syncedOf(workload).forget();
    for (const [id, member] of this.#members) {
      if (member.pod.workload.id !== workload.id) continue;
      member.image = image;
      await this.restart(id, stop);
    }
    if (before !== null) await this.#engine.removeNameless(before);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort(new EnvironmentError('runtime-closed', 'the docker runtime is being closed'));
    await Promise.allSettled(this.#underWay);
    await Promise.allSettled([...this.#members.values()].map((member) => this.#stopService(member)));
    await removeLabelled(this.#engine, `${SESSION_LABEL}=${this.#session.id}`);
  }

  async #findImages(workloads: readonly Workload[], signal: AbortSignal): Promise<void> {
    const unknown = [...new Set(workloads)].filter(({ id }) => !this.#built.has(id));
    const onLine = (workload: Workload, line: string): void =>
      workload.instances.forEach(({ id }) => this.#status(id, 'pending', `building: ${line}`));
    const found = await serviceImages(unknown, { ...this.#imageOrder(signal), onLine });
    for (const [workload, image] of found) this.#built.set(workload, image);
  }

  #imageOrder(signal: AbortSignal): ImageOrder {
    return {
      engine: this.#engine,
      mesh: this.#session.mesh,
      signal,
      onProgress: (progress) => this.#context.events.onImage(progress),
      onLine: () => undefined,
    };
  }

  #syncedOf({ id, run }: Workload): SyncedFiles {
    const synced = this.#synced.get(id) ?? new SyncedFiles(run.container?.user);
    this.#synced.set(id, synced);
    return synced;
  }

  async #helper(signal: AbortSignal): Promise<string> {
    this.#helperImage ??= await ensureHelperImage(this.#engine, signal);
    return this.#helperImage;
  }

  #podContext(helperImage: string): PodContext {
    return { engine: this.#engine, session: this.#session, helperImage, subnets: this.#subnets };
  }

  async #run(
    instance: string,
    member: Member,
    egress: EgressPlan,
    containment: 'full' | 'partial',
    signal: AbortSignal,
  ): Promise<void> {
    this.#status(instance, 'starting', awaited(member.pod.workload));
    let state: 'ready' | 'completed';
    try {
      const started = await startService(
        {
          context: this.#context,
          engine: this.#engine,
          pod: member.pod,
          image: member.image,
          synced: member.synced,
          egress,
          containment,
          labels: labelsOf(this.#session, instance, 'service'),
          onExit: (code, restarts) => this.#exited(instance, member, code, restarts),
          onRestart: (crash) => this.#status(instance, 'restarting', crashWords(crash)),
          onFailed: (reason) => this.#status(instance, 'failed', reason),
          onReadyAgain: () => this.#status(instance, 'ready', null),
        },
        signal,
      );
      member.service = started.service;
      state = started.state;
    } catch (error) {
      this.#status(instance, 'failed', error instanceof Error ? error.message : String(error));
      throw error;
    }
    if (state === 'completed') this.#status(instance, 'stopped', 'completed');
    else this.#status(instance, 'ready', containment === 'partial' ? 'containment partial' : null);
  }

  /** A Compose service without ports that ends well has done what it was there for. */
  #exited(instance: string, { pod }: Member, code: number, restarts: number): void {
    const done = code === 0 && pod.workload.run.container !== undefined && pod.workload.ports.length === 0;
    if (done) this.#status(instance, 'stopped', 'completed');
    else {
      const gaveUp = restarts === 0 ? '' : `; given up after ${restarts} restarts in a row`;
      this.#status(instance, 'failed', `exited with code ${code}${gaveUp}`);
    }
  }

  async #stopService(member: Member, asked?: number): Promise<void> {
    const { service } = member;
    member.service = null;
    await service?.stop(this.#graceS(member, asked));
  }

  #graceS({ pod }: Member, asked?: number): number {
    const graceMs = asked ?? pod.workload.run.container?.stopGraceMs;
    return graceMs === undefined ? STOP_GRACE_S : Math.ceil(graceMs / 1000);
  }

  #service(instance: string): ServiceContainer {
    const { service } = this.#member(instance);
    if (service === null) throw new EnvironmentError('not-running', `${instance} doesn't run now`);
    return service;
  }

  #member(instance: string): Member {
    const member = this.#members.get(instance);
    if (member === undefined) throw new Error(`no such instance in this runtime: ${instance}`);
    return member;
  }

  #status(
    instance: string,
    status: Parameters<RuntimeContext['events']['onStatus']>[1],
    detail: string | null,
  ): void {
    this.#context.events.onStatus(instance, status, detail);
  }

  #track<T>(signal: AbortSignal | null, work: (stop: AbortSignal) => Promise<T>): Promise<T> {
    const stop = signal === null ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
    const running = (async () => {
      stop.throwIfAborted();
      return work(stop);
    })();
    this.#underWay.add(running);
    const done = () => this.#underWay.delete(running);
    running.then(done, done);
    return running;
  }
}

/** A first crash shortly; those that follow it as the loop that they are, with what the service said last. */
function crashWords({ code, pauseMs, inARow, lastLine }: Crash): string {
  const again = `again in ${pauseMs / 1000} s`;
  if (inARow === 1) return `exited with code ${code}; ${again}`;
  const said = lastLine === null ? '' : `; its last line: ${lastLine.slice(0, 200)}`;
  return `crash loop: exited with code ${code}, ${inARow} times in a row; ${again}${said}`;
}

/** What a start waits for, in words. */
function awaited({ ports, run }: Workload): string {
  if (run.container?.runsToCompletion === true) return 'waiting for its end';
  if (ports.length === 0) return 'starting its container';
  return `waiting for ${ports.map((port) => port.targetPort).join(', ')}`;
}

function placementOf(pod: Pod): InstancePlacement {
  const published = (port: number): { inboundPort?: number } => {
    const inboundPort = publishedPort(pod, port);
    return inboundPort === null ? {} : { inboundPort };
  };
  return {
    instance: pod.instance.id,
    // Only our own outbound sides dial it; loopback keeps everybody else's containers away from it.
    inboundHost: '127.0.0.1',
    outboundHost: pod.gateway,
    upstreams: [...new Set(pod.workload.ports.map(({ targetPort }) => targetPort))].map((port) => ({
      port,
      host: pod.address,
      upstreamPort: port,
      ...published(port),
    })),
    allowedOutboundPeers: [pod.address],
  };
}
