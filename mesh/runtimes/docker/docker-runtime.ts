/**
 * The docker runtime: every instance is a pod whose only way out is its own sidecar. Owns the order (image, driver,
 * network, holder, rules, service) and the cleanup by label; what is not labelled with this session's id is
 * never touched.
 */
import { EnvironmentError } from '../../../model/environment-error.ts';
import type { KillSignal } from '../../../model/instance-action.ts';
import type { Instance, Workload } from '../../../model/mesh.ts';
import type { Refusals } from '../../../model/refusals.ts';
import type { ServiceUsage } from '../../../model/usage.ts';
import type { ExecRequest, ExecStream } from '../exec.ts';
import type { EgressPlan, InstancePlacement, Runtime, RuntimeContext, ServiceUpdates } from '../runtime.ts';
import { eachOf } from '../../each-of.ts';
import { startOrder } from '../../start-order.ts';
import { untilAborted } from '../../until-aborted.ts';
import { connectEngine } from './dockerode-engine.ts';
import type { Engine } from './engine.ts';
import { EngineAway, START_THE_ENGINE } from './engine-away.ts';
import { EngineWatch } from './engine-watch.ts';
import { untilEngineAnswers } from './until-engine-answers.ts';
import { gatewayNetwork } from './gateway-network.ts';
import { ensureHelperImage } from './helper-image.ts';
import { SESSION_LABEL, thisOwner, type Owner } from './labels.ts';
import { measureDriver } from './measure-driver.ts';
import { Member } from './member.ts';
import { engineName } from './names.ts';
import type { Driver, PodNetwork } from './pod-network.ts';
import { createPod, podRefusals, type JoinedContext, type Pod, type PodContext } from './pod.ts';
import { whyUnusable } from './probe.ts';
import { ensurePublishable } from './published-ports.ts';
import { ensureRelayImage } from './relay/relay-image.ts';
import { startRelay } from './relay/relay-network.ts';
import { thisRealm } from './realm.ts';
import { removeLabelled, removePods } from './removal.ts';
import { buildImage, type ImageOrder, serviceImages } from './service-image.ts';
import { createVolumes } from './session-volumes.ts';
import { SyncedFiles } from './synced-files.ts';
import { subnetCandidates, type Subnet } from './subnets.ts';

/** What isn't the default. */
export interface DockerRuntimeParts {
  /** For tests: another engine, another helper image. */
  connect?: () => Promise<Engine>;
  helperImage?: string;
  /** Absent = the one that is measured to work. */
  driver?: Driver;
  /** With haproxy, sshd and busybox on its PATH; absent = made here. */
  relayImage?: string;
}

/** A `RuntimeFactory`. Rejects with `no-engine` when none answers, `engine-unusable` when it runs no Linux containers. */
export async function createDockerRuntime(
  context: RuntimeContext,
  parts: DockerRuntimeParts = {},
): Promise<Runtime> {
  const engine = await (parts.connect ?? connectEngine)();
  const why = whyUnusable(await engine.facts());
  if (why !== null) {
    throw new EnvironmentError(
      'engine-unusable',
      `The engine at ${engine.endpoint.url} can't be used: ${why}`,
    );
  }
  return new DockerRuntime(context, engine, parts);
}

class DockerRuntime implements Runtime {
  readonly kind = 'docker';
  readonly #context: RuntimeContext;
  readonly #engine: Engine;
  readonly #session: { id: string; mesh: string; owner: Owner };
  readonly #members = new Map<string, Member>();
  /** Instances whose removal began, and didn't succeed yet. */
  readonly #leaving = new Set<string>();
  /** By workload: its further instances run what the first one runs. */
  readonly #built = new Map<string, string>();
  /** Ids of images that were built anew since: removed when no container has them any more. */
  readonly #replaced = new Set<string>();
  /** By workload too: a further instance gets what the others got. */
  readonly #synced = new Map<string, SyncedFiles>();
  /** What is under way; close waits for it, else it would leave behind what is being created. */
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  readonly #subnets: Iterator<Subnet, never>;
  readonly #watch: EngineWatch;
  readonly #parts: DockerRuntimeParts;
  #helperImage: string | null;
  #network: PodNetwork | null = null;
  #opening: Promise<PodNetwork> | null = null;
  /** What was ready when the relay went away. */
  readonly #waiting = new Set<string>();
  #containment: 'full' | 'partial' | 'none' = 'none';
  #closed: Promise<void> | null = null;

