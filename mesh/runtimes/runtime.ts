/**
 * What a runtime does for a session: run instances and say where they can be reached. A runtime knows no TLS and
 * no policy; it is told where the sidecar's listeners are and starts the service with its way out through them.
 */
import type { ImageProgress } from '../../model/image-progress.ts';
import type { Instance, Mesh, Workload } from '../../model/mesh.ts';
import type { Refusals } from '../../model/refusals.ts';
import type { KillSignal } from '../../model/instance-action.ts';
import type { EngineAbsence, InstanceStatus } from '../../model/session-state.ts';
import type { ServiceUsage } from '../../model/usage.ts';

import type { ExecRequest, ExecStream } from './exec.ts';

/** Where an instance's sidecar shall listen, and where the application will be; told before anything starts. */
export interface InstancePlacement {
  instance: string;
  /** Host for inbound listeners (loopback, or the address of our own bridge). */
  inboundHost: string;
  /** Host for outbound listeners. */
  outboundHost: string;
  /** The application's address, by workload port. */
  upstreams: {
    port: number;
    host: string;
    upstreamPort: number;
    /** Where its inbound listener shall be; absent = anywhere. */
    inboundPort?: number;
  }[];
  /** Source addresses that may use the outbound listeners. */
  allowedOutboundPeers: string[];
  /** Hex: by what the outbound listeners know the relay that dials them; absent = there is none. */
  relaySecret?: string;
}

/** The sidecar's bound outbound listeners of one instance. */
export interface EgressPlan {
  httpProxy: { host: string; port: number } | null;
  peers: {
    service: string;
    namespace: string;
    clusterIp: string;
    port: number;
    protocol: string;
    listen: { host: string; port: number };
    /** Further names of the service in its own namespace. */
    aliases?: readonly string[];
  }[];
}

export interface RuntimeEvents {
  onStatus(instance: string, status: InstanceStatus, detail: string | null): void;
  /** How far an image is; told again as it gets on. */
  onImage(progress: ImageProgress): void;
  /** The engine went away; null = it is back. */
  onEngine(absence: EngineAbsence | null): void;
  onLog(instance: string, line: { stream: 'stdout' | 'stderr'; text: string; at: number }): void;
}

/**
 * Order of calls: `prepare` (networks, holders, free ports: enough to know the placements) → `start` per
 * instance, with its egress → … → `stopInstance` / `remove` / `close`. All of it can be aborted by `signal`. Further
 * instances may be prepared at any time.
 */
export interface Runtime {
  readonly kind: 'process' | 'docker';
  readonly containment: 'full' | 'partial' | 'none';
  /** The placements of these instances, in their order. */
  prepare(
    instances: readonly { instance: Instance; workload: Workload }[],
    signal: AbortSignal,
  ): Promise<InstancePlacement[]>;
  /** Resolves when the instance is ready; rejects with an `EnvironmentError` that says what was waited for. */
  start(instance: string, egress: EgressPlan, signal: AbortSignal): Promise<void>;
  /** Asks it to end and kills it after the grace; absent = what the service itself says, or the runtime's own. */
  stopInstance(instance: string, graceMs?: number): Promise<void>;
  /**
   * Stops these, each within its grace, and removes all that was made for them, also for one that is half made. They
   * are unknown afterwards. Idempotent. Where it rejects, something of them is left: they are told as failed, and can
   * only be removed again; `prepare` of the same ones does that first.
   */
  remove(instances: readonly string[]): Promise<void>;
  restart(instance: string, signal: AbortSignal): Promise<void>;
  /** Freezes one that is ready, and lets it go on: its connections stay. */
  pause(instance: string): Promise<void>;
  unpause(instance: string): Promise<void>;
  /** Sends a signal. An end by it is a crash like any other. */
  kill(instance: string, signal: KillSignal): Promise<void>;
  /** Rejects with `no-container` where services have none. */
  exec(instance: string, request: ExecRequest): Promise<ExecStream>;
  /** Null = its services have no containers. */
  readonly updates: ServiceUpdates | null;
  /** What was kept from passing its sidecar by; null where nothing is kept: no rules are in force. */
  refusals(instance: string): Promise<Refusals | null>;
  /** What each instance that runs has used so far, as far as it can be measured here. */
  usage(): Promise<Record<string, ServiceUsage>>;
  /** Removes everything that this session made. Idempotent. */
  close(): Promise<void>;
}

/** Files of this machine, absolute, and where they lie in the container. */
export interface FileUpdate {
  written: readonly { source: string; target: string }[];
  /** Where those lay that are gone. */
  removed: readonly string[];
}

/** What `develop.watch` asks of a runtime. Each rejects with an `EnvironmentError`; what runs goes on then. */
export interface ServiceUpdates {
  /** Copies them into the instance, and into each container that it gets until the next rebuild. */
  sync(instance: string, update: FileUpdate): Promise<void>;
  /**
   * Ends it and starts it in the same container; one that crashed in a new one. One that a person stopped stays so, and
   * has the files at its start; one that is paused rejects with `paused`.
   */
  restartInPlace(instance: string, signal: AbortSignal): Promise<void>;
  /**
   * Builds its image and starts its instances anew from it, one after the other; but as `restartInPlace` those that
   * don't run. Resolves with those that were: one that has this image already goes on.
   */
  rebuild(workload: Workload, signal: AbortSignal): Promise<readonly string[]>;
}

/** Where a runtime notes what it started outside of this process, so that a crash of ours leaves names behind. */
export interface SessionLedger {
  processStarted(process: { pid: number; instance: string | null; command: readonly string[] }): void;
  processEnded(pid: number): void;
}

/** What a session gives its runtime. */
export interface RuntimeContext {
  sessionId: string;
  mesh: Mesh;
  /** Of this user, 0700. */
  dataDir: string;
  events: RuntimeEvents;
  ledger: SessionLedger;
  /** How long an instance may take until it is ready. */
  readyTimeoutMs: number;
}

export type RuntimeFactory = (context: RuntimeContext) => Promise<Runtime>;
