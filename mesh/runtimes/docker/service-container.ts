/**
 * The container a service runs in: joins its pod's network namespace without the right to change it, its output
 * followed, its end noticed. Owns the wait for readiness; refuses a service that ends before it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { EnvironmentError } from '../../../model/environment-error.ts';
import { messageOf } from '../../../model/message-of.ts';
import { untilAborted } from '../../until-aborted.ts';
import { waitForPort } from '../process/readiness.ts';
import { endWords } from './end-words.ts';
import { START_THE_ENGINE } from './engine-away.ts';
import { healthPatienceMs, waitForHealth } from './health.ts';
import { restartPause, SETTLED_MS } from './restart-pause.ts';
import { filesToPut, serviceSpec, type ServiceFacts } from './service-spec.ts';
import type { SyncedFiles } from './synced-files.ts';
import { tarOf } from './tar.ts';

const KEPT_LINES = 20;

export interface ServiceContainer {
  readonly id: string;
  /** It was ready, and neither ended since nor is paused. */
  readonly isReady: boolean;
  readonly isPaused: boolean;
  /** Freezes its processes; their connections stay. */
  pause(): Promise<void>;
  unpause(): Promise<void>;
  /** Ends one that is ready and starts it again as it is, files that were put into it included; resolves when it is ready. */
  restart(graceS: number, signal: AbortSignal): Promise<void>;
  /**
   * Stops it: asks, waits for the grace, kills, removes; resolves after its last line was handed on. Where the engine
   * refuses, one that was ready and still runs is looked after as before; it may be stopped again.
   */
  stop(graceS: number): Promise<void>;
  /** It isn't looked after any more, whatever it does; it may still be stopped. */
  letGo(): void;
}

export interface ServiceEnd {
  code: number;
  /** `exited with code 3`, or more where the engine knows more. */
  words: string;
}

export interface Crash extends ServiceEnd {
  pauseMs: number;
  /** Crashes without having run well in between; 1 = the first. */
  inARow: number;
  /** What it wrote last. */
  lastLine: string | null;
}

export interface ServiceRequest extends ServiceFacts {
  /** What was put into the containers before this one. */
  synced: SyncedFiles;
  /** Called when it ends by itself after it was ready, and isn't started again. `restarts`: in a row, before. */
  onExit(end: ServiceEnd, restarts: number): void;
  /** Called before a pause, after which it is started again. */
  onRestart(crash: Crash): void;
  /** Called when it could not be started again; it is stopped then. */
  onFailed(reason: string): void;
  onReadyAgain(): void;
  /** Whether its pod is the one in which rules were installed. Where it isn't, it never starts. */
  isContained(): Promise<boolean>;
  /** Called when the engine, or its pod, went away from under it: it isn't looked after any more. */
  onCut(): void;
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
    if (files.length > 0)
      await engine.putArchive(container.id, tarOf(await filesToPut(files, pod.workload.id)));
    await request.synced.fill(engine, container.id);
    return { service: container, state: await container.run(signal) };
  } catch (error) {
    // Why it didn't start is what counts; a container that stays is found by whoever starts or stops it next.
    await container.stop(0).catch(() => undefined);
    throw error;
  }
}

/** How a container that there is comes to run: by a start, or it runs already and is only watched again. */
type Entry = 'start' | 'watch';

/**
 * Takes a service's container over as it is, with all that it holds. `since`: seconds since the epoch, from which on
 * its output is told. A failure leaves it stopped.
 */
export async function resumeService(
  request: ServiceRequest,
  { id, entry, since }: { id: string; entry: Entry; since: number },
  signal: AbortSignal,
): Promise<StartedService> {
  const container = new RunningService(request, id);
  try {
    return { service: container, state: await container.run(signal, entry, since) };
  } catch (error) {
    await container.abandon();
    throw error;
  }
}

class RunningService implements ServiceContainer {
  readonly id: string;
  readonly #request: ServiceRequest;
  readonly #lastLines: string[] = [];
  #stopping = new AbortController();
  #phase: 'starting' | 'ready' | 'stopping' = 'starting';
  #output: Promise<void> = Promise.resolve();
  #exited: Promise<number> = Promise.resolve(-1);
  #startedAt = 0;
  #restarts = 0;
  #launches = 0;
  #paused = false;
  /** Its last launch has ended, by whomever. */
  #over = true;

  constructor(request: ServiceRequest, id: string) {
    this.#request = request;
    this.id = id;
  }

