/**
 * One instance of the process runtime through its life: started, ready, crashed and started again with growing
 * pauses, stopped. It owns at most one run of its command at a time, and knows nothing of how runs are made.
 */
import { EnvironmentError } from '../../../model/environment-error.ts';
import { messageOf } from '../../../model/message-of.ts';
import { commandOf, groupMembers, holderOfPort, portsOf } from '../../process-table.ts';
import type { KillSignal } from '../../../model/instance-action.ts';
import type { RuntimeEvents } from '../runtime.ts';
import { portTaken } from './ports.ts';
import { waitForPort } from './readiness.ts';
import type { Spawner } from './spawner.ts';
import type { SupervisorReport } from './supervisor-protocol.ts';

/** Pauses before a crashed service starts again, and when the count begins anew. Kubernetes' shape, a laptop's pace. */
export interface RestartPolicy {
  firstDelayMs: number;
  longestDelayMs: number;
  /** Crashes in a row after which it is given up. */
  attempts: number;
  /** Ready for this long = the next crash is a first one. */
  forgivenAfterMs: number;
}

export const DEFAULT_RESTARTS: RestartPolicy = {
  firstDelayMs: 250,
  longestDelayMs: 10_000,
  attempts: 6,
  forgivenAfterMs: 30_000,
};

export interface ServicePlan {
  instance: string;
  command: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  host: string;
  /** What it shall listen on; ready = all of them accept. */
  ports: readonly number[];
}

interface Run {
  key: string;
  pid: number | null;
  /** Last lines of its output, for the error that says why it is gone. */
  tail: string[];
  ended: PromiseWithResolvers<EnvironmentError>;
}

const TAIL_LINES = 40;
const STOP_GRACE_MS = 2_000;

export class ServiceProcess {
  readonly #plan: ServicePlan;
  readonly #spawner: Spawner;
  readonly #events: RuntimeEvents;
  readonly #readyTimeoutMs: number;
  readonly #restarts: RestartPolicy;
  #run: Run | null = null;
  #runs = 0;
  #crashes = 0;
  #readyAt = 0;
  #retry: NodeJS.Timeout | null = null;
  /** Aborted = nobody wants it to run; a new one for each start. */
  #life = new AbortController();

  constructor(
    plan: ServicePlan,
    more: { spawner: Spawner; events: RuntimeEvents; readyTimeoutMs: number; restarts: RestartPolicy },
  ) {
    this.#plan = plan;
    this.#spawner = more.spawner;
    this.#events = more.events;
    this.#readyTimeoutMs = more.readyTimeoutMs;
    this.#restarts = more.restarts;
  }

  /** Resolves when it is ready. A service that doesn't get there is stopped, and not tried again. */
  async start(signal: AbortSignal): Promise<void> {
    this.#life = new AbortController();
    this.#crashes = 0;
    try {
      await this.#runUntilReady(AbortSignal.any([signal, this.#life.signal]));
    } catch (error) {
      await this.#endRun();
      const asked = signal.aborted || (error instanceof EnvironmentError && error.code === 'stopped');
      this.#status(asked ? 'stopped' : 'failed', asked ? null : messageOf(error));
      throw error;
    }
  }

  /** Its process group; null where none runs. */
  get group(): number | null {
    return this.#run?.pid ?? null;
  }

