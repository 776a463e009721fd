/**
 * The embedded runtime: services are local processes, started by the session's supervisor. Its honest limit:
 * everybody is 127.0.0.1 and nothing keeps a process from knocking at another's door, so `containment` is none.
 */
import { existsSync } from 'node:fs';
import { EnvironmentError } from '../../../model/environment-error.ts';
import type { KillSignal } from '../../../model/instance-action.ts';
import type { Instance, Workload } from '../../../model/mesh.ts';
import type { ServiceUsage } from '../../../model/usage.ts';
import { usageOfGroups } from '../../process-table.ts';
import type { ExecStream } from '../exec.ts';
import type { EgressPlan, InstancePlacement, Runtime, RuntimeContext, RuntimeFactory } from '../runtime.ts';
import { inheritedEnvironment, mainPort, serviceEnvironment } from './environment.ts';
import { outboundHosts } from './outbound-hosts.ts';
import { type ReservedPort, reserveNamedPort, reservePort } from './ports.ts';
import { DEFAULT_RESTARTS, type RestartPolicy, ServiceProcess } from './service-process.ts';
import type { Spawner, SpawnerFactory } from './spawner.ts';
import { startSupervisor } from './supervisor-client.ts';
import type { SupervisorReport } from './supervisor-protocol.ts';

const HOST = '127.0.0.1';

export interface ProcessRuntimeOptions {
  spawner?: SpawnerFactory;
  restarts?: RestartPolicy;
  /** What services inherit from; default: our own environment, of which they get little. */
  environment?: NodeJS.ProcessEnv;
}

interface Prepared {
  instance: Instance;
  workload: Workload;
  placement: InstancePlacement;
  reserved: ReservedPort[];
}

/** The factory that a session calls when its runtime is `process`. */
export function processRuntime(options: ProcessRuntimeOptions = {}): RuntimeFactory {
  return (context) => Promise.resolve(new ProcessRuntime(context, options));
}

class ProcessRuntime implements Runtime {
  readonly kind = 'process';
  readonly containment = 'none';
  readonly updates = null;
  readonly #context: RuntimeContext;
  readonly #options: ProcessRuntimeOptions;
  readonly #prepared = new Map<string, Prepared>();
  readonly #services = new Map<string, ServiceProcess>();
  /** Of runs that live, by key. */
  readonly #pids = new Map<string, number>();
  #spawner: Spawner | null = null;
  #lost: EnvironmentError | null = null;
  #closed: Promise<void> | null = null;

  constructor(context: RuntimeContext, options: ProcessRuntimeOptions) {
    this.#context = context;
    this.#options = options;
  }