  constructor(context: RuntimeContext, engine: Engine, parts: DockerRuntimeParts) {
    this.#context = context;
    this.#engine = engine;
    this.#parts = parts;
    this.#helperImage = parts.helperImage ?? null;
    this.#session = {
      id: context.sessionId,
      mesh: context.mesh.name,
      owner: thisOwner(thisRealm(context.dataDir)),
    };
    this.#subnets = subnetCandidates(context.sessionId);
    this.#watch = new EngineWatch(engine, (absence) => context.events.onEngine(absence));
    void this.#watch.follow(this.#closing.signal);
  }

  readonly updates: ServiceUpdates = {
    sync: (instance, update) => this.#track(null, (stop) => this.#member(instance).sync(update, stop)),
    restartInPlace: (instance, signal) =>
      this.#track(signal, async (stop) => {
        await this.#member(instance).renew('same', stop);
      }),
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
      // What is left of an earlier one has its names.
      const left = instances.flatMap(({ instance: { id } }) => (this.#leaving.has(id) ? [id] : []));
      if (left.length > 0) await this.#remove(left);
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
      const context = this.#podContext(await this.#helper(stop));
      this.#opening ??= this.#openNetwork(context, stop);
      const network = await this.#opening;
      const pods = { ...context, network };
      // All of them settle before a failure is told: nothing may be created behind the back of the cleanup.
      const made = await Promise.allSettled(
        instances.map(async (entry) => {
          this.#status(entry.instance.id, 'pending', 'network and holder');
          const pod = await createPod(pods, entry, stop);
          const image = this.#built.get(entry.workload.id) ?? '';
          this.#members.set(entry.instance.id, this.#newMember(pods, pod, image));
          return await network.place(pod);
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
    return this.#track(signal, (stop) => member.start(egress, stop));
  }

  stopInstance(instance: string, graceMs?: number): Promise<void> {
    const member = this.#member(instance);
    return this.#track(null, () => member.stop(graceMs));
  }

  pause(instance: string): Promise<void> {
    return this.#track(null, () => this.#member(instance).pause());
  }

  unpause(instance: string): Promise<void> {
    return this.#track(null, () => this.#member(instance).unpause());
  }

  kill(instance: string, signal: KillSignal): Promise<void> {
    return this.#track(null, () => this.#member(instance).kill(signal));
  }

  remove(instances: readonly string[]): Promise<void> {
    return this.#track(null, () => this.#remove(instances));
  }

  async #remove(instances: readonly string[]): Promise<void> {
    const members = instances.flatMap((instance) => this.#members.get(instance) ?? []);
    for (const instance of instances) {
      this.#leaving.add(instance);
      this.#waiting.delete(instance);
    }
    try {
      // Whoever doesn't stop is removed with its pod: only what is left then is a failure.
      await Promise.allSettled(members.map((member) => member.retire()));
      const names = instances.map((instance) => engineName(this.#session.id, instance));
      await Promise.allSettled(names.map((name) => this.#network?.leave(name)));
      await removePods(this.#engine, this.#session.id, instances);
    } catch (error) {
      for (const member of members) member.notRemoved(error);
      throw error;
    }
    for (const instance of instances) {
      this.#members.delete(instance);
      this.#leaving.delete(instance);
    }
  }

  restart(instance: string, signal: AbortSignal): Promise<void> {
    const member = this.#member(instance);
    return this.#track(signal, (stop) => member.restart(stop));
  }

  exec(instance: string, request: ExecRequest): Promise<ExecStream> {
    return this.#track(null, () => this.#member(instance).exec(request));
  }

  refusals(instance: string): Promise<Refusals | null> {
    const { pod } = this.#member(instance);
    return this.#track(null, async (stop) => podRefusals(this.#podContext(await this.#helper(stop)), pod));
  }

  usage(): Promise<Record<string, ServiceUsage>> {
    return this.#track(null, async () => {
      const used = await Promise.all(
        [...this.#members].map(async ([instance, member]) => {
          // One that can't be measured just now is left out; the others are told.
          const usage = await member.usage().catch(() => null);
          return usage === null ? [] : [[instance, usage] as const];
        }),
      );
      return Object.fromEntries(used.flat());
    });
  }

  async #rebuild(workload: Workload, stop: AbortSignal): Promise<readonly string[]> {
    const before = await this.#engine.imageId(this.#built.get(workload.id) ?? '');
    const image = await buildImage(workload, this.#imageOrder(stop));
    const members = [...this.#members].filter(([, { pod }]) => pod.workload.id === workload.id);
    if ((await this.#engine.imageId(image)) !== before) {
      this.#built.set(workload.id, image);
      const { build } = workload.run;
      if (build !== null) this.#syncedOf(workload).forget(build.context);
      for (const [, member] of members) member.useImage(image);
      if (before !== null) this.#replaced.add(before);
    }
    // Those too that an earlier build left as they were: paused, or refused by the engine.
    const renewed: string[] = [];
    try {
      await eachOf(members, async ([id, member]) => {
        if ((await member.renew('new', stop)) === 'started') renewed.push(id);
      });
    } finally {
      for (const id of this.#replaced) await this.#engine.removeNameless(id);
    }
    this.#replaced.clear();
    return renewed;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort(new EnvironmentError('runtime-closed', 'the docker runtime is being closed'));
    await Promise.allSettled(this.#underWay);
    await untilEngineAnswers(this.#engine);
    await Promise.allSettled([...this.#members.values()].map((member) => member.endService()));
    await this.#network?.close();
    try {
      await removeLabelled(this.#engine, `${SESSION_LABEL}=${this.#session.id}`);
    } catch (cause) {
      if (!(cause instanceof EngineAway)) throw cause;
      throw new EnvironmentError(
        'left-behind',
        'The Docker engine is away: containers and networks of this session are still in it.',
        { hint: `${START_THE_ENGINE}; then remove them: greenroom doctor --remove-orphans`, cause },
      );
    }
  }

  #newMember(pods: JoinedContext, pod: Pod, image: string): Member {
    return new Member(
      {
        context: this.#context,
        pods,
        watch: this.#watch,
        synced: this.#syncedOf(pod.workload),
        measured: (containment) => {
          if (this.#containment !== 'partial') this.#containment = containment;
        },
        othersRecovered: async (stop) => {
          const others = startOrder(this.#context.mesh).get(pod.instance.id) ?? [];
          await untilAborted(Promise.all(others.map((id) => this.#members.get(id)?.recovered())), stop);
        },
        track: (work) => this.#track(null, () => work),
        closing: this.#closing.signal,
      },
      pod,
      image,
    );
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

  async #openNetwork(context: PodContext, signal: AbortSignal): Promise<PodNetwork> {
    const driver = this.#parts.driver ?? (await measureDriver(context, signal)).driver;
    this.#network = driver === 'gateway' ? gatewayNetwork : await this.#openRelay(context, signal);
    return this.#network;
  }

  async #openRelay(context: PodContext, signal: AbortSignal): Promise<PodNetwork> {
    const { workloads } = this.#context.mesh;
    return startRelay(
      {
        ...context,
        image: this.#parts.relayImage ?? (await ensureRelayImage(this.#engine, signal)),
        ports: workloads.reduce((sum, { ports }) => sum + ports.length, 0),
        onAway: (why) => this.#relayAway(why),
        onBack: () => this.#relayBack(),
      },
      signal,
    );
  }

  /** Who runs can't be reached and reaches nobody. */
  #relayAway(why: string): void {
    for (const [instance, member] of this.#members) if (member.isReady) this.#waiting.add(instance);
    for (const instance of this.#waiting) this.#status(instance, 'failed', `the relay is away: ${why}`);
  }

  #relayBack(): void {
    const back = [...this.#waiting].filter((instance) => this.#members.get(instance)?.isReady);
    this.#waiting.clear();
    for (const instance of back) this.#status(instance, 'ready', null);
  }

  #podContext(helperImage: string): PodContext {
    return { engine: this.#engine, session: this.#session, helperImage, subnets: this.#subnets };
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
