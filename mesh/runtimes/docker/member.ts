/**
 * One instance of a session, over the whole of its life: its pod's rules, its service, and what brings both back when
 * the engine or the pod went away from under it. Owns the order: a service starts only in a namespace in which rules
 * were installed, by whomever and for whatever reason it is started.
 */
import { EnvironmentError } from '../../../model/environment-error.ts';
import type { KillSignal } from '../../../model/instance-action.ts';
import { messageOf } from '../../../model/message-of.ts';
import type { ServiceUsage } from '../../../model/usage.ts';
import { COMPLETED, type InstanceStatus } from '../../../model/session-state.ts';
import type { ExecRequest, ExecStream } from '../exec.ts';
import type { EgressPlan, FileUpdate, RuntimeContext } from '../runtime.ts';
import type { OwnedContainer } from './engine.ts';
import { EngineAway } from './engine-away.ts';
import { labelsOf } from './labels.ts';
import { MemberTurns } from './member-turns.ts';
import { awaited, crashWords } from './member-words.ts';
import type { JoinedContext, Pod } from './pod.ts';
import { PodRules, type PodRulesParts } from './pod-rules.ts';
import { Recovery, type RecoveryParts } from './recovery.ts';
import {
  resumeService,
  type ServiceEnd,
  type ServiceContainer,
  type ServiceRequest,
  startService,
  type StartedService,
} from './service-container.ts';
import { serviceOf } from './session-pods.ts';
import type { SyncedFiles } from './synced-files.ts';

/** A program that is the first in its container and handles no SIGTERM ignores it: each stop would take this long. */
const STOP_GRACE_S = 3;

const ENDED = 'its container ended with the engine, or with its pod';

/** What a member has of its session. */
export interface MemberParts extends PodRulesParts, RecoveryParts {
  context: RuntimeContext;
  pods: JoinedContext;
  /** What was put into its containers. */
  synced: SyncedFiles;
  /** Resolves when those that it depends on have recovered, or have failed to; rejects with the signal's reason. */
  othersRecovered(stop: AbortSignal): Promise<void>;
}

export class Member {
  readonly pod: Pod;
  readonly #parts: MemberParts;
  #image: string;
  /** Its container isn't of that image. */
  #outdated = false;
  readonly #id: string;
  #egress: EgressPlan | null = null;
  #service: ServiceContainer | null = null;
  readonly #rules: PodRules;
  readonly #recovery: Recovery;
  /** Starts, stops and files, whoever asks: rules are put anew only where no service runs in their pod. */
  readonly #turns = new MemberTurns();
  /** A person had it stopped: only a person starts it again. */
  #resting = false;

  constructor(parts: MemberParts, pod: Pod, image: string) {
    this.#parts = parts;
    this.pod = pod;
    this.#image = image;
    this.#id = pod.instance.id;
    this.#rules = new PodRules(parts, pod, (detail) => this.#status('starting', detail));
    this.#recovery = new Recovery(parts, {
      tellAway: async () => {
        if (!(await this.#isReachable())) this.#status('restarting', ENDED);
      },
      bringBack: (since, stop) => this.#bringBack(since, stop),
      failed: (error) => this.#failed(error),
    });
  }

  /** Ends when it is back, or won't be; it needn't be recovering. */
  async recovered(): Promise<void> {
    await this.#recovery.ended();
  }

  /** Anew: rules first, then a new container. */
  async start(egress: EgressPlan, stop: AbortSignal): Promise<void> {
    await this.#turns.run((either) => this.#start(egress, either), stop);
  }

