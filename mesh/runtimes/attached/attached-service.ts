/**
 * A program that somebody else starts, in an IDE as a rule: only its sidecar is ours. Ready while it listens; each time
 * it goes or comes back is told once.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Instance, Workload } from '../../../model/mesh.ts';
import { messageOf } from '../../../model/message-of.ts';
import { mainPort, wayOut } from '../process/environment.ts';
import { isRefused, waitForPort } from '../process/readiness.ts';
import type { EgressPlan, InstancePlacement, RuntimeEvents } from '../runtime.ts';
import type { EnvironmentFile } from './environment-file.ts';

const LOOPBACK = '127.0.0.1';
const LOOK_EVERY_MS = 500;

interface Door {
  host: string;
  port: number;
}

export interface AttachedParts {
  instance: Instance;
  workload: Workload;
  /** `run.attach` of its workload. */
  address: string;
  events: Pick<RuntimeEvents, 'onStatus'>;
  file: EnvironmentFile;
  /** How long its first listening is waited for. */
  timeoutMs: number;
}

export class AttachedService {
  readonly address: string;
  readonly placement: InstancePlacement;
  readonly #parts: AttachedParts;
  readonly #doors: readonly Door[];
  readonly #closing = new AbortController();
  #watching: Promise<void> | null = null;

  constructor(parts: AttachedParts) {
    const { instance, workload, address } = parts;
    const main = doorOf(address);
    this.#parts = parts;
    this.address = address;
    this.placement = {
      instance: instance.id,
      inboundHost: LOOPBACK,
      outboundHost: LOOPBACK,
      upstreams: upstreamsOf(workload, main),
      allowedOutboundPeers: [],
    };
    // Also where it has no ports: that it runs is what its dependents wait for.
    const others = this.placement.upstreams.map(({ host, upstreamPort }) => ({ host, port: upstreamPort }));
    this.#doors = [main, ...others.filter(({ port }) => port !== main.port)];
  }

  get isStarted(): boolean {
    return this.#watching !== null;
  }

  /** Writes what it must know of its sidecar, and waits until it listens. */
  async start(egress: EgressPlan, signal: AbortSignal): Promise<void> {
    const { instance, workload, events, file, timeoutMs } = this.#parts;
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    file.write(wayOut({ workload, ports: this.placement.upstreams, egress }));
    for (const { host, port } of this.#doors) {
      events.onStatus(
        instance.id,
        'starting',
        `waiting for ${host}:${port}, which you start yourself; its environment is in ${file.path}`,
      );
      const hint = (): string =>
        `start ${workload.name} where \`attach\` says, with the environment in ${file.path}; or give it a \`command\` or an \`image\``;
      await waitForPort({ what: instance.id, host, port, timeoutMs, hint }, stop).catch((error: unknown) => {
        if (!stop.aborted) events.onStatus(instance.id, 'failed', messageOf(error));
        throw error;
      });
    }
    this.#ready();
    this.#watching = this.#watch(this.#closing.signal);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#watching;
    this.#parts.file.remove();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { instance, events } = this.#parts;
    let missing: Door | undefined;
    while (await waited(signal)) {
      const before = missing;
      missing = await firstRefusing(this.#doors);
      if (signal.aborted) return;
      if (missing === undefined && before !== undefined) this.#ready();
      if (missing !== undefined && before === undefined)
        events.onStatus(
          instance.id,
          'stopped',
          `nothing listens at ${missing.host}:${missing.port} any more: start it again where you started it`,
        );
    }
  }

  #ready(): void {
    this.#parts.events.onStatus(this.#parts.instance.id, 'ready', `attached at ${this.address}`);
  }
}

/** False = the signal came. */
function waited(signal: AbortSignal): Promise<boolean> {
  return pause(LOOK_EVERY_MS, true, { signal, ref: false }).catch(() => false);
}

/** One that stands at a breakpoint accepts nothing for a while, and is there: only a refusal says that it is gone. */
async function firstRefusing(doors: readonly Door[]): Promise<Door | undefined> {
  const refused = await Promise.all(doors.map(({ host, port }) => isRefused(host, port)));
  return doors[refused.indexOf(true)];
}

function doorOf(address: string): Door {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}

/** `attach` names where the main port is; other ports are on the same host under their own number. */
function upstreamsOf(workload: Workload, { host, port: at }: Door): InstancePlacement['upstreams'] {
  const main = mainPort(workload);
  const ports = new Set(workload.ports.map(({ targetPort }) => targetPort));
  return [...ports].map((port) => ({ port, host, upstreamPort: port === main ? at : port }));
}