  /** The first start: what its rule allows is tried again as long as a service may take to be ready. */
  async run(signal: AbortSignal, entry: Entry = 'start', since?: number): Promise<'ready' | 'completed'> {
    const { pod, context } = this.#request;
    const deadline = performance.now() + context.readyTimeoutMs;
    for (let next = entry; ; next = 'start') {
      const first = await this.#launch(signal, next, since);
      if (first === 'ready') {
        this.#becomeReady();
        return 'ready';
      }
      // An engine that ends takes its containers with it: that is no exit of theirs.
      if (!(await this.#request.isContained())) throw lostPod(pod.instance.id);
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

  get isReady(): boolean {
    return this.#phase === 'ready' && !this.#paused;
  }

  get isPaused(): boolean {
    return this.#phase === 'ready' && this.#paused;
  }

  async pause(): Promise<void> {
    await this.#request.engine.pauseContainer(this.id);
    this.#paused = true;
  }

  async unpause(): Promise<void> {
    await this.#request.engine.unpauseContainer(this.id);
    this.#paused = false;
  }

  async restart(graceS: number, signal: AbortSignal): Promise<void> {
    const { engine } = this.#request;
    // Its end is no crash.
    this.#phase = 'starting';
    try {
      await engine.stopContainer(this.id, graceS);
    } catch (error) {
      await this.#goOn('ready');
      throw error;
    }
    await this.#exited;
    await this.#output;
    this.#restarts = 0;
    const outcome = await this.#launch(AbortSignal.any([signal, this.#stopping.signal]));
    this.#becomeReady();
    if (outcome === 'ready') this.#request.onReadyAgain();
  }

  async stop(graceS: number): Promise<void> {
    const before = this.#phase;
    this.#phase = 'stopping';
    this.#stopping.abort();
    const { engine } = this.#request;
    // Frozen it would never hear that it shall end. One that is gone meanwhile needs no waking.
    if (this.#paused) await this.unpause().catch(() => undefined);
    try {
      if (graceS > 0) await engine.stopContainer(this.id, graceS);
      await engine.removeContainer(this.id);
    } catch (error) {
      await this.#goOn(before);
      throw error;
    }
    await this.#output;
  }

  /** After the engine refused to end it: its end is a crash again, where it was looked after and still runs. */
  async #goOn(before: 'starting' | 'ready' | 'stopping'): Promise<void> {
    const facts = await this.#request.engine.inspect(this.id).catch(() => null);
    const runs = facts !== null && ['running', 'paused'].includes(facts.state) && !this.#over;
    this.#phase = before === 'ready' && runs ? 'ready' : 'stopping';
    if (this.#phase === 'stopping') return;
    this.#paused = facts?.state === 'paused';
    this.#stopping = new AbortController();
  }

  /** Starts the container; how it went: ready, or the code it ended with before. */
  async #launch(signal: AbortSignal, entry: Entry = 'start', firstSince?: number): Promise<'ready' | number> {
    const { engine, pod } = this.#request;
    this.#startedAt = performance.now();
    const since = this.#launches === 0 ? firstSince : Date.now() / 1000;
    if (entry === 'start') {
      if (!(await this.#request.isContained())) throw lostPod(pod.instance.id);
      await engine.startContainer(this.id);
    }
    this.#output = engine.follow(this.id, (line) => this.#note(line), since).catch(() => undefined);
    this.#launches += 1;
    // Asked for after the start: an engine answers at once for a container that was only created.
    this.#over = false;
    const over = (): void => {
      this.#over = true;
    };
    this.#exited = engine.exited(this.id);
    this.#exited.then(over, over);
    // However long that takes.
    if (pod.workload.run.container?.runsToCompletion === true)
      return await untilAborted(this.#exited, signal);
    const decided = new AbortController();
    const ready = this.#ready(AbortSignal.any([signal, decided.signal]));
    const first = await Promise.race([
      ready.then(() => 'ready' as const),
      this.#exited.then((code) => ({ code })),
    ]).finally(() => decided.abort());
    if (first === 'ready') return first;
    await ready.catch(() => undefined);
    return first.code;
  }

  async #ready(signal: AbortSignal): Promise<void> {
    const { pod, context, engine, network } = this.#request;
    const timeoutMs = Math.max(
      context.readyTimeoutMs,
      healthPatienceMs(pod.workload.run.container?.healthcheck),
    );
    const lines = (): string[] => [...this.#lastLines];
    for (const port of new Set(pod.workload.ports.map(({ targetPort }) => targetPort))) {
      const hint = () => 'in a container a service listens on 0.0.0.0, not on 127.0.0.1';
      const knock = () => network.knock(pod, port);
      const what = pod.instance.id;
      await waitForPort({ what, host: pod.address, port, knock, timeoutMs, hint, lines }, signal);
    }
    // Without a Compose file, ports are all that a project can say of readiness.
    if (pod.workload.run.container)
      await waitForHealth({ what: pod.instance.id, engine, container: this.id, timeoutMs, lines }, signal);
  }

  #becomeReady(): void {
    this.#phase = 'ready';
    void this.#exited.then(
      (code) => this.#endedByItself(code),
      () => this.#cut(),
    );
  }

  letGo(): void {
    this.#phase = 'stopping';
    this.#stopping.abort();
  }

  /** Nothing is done with it any more: somebody else takes over. */
  async abandon(): Promise<void> {
    this.letGo();
    await this.#request.engine.stopContainer(this.id, 0).catch(() => undefined);
  }

  #cut(): void {
    if (this.#stopping.signal.aborted || this.#phase === 'stopping') return;
    this.letGo();
    this.#request.onCut();
  }

  async #endedByItself(code: number): Promise<void> {
    if (this.#phase !== 'ready') return;
    if (!(await this.#request.isContained())) return this.#cut();
    const words = await this.#wordsOf(code);
    if (this.#phase !== 'ready') return;
    const pauseMs = this.#pauseBefore(code);
    if (pauseMs === null) {
      this.#phase = 'stopping';
      this.#request.onExit({ code, words }, this.#restarts);
      return;
    }
    this.#phase = 'starting';
    this.#paused = false;
    // What goes wrong from here on, somebody's stop aside, ends it for good.
    void this.#startAgain(code, pauseMs).catch(async (error: unknown) =>
      (await this.#request.isContained()) ? this.#giveUp(error) : this.#cut(),
    );
  }

  async #startAgain(code: number, pauseMs: number): Promise<void> {
    const { signal } = this.#stopping;
    await this.#waitToRestart(code, pauseMs, signal);
    signal.throwIfAborted();
    const outcome = await this.#launch(signal);
    this.#becomeReady();
    if (outcome === 'ready') this.#request.onReadyAgain();
  }

  async #giveUp(error: unknown): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#phase = 'stopping';
    // It may run without ever being ready: what is told as failed doesn't go on.
    await this.#request.engine.stopContainer(this.id, 0).catch(() => undefined);
    this.#request.onFailed(messageOf(error));
  }

  #pauseBefore(code: number): number | null {
    if (performance.now() - this.#startedAt >= SETTLED_MS) this.#restarts = 0;
    return restartPause(this.#request.pod.workload.run.container?.restart, code, this.#restarts);
  }

  async #waitToRestart(code: number, pauseMs: number, signal: AbortSignal): Promise<void> {
    this.#restarts += 1;
    const words = await this.#wordsOf(code);
    signal.throwIfAborted();
    const lastLine = this.#lastLines.at(-1) ?? null;
    this.#request.onRestart({ code, words, pauseMs, inARow: this.#restarts, lastLine });
    await this.#output;
    await pause(pauseMs, undefined, { signal });
  }

  async #wordsOf(code: number): Promise<string> {
    const { engine, pod } = this.#request;
    const facts = await engine.inspect(this.id).catch(() => null);
    const outOfMemory = facts?.outOfMemory === true;
    return endWords({ code, outOfMemory }, pod.workload.run.container?.limits.memory ?? null);
  }

  async #exitedEarly(code: number): Promise<EnvironmentError> {
    await this.#output;
    const { pod, image } = this.#request;
    const job = pod.workload.run.container?.runsToCompletion === true;
    return new EnvironmentError(
      'service-exited',
      `${pod.instance.id} (${image}) ${await this.#wordsOf(code)}${job ? '' : ' before it was ready'}`,
      { lines: this.#lastLines },
    );
  }

  #note(line: { stream: 'stdout' | 'stderr'; text: string }): void {
    if (this.#lastLines.push(line.text) > KEPT_LINES) this.#lastLines.shift();
    this.#request.context.events.onLog(this.#request.pod.instance.id, { ...line, at: Date.now() });
  }
}

function lostPod(instance: string): EnvironmentError {
  return new EnvironmentError('pod-lost', `${instance} lost its pod, or the engine went away`, {
    hint: START_THE_ENGINE,
  });
}