  /** Resolves when its process group is gone. Idempotent. */
  async stop(graceMs = STOP_GRACE_MS): Promise<void> {
    this.#life.abort(new EnvironmentError('stopped', `${this.#plan.instance} was stopped`));
    if (this.#retry) clearTimeout(this.#retry);
    this.#retry = null;
    if (this.#run) {
      this.#status('stopping', null);
      await this.#endRun(graceMs);
    }
    this.#status('stopped', null);
  }

  async restart(signal: AbortSignal): Promise<void> {
    await this.stop();
    await this.start(signal);
  }

  /** Freezes its processes; their connections stay. */
  pause(): void {
    this.#spawner.signal(this.#running(), 'SIGSTOP');
    this.#status('paused', null);
  }

  unpause(): void {
    this.#spawner.signal(this.#running(), 'SIGCONT');
    this.#status('ready', null);
  }

  /** An end by it is a crash like any other. */
  kill(signal: KillSignal): void {
    this.#spawner.signal(this.#running(), signal);
  }

  #running(): string {
    if (this.#run) return this.#run.key;
    throw new EnvironmentError('not-running', `${this.#plan.instance} doesn't run now`);
  }

  /** What the spawner tells about one of its runs. */
  take(report: SupervisorReport): void {
    const run = this.#run;
    if (run?.key !== report.key) return;
    switch (report.kind) {
      case 'spawned':
        run.pid = report.pid;
        break;
      case 'log':
        run.tail.push(report.text);
        if (run.tail.length > TAIL_LINES) run.tail.shift();
        this.#events.onLog(this.#plan.instance, { stream: report.stream, text: report.text, at: report.at });
        break;
      case 'spawn-failed':
        this.#ended(run, this.#cannotStart(report.code, report.message));
        break;
      case 'exited':
        this.#ended(run, this.#exited(run, report));
        break;
    }
  }

  /** The spawner is gone, and every run with it. */
  lost(reason: EnvironmentError): void {
    this.#life.abort(reason);
    if (this.#retry) clearTimeout(this.#retry);
    if (this.#run) this.#ended(this.#run, reason);
    this.#status('failed', reason.message);
  }

  #ended(run: Run, reason: EnvironmentError): void {
    if (this.#run === run) this.#run = null;
    run.ended.resolve(reason);
  }

  async #endRun(graceMs = STOP_GRACE_MS): Promise<void> {
    const run = this.#run;
    if (!run) return;
    this.#spawner.stop(run.key, graceMs);
    await run.ended.promise;
  }

  async #runUntilReady(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { instance, command, cwd, env, host, ports } = this.#plan;
    this.#runs += 1;
    const run: Run = {
      key: `${instance}#${this.#runs}`,
      pid: null,
      tail: [],
      ended: Promise.withResolvers(),
    };
    this.#run = run;
    this.#spawner.start({ key: run.key, command, cwd, env });
    const early = new AbortController();
    void run.ended.promise.then((reason) => early.abort(reason));
    const either = AbortSignal.any([signal, early.signal]);
    for (const port of ports) {
      this.#status('starting', `waiting for port ${port}`);
      await waitForPort(
        {
          what: instance,
          host,
          port,
          timeoutMs: this.#readyTimeoutMs,
          hint: () => this.#whatItDoes(run),
          lines: () => [...run.tail],
        },
        either,
      );
      this.#mustBeOurs(run, port);
    }
    either.throwIfAborted();
    this.#readyAt = performance.now();
    this.#status('ready', null);
    void run.ended.promise.then((reason) => this.#crashed(reason));
  }

  #crashed(reason: EnvironmentError): void {
    if (this.#life.signal.aborted) return;
    const { firstDelayMs, longestDelayMs, attempts, forgivenAfterMs } = this.#restarts;
    if (performance.now() - this.#readyAt >= forgivenAfterMs) this.#crashes = 0;
    this.#crashes += 1;
    if (this.#crashes > attempts) {
      this.#status('failed', `${reason.message}; given up after ${attempts} starts`);
      return;
    }
    const delayMs = Math.min(firstDelayMs * 2 ** (this.#crashes - 1), longestDelayMs);
    this.#status('restarting', `${reason.message}; starts again in ${delayMs} ms`);
    const life = this.#life;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#runUntilReady(life.signal).catch(async (error: unknown) => {
        await this.#endRun();
        if (!life.signal.aborted)
          this.#crashed(
            error instanceof EnvironmentError
              ? error
              : new EnvironmentError('service-failed', messageOf(error), { cause: error }),
          );
      });
    }, delayMs);
    this.#retry.unref();
  }

  /** A connection was accepted; was it by this service, or by whoever else holds its port? */
  #mustBeOurs(run: Run, port: number): void {
    if (run.pid === null) return;
    const holder = holderOfPort(port);
    if (holder === null || holder.pid === process.pid) return;
    const members = groupMembers(run.pid);
    // A service that left its group may well be the holder: only a known stranger is one.
    if (members.length > 0 && !members.includes(holder.pid) && !portsOf(members).includes(port)) {
      throw portTaken(this.#plan.host, port, this.#plan.instance);
    }
  }

  #whatItDoes(run: Run): string | undefined {
    if (run.pid === null) return undefined;
    const others = portsOf(groupMembers(run.pid));
    if (others.length === 0)
      return `it runs, but listens on no port; ${run.tail.length > 0 ? 'its last lines may tell why' : 'it has logged nothing'}`;
    return `it listens on ${others.join(', ')} instead: let it listen on the port that the variable PORT names`;
  }

  #cannotStart(code: string, message: string): EnvironmentError {
    const { instance, command, cwd } = this.#plan;
    if (code === 'ENOENT') {
      return new EnvironmentError(
        'command-not-found',
        `${instance} can't be started: there is no program ${command[0]} (in ${cwd})`,
        {
          hint: 'install it, or correct `command` in the project file',
        },
      );
    }
    return new EnvironmentError('service-not-started', `${instance} can't be started: ${message}`);
  }

  #exited(run: Run, exit: { code: number | null; signal: string | null }): EnvironmentError {
    const how = exit.signal ? `was ended by ${exit.signal}` : `exited with code ${exit.code}`;
    const lines = [...run.tail];
    const taken = takenPort(lines, this.#plan.ports);
    if (taken === null)
      return new EnvironmentError('service-exited', `${this.#plan.instance} ${how}`, { lines });
    const holder = holderOfPort(taken);
    const who = holder ? `, held by ${commandOf(holder.pid)} (process ${holder.pid})` : '';
    return new EnvironmentError('port-taken', `${this.#plan.instance} ${how}: port ${taken} is taken${who}`, {
      lines,
      hint: this.#plan.ports.includes(taken)
        ? 'start again: a free port is chosen anew'
        : 'let it listen on the port that the variable PORT names',
    });
  }

  #status(status: Parameters<RuntimeEvents['onStatus']>[1], detail: string | null): void {
    this.#events.onStatus(this.#plan.instance, status, detail);
  }
}

/** The port that the last words of a service complain about. */
function takenPort(lines: readonly string[], own: readonly number[]): number | null {
  const complaint = lines.filter((line) => /EADDRINUSE|address already in use/i.test(line)).join('\n');
  if (complaint === '') return null;
  const named = [...complaint.matchAll(/(?::|\bport\W{1,3})(\d{2,5})\b/gi)].map((match) => Number(match[1]));
  return (
    named.find((port) => own.includes(port)) ??
    named.find((port) => port >= 80 && port <= 65_535) ??
    own[0] ??
    null
  );
}