  /** As it was started before. */
  async restart(stop: AbortSignal): Promise<void> {
    await this.#turns.run(async (either) => {
      if (this.#egress === null) throw new Error(`${this.#id} was never started`);
      await this.#takeOver();
      this.#status('restarting', null);
      await this.#start(this.#egress, either);
    }, stop);
  }

  async #start(egress: EgressPlan, stop: AbortSignal): Promise<void> {
    stop.throwIfAborted();
    await this.#takeOver();
    this.#resting = false;
    await this.#endOr('started again', undefined);
    this.#egress = egress;
    try {
      await this.#rules.install(egress, stop);
      await this.#run((request) => this.#create(request, stop));
    } catch (error) {
      const away = stop.aborted ? null : await this.#silence();
      if (away === null) {
        this.#failed(error);
        throw error;
      }
      this.recover();
      throw error instanceof EngineAway ? error : new EngineAway(`start ${this.#id}`, away);
    }
  }

  /** What its service has used; null where none runs. */
  async usage(): Promise<ServiceUsage | null> {
    return this.#service === null ? null : await this.#parts.pods.engine.usage(this.#service.id);
  }

  /** Its service is asked, killed after the grace, and removed. */
  async stop(graceMs?: number): Promise<void> {
    await this.#turns.run(async () => {
      await this.#takeOver();
      this.#status('stopping', null);
      await this.#endOr('stopped', graceMs);
      this.#resting = true;
      this.#status('stopped', null);
    });
  }

  /** For good: its pod is about to be removed. A start that is under way is given up. May be asked again. */
  async retire(): Promise<void> {
    await this.#turns.retire(new EnvironmentError('removed', `${this.#id} is being removed`), async () => {
      try {
        await this.#takeOver();
        await this.endService();
      } finally {
        // Whatever is left of it isn't started again, and its end is no crash.
        this.#service?.letGo();
      }
    });
  }

  /** After `retire`: something of it is still in the engine. */
  notRemoved(error: unknown): void {
    this.#tell('failed', `could not be removed: ${messageOf(error)}`);
  }

  /** Ends its service; where the engine refuses, says what is so now, and rejects. */
  async #endOr(what: string, graceMs: number | undefined): Promise<void> {
    try {
      await this.endService(graceMs);
      // One that we know nothing of: an engine that went away left it, or refused to remove it when its start failed.
      if (this.#rules.containment !== null) await this.#removeLeft();
    } catch (error) {
      if (await this.#stillThere(`could not be ${what}: ${messageOf(error)}`)) throw error;
      // Whatever the engine says: it is gone.
      this.#service = null;
    }
  }

  /** Whether the container that it has is there, as the engine knows it; and says so. */
  async #stillThere(words: string): Promise<boolean> {
    const left = await this.#left().catch(() => 'unknown' as const);
    if (left === undefined) return false;
    if (this.#service?.isReady === true) this.#status('ready', words);
    else if (this.#service?.isPaused === true) this.#status('paused', words);
    else if (left === 'unknown') this.#status('failed', `${words}; it may still run`);
    else if (['running', 'paused'].includes(left.state)) this.#status('failed', `${words}; it still runs`);
    else this.#status('stopped', `its container is still there: ${words}`);
    return true;
  }

  async pause(): Promise<void> {
    await this.#turns.run(async () => {
      await this.#running().pause();
      this.#status('paused', null);
    });
  }

  async unpause(): Promise<void> {
    await this.#turns.run(async () => {
      await this.#running().unpause();
      this.#status('ready', null);
    });
  }

  async kill(signal: KillSignal): Promise<void> {
    await this.#parts.pods.engine.killContainer(this.#running().id, signal);
  }

  /** A person's command in the container that it has. */
  async exec(request: ExecRequest): Promise<ExecStream> {
    return await this.#parts.pods.engine.exec(this.#running().id, request);
  }

  /** For the containers to come. */
  useImage(image: string): void {
    this.#image = image;
    this.#outdated = true;
  }

  get isReady(): boolean {
    return this.#service?.isReady === true && !this.#turns.retired;
  }

  /** Files into the container that it has, and into those to come. */
  async sync(update: FileUpdate, stop: AbortSignal): Promise<void> {
    // Whoever takes its place will have them.
    if (this.#turns.retired) return this.#parts.synced.note(update);
    await this.#turns.run((either) => this.#sync(update, either), stop);
  }

  async #sync(update: FileUpdate, stop: AbortSignal): Promise<void> {
    const { synced, pods } = this.#parts;
    if (this.#service === null) return synced.note(update);
    await synced.apply(pods.engine, this.#service.id, update, stop);
    const files = update.written.length + update.removed.length;
    if (this.isReady) this.#status('ready', `${files} ${files === 1 ? 'file' : 'files'} synced`);
  }

  /**
   * After its files changed. `same` = the same container is started again, where it is ready and of the newest image;
   * else it gets a new one. `new` = it gets one of that image, where it has none. One that a person stopped, or that
   * never was started, will have them at its start.
   * @throws EnvironmentError `paused` where a person paused it
   */
  async renew(container: 'same' | 'new', stop: AbortSignal): Promise<'started' | 'left'> {
    if (this.#turns.retired) return 'left';
    return await this.#turns.run((either) => this.#renew(container, either), stop);
  }

  async #renew(container: 'same' | 'new', stop: AbortSignal): Promise<'started' | 'left'> {
    const egress = this.#egress;
    if (this.#resting || egress === null) return 'left';
    if (container === 'new' && !this.#outdated) return 'left';
    if (this.#service?.isPaused === true)
      throw new EnvironmentError('paused', `${this.#id} is paused: it wasn’t started again`, {
        hint: 'let it go on, then restart it',
      });
    await this.#takeOver();
    this.#status('restarting', 'its files changed');
    // One that crashed, or crashes again and again, gets a new container with the new files.
    if (this.#outdated || this.#service?.isReady !== true) await this.#start(egress, stop);
    else await this.#restartInPlace(this.#service, stop);
    return 'started';
  }

  async #restartInPlace(service: ServiceContainer, stop: AbortSignal): Promise<void> {
    try {
      await service.restart(this.#graceS(), stop);
    } catch (error) {
      if ((await this.#silence()) !== null) this.recover();
      // The engine didn't end it, and it goes on; else it was ended, and didn't come back.
      else if (service.isReady || service.isPaused)
        await this.#stillThere(`could not be started again: ${messageOf(error)}`);
      else this.#failed(error);
      throw error;
    }
  }

  #running(): ServiceContainer {
    if (this.#service === null) throw new EnvironmentError('not-running', `${this.#id} doesn't run now`);
    return this.#service;
  }

  async endService(asked?: number): Promise<void> {
    await this.#service?.stop(this.#graceS(asked));
    this.#service = null;
  }

  #graceS(asked?: number): number {
    const graceMs = asked ?? this.pod.workload.run.container?.stopGraceMs;
    return graceMs === undefined ? STOP_GRACE_S : Math.ceil(graceMs / 1000);
  }

  /** Brings it back, as often as that takes; ends at a failure of its own. */
  recover(): void {
    if (!this.#turns.retired) this.#recovery.begin();
  }

  async #bringBack(since: number, stop: AbortSignal): Promise<void> {
    const { engine } = this.#parts.pods;
    const egress = this.#egress;
    if (egress === null) return;
    const left = await this.#left();
    const contained = await this.#rules.areInForce();
    // An engine that was killed ends at its start what ran on without it.
    if (!contained || left?.state === 'exited') this.#status('restarting', ENDED);
    await this.#parts.othersRecovered(stop);
    // Frozen it would neither end nor ever be ready.
    if (left?.state === 'paused') await engine.unpauseContainer(left.id);
    if (!contained) {
      const before = this.#rules.containment;
      // One that outlived its pod is in the old namespace, where its sidecar doesn't reach it any more.
      if (left !== undefined) await engine.stopContainer(left.id, STOP_GRACE_S);
      await this.#rules.install(egress, stop);
      if (before === 'full' && this.#rules.containment !== 'full')
        throw new EnvironmentError(
          'containment-failed',
          `${this.#id} can’t be contained as it was: it wasn’t started`,
        );
    }
    if (left === undefined || this.#service === null) {
      await this.#removeLeft();
      return await this.#run((request) => this.#create(request, stop));
    }
    const entry = contained && ['running', 'paused'].includes(left.state) ? 'watch' : 'start';
    await this.#run((request) => resumeService(request, { id: left.id, entry, since }, stop));
  }

  #create(request: ServiceRequest, stop: AbortSignal): Promise<StartedService> {
    this.#outdated = false;
    return startService(request, stop);
  }

  async #run(begin: (request: ServiceRequest) => Promise<StartedService>): Promise<void> {
    const { context, pods } = this.#parts;
    const egress = this.#egress;
    const { containment } = this.#rules;
    if (egress === null || containment === null) throw new Error(`${this.#id} has no rules yet`);
    this.#status('starting', awaited(this.pod));
    const { service, state } = await begin({
      context,
      engine: pods.engine,
      network: pods.network,
      pod: this.pod,
      image: this.#image,
      synced: this.#parts.synced,
      egress: pods.network.egress(this.pod, egress),
      containment,
      labels: labelsOf(pods.session, this.#id, 'service'),
      onExit: (end, restarts) => this.#exited(end, restarts),
      onRestart: (crash) => this.#status('restarting', crashWords(crash)),
      onFailed: (reason) => this.#status('failed', reason),
      onReadyAgain: () => this.#status('ready', null),
      isContained: () => this.#rules.areInForce(),
      onCut: () => this.recover(),
    });
    this.#service = service;
    if (state === 'completed') this.#status('stopped', COMPLETED);
    else this.#status('ready', containment === 'partial' ? 'containment partial' : null);
  }

  /** Whether its service still is there to be called: containers may survive their engine. */
  async #isReachable(): Promise<boolean> {
    const [first] = this.pod.workload.ports;
    return first === undefined || (await this.#parts.pods.network.knock(this.pod, first.targetPort)) === null;
  }

  /** A Compose service without ports that ends well has done what it was there for. */
  #exited({ code, words }: ServiceEnd, restarts: number): void {
    const { run, ports } = this.pod.workload;
    const done = code === 0 && run.container !== undefined && ports.length === 0;
    if (done) this.#status('stopped', COMPLETED);
    else {
      const gaveUp = restarts === 0 ? '' : `; given up after ${restarts} restarts in a row`;
      this.#status('failed', `${words}${gaveUp}`);
    }
  }

  /** Before somebody starts or stops it. */
  async #takeOver(): Promise<void> {
    const { absence } = this.#parts.watch;
    // What recovers goes on with an engine that is away; but nothing brings back what is being removed.
    if (absence === null || this.#turns.retired)
      await this.#recovery.giveUp(new EnvironmentError('taken-over', `${this.#id} is started or stopped`));
    if (absence !== null) throw new EngineAway(`start or stop ${this.#id}`, absence.why);
  }

  /** Its service's container as the engine knows it. */
  #left(): Promise<OwnedContainer | undefined> {
    const { engine, session } = this.#parts.pods;
    return serviceOf(engine, session.id, this.#id);
  }

  async #removeLeft(): Promise<void> {
    const left = await this.#left();
    if (left !== undefined) await this.#parts.pods.engine.removeContainer(left.id);
  }

  #silence(): Promise<string | null> {
    return this.#parts.pods.engine.silence();
  }

  #failed(error: unknown): void {
    this.#status('failed', messageOf(error));
  }

  #status(status: InstanceStatus, detail: string | null): void {
    if (!this.#turns.retired) this.#tell(status, detail);
  }

  #tell(status: InstanceStatus, detail: string | null): void {
    this.#parts.context.events.onStatus(this.#id, status, detail);
  }
}