  async prepare(
    instances: readonly { instance: Instance; workload: Workload }[],
    signal: AbortSignal,
  ): Promise<InstancePlacement[]> {
    for (const { workload } of instances) mustBeRunnable(workload);
    // First of all, so that its own start happens while ports are chosen and the sidecars come up.
    if (this.#spawner === null) this.#startSpawner();
    const outboundHostOf = await outboundHosts([...this.#prepared.values(), ...instances]);
    for (const { instance, workload } of instances) {
      signal.throwIfAborted();
      const reserved: ReservedPort[] = [];
      const placement: InstancePlacement = {
        instance: instance.id,
        inboundHost: HOST,
        outboundHost: outboundHostOf(instance),
        upstreams: [],
        allowedOutboundPeers: [],
      };
      this.#prepared.set(instance.id, { instance, workload, placement, reserved });
      placement.upstreams.push(...(await reserveAll(instance, workload, reserved)));
    }
    return instances.map(({ instance }) => this.#find(instance.id).placement);
  }

  async start(instance: string, egress: EgressPlan, signal: AbortSignal): Promise<void> {
    const prepared = this.#find(instance);
    const { workload, placement } = prepared;
    if (this.#lost) throw this.#lost;
    const before = this.#services.get(instance);
    if (before) return await before.start(signal);
    if (!this.#spawner) throw new EnvironmentError('stopped', 'the runtime is closed');
    const env = serviceEnvironment({
      sessionId: this.#context.sessionId,
      instance,
      workload,
      ports: placement.upstreams,
      egress,
      inherited: inheritedEnvironment(this.#options.environment ?? process.env),
      execPath: process.execPath,
    });
    const service = new ServiceProcess(
      {
        instance,
        command: workload.run.command ?? [],
        cwd: workload.run.cwd,
        env,
        host: HOST,
        ports: placement.upstreams.map(({ upstreamPort }) => upstreamPort),
      },
      {
        spawner: this.#spawner,
        events: this.#context.events,
        readyTimeoutMs: this.#context.readyTimeoutMs,
        restarts: this.#options.restarts ?? DEFAULT_RESTARTS,
      },
    );
    this.#services.set(instance, service);
    await Promise.all(prepared.reserved.map((port) => port.release()));
    await service.start(signal);
  }

  async stopInstance(instance: string, graceMs?: number): Promise<void> {
    await this.#ours(instance).stop(graceMs);
  }

  async remove(instances: readonly string[]): Promise<void> {
    await Promise.all(instances.map((instance) => this.#services.get(instance)?.stop()));
    for (const instance of instances) {
      await Promise.all((this.#prepared.get(instance)?.reserved ?? []).map((port) => port.release()));
      this.#services.delete(instance);
      this.#prepared.delete(instance);
    }
  }

  async restart(instance: string, signal: AbortSignal): Promise<void> {
    await this.#ours(instance).restart(signal);
  }

  async pause(instance: string): Promise<void> {
    this.#signalled(instance).pause();
  }

  async unpause(instance: string): Promise<void> {
    this.#signalled(instance).unpause();
  }

  async kill(instance: string, signal: KillSignal): Promise<void> {
    this.#signalled(instance).kill(signal);
  }

  #signalled(instance: string): ServiceProcess {
    if (process.platform === 'win32')
      throw new EnvironmentError('no-signals', 'a process of Windows takes no signals', {
        hint: 'stop and start it, or use the docker runtime',
      });
    return this.#ours(instance);
  }

  #ours(instance: string): ServiceProcess {
    const service = this.#services.get(instance);
    if (!service || this.#lost)
      throw this.#lost ?? new EnvironmentError('not-started', `${instance} was never started`);
    return service;
  }

  async exec(instance: string): Promise<ExecStream> {
    throw new EnvironmentError(
      'no-container',
      `${instance} is a process of this machine: there is no container`,
      {
        hint: 'a terminal of your own is where it runs; containers come with --runtime docker',
      },
    );
  }

  /** Nothing keeps a process from anything: there is nothing to count. */
  refusals(): Promise<null> {
    return Promise.resolve(null);
  }

  /** Everybody is 127.0.0.1: the network of one can't be told from that of another. */
  usage(): Promise<Record<string, ServiceUsage>> {
    const groups = [...this.#services].flatMap(([instance, { group }]) =>
      group === null ? [] : [[instance, group] as const],
    );
    const used = usageOfGroups(new Set(groups.map(([, group]) => group)));
    const usages = groups.flatMap(([instance, group]) => {
      const usage = used.get(group);
      return usage === undefined ? [] : [[instance, { ...usage, network: null }] as const];
    });
    return Promise.resolve(Object.fromEntries(usages));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#services.values()].map((service) => service.stop()));
    await this.#spawner?.close();
    this.#spawner = null;
    await Promise.all(
      [...this.#prepared.values()].flatMap(({ reserved }) => reserved.map((port) => port.release())),
    );
  }

  #startSpawner(): void {
    const { sessionId, ledger } = this.#context;
    this.#spawner = (this.#options.spawner ?? startSupervisor)({
      sessionId,
      onReport: (report) => this.#take(report),
      onLost: (reason) => {
        this.#lost =
          reason instanceof EnvironmentError
            ? reason
            : new EnvironmentError('supervisor-lost', reason.message, { cause: reason });
        for (const service of this.#services.values()) service.lost(this.#lost);
        for (const pid of this.#pids.values()) ledger.processEnded(pid);
        this.#pids.clear();
      },
      onStarted: (pid) => ledger.processStarted({ pid, instance: null, command: ['supervisor'] }),
      onEnded: (pid) => ledger.processEnded(pid),
    });
  }

  #take(report: SupervisorReport): void {
    const instance = report.key.slice(0, report.key.lastIndexOf('#'));
    if (report.kind === 'spawned') {
      this.#pids.set(report.key, report.pid);
      const command = this.#find(instance).workload.run.command ?? [];
      this.#context.ledger.processStarted({ pid: report.pid, instance, command });
    }
    const pid = this.#pids.get(report.key);
    if (report.kind === 'exited' && pid !== undefined) {
      this.#pids.delete(report.key);
      this.#context.ledger.processEnded(pid);
    }
    this.#services.get(instance)?.take(report);
  }

  #find(instance: string): Prepared {
    const found = this.#prepared.get(instance);
    if (!found) throw new Error(`no instance ${instance} in this session`);
    return found;
  }
}

function mustBeRunnable(workload: Workload): void {
  const { command, cwd } = workload.run;
  if (command === null || command.length === 0) {
    throw new EnvironmentError(
      'no-command',
      `${workload.id} has no \`command\`, which the process runtime needs`,
      {
        hint: 'give it a command, attach it, or run the project with docker',
      },
    );
  }
  if (!existsSync(cwd))
    throw new EnvironmentError('no-folder', `${workload.id} can't be started: there is no folder ${cwd}`);
}

async function reserveAll(
  instance: Instance,
  workload: Workload,
  reserved: ReservedPort[],
): Promise<InstancePlacement['upstreams']> {
  const upstreams: InstancePlacement['upstreams'] = [];
  const main = mainPort(workload);
  const asked = workload.run.environment['PORT'];
  for (const port of new Set(workload.ports.map(({ targetPort }) => targetPort))) {
    const named = port === main && asked !== undefined && /^\d+$/.test(asked) ? Number(asked) : null;
    const held = named === null ? await reservePort(HOST) : await reserveNamedPort(HOST, named, instance.id);
    reserved.push(held);
    upstreams.push({ port, host: HOST, upstreamPort: held.port });
  }
  return upstreams;
}
