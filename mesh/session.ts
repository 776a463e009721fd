/**
 * A session: one mesh that runs. It owns everything it starts (runtime, data plane, recorder, certificates) and
 * stops it again. `startSession` is in start-session.ts; this file is what others see.
 */
import type { Clock } from '../model/clock.ts';
import type { Explanation } from '../model/decision.ts';
import type { EventQuery } from '../model/event-query.ts';
import type { InjectedFault } from '../model/injected-fault.ts';
import type { InstanceAction } from '../model/instance-action.ts';
import type { Mesh } from '../model/mesh.ts';
import type { Parsed, Problem } from '../model/problem.ts';
import type { Refusals } from '../model/refusals.ts';
import type { LogLine, LogPage, LogQuery } from '../model/service-log.ts';
import type { SessionState } from '../model/session-state.ts';
import type { UsageSample } from '../model/usage.ts';
import type { TrafficEvent } from '../model/traffic-event.ts';
import type { DataPlane, DeclaredSource } from '../proxy/data-plane.ts';
import type { BoundListener, GateProfile } from '../proxy/snapshot.ts';
import type { FetchText } from './fetch-text.ts';
import type { IssuedLeaf, LeafRequest } from './pki/leaf.ts';
import type { ExecRequest, ExecStream } from './runtimes/exec.ts';
import type { RuntimeFactory } from './runtimes/runtime.ts';

/** Numbered events in order, each decoded when it is asked for. */
export interface RecordedEvents extends Iterable<TrafficEvent> {
  readonly length: number;
  /** By its place among these. */
  event(index: number): TrafficEvent;
}

export interface StartSessionOptions {
  mesh: Mesh;
  runtime: 'process' | RuntimeFactory;
  /** Made (0700) when it isn't there; see data-dir.ts for the usual one. */
  dataDir: string;
  /** Aborts the start; afterwards `stop` is what ends a session. */
  signal?: AbortSignal;
  /** Every state from the first on, also while the session starts. */
  onProgress?: (state: SessionState) => void;
  clock?: Clock & { move(byMs: number): void };
  /** Reads the project again after an edit; without it nothing is watched and `reloadPolicies` does nothing. */
  reload?: () => Promise<Parsed<Mesh>>;
  /** Default `policies` when there is a `reload`. */
  watch?: 'policies' | 'nothing';
  gateProfile?: GateProfile;
  /** Default 20 s. */
  readyTimeoutMs?: number;
  /** How long the start waits for somebody to listen where a service is attached; default: as for any other. */
  attachTimeoutMs?: number;
  /** Life of the sidecars' certificates; default 24 h, renewed at half of it. */
  certificateTtlMs?: number;
  /** Events kept in memory, default 100,000, and recordings kept on disk, default 10. */
  recording?: { ring?: number; keep?: number };
  /** Port for tests; default: HTTP(S), see fetch-text.ts. */
  fetchText?: FetchText;
  /** Port for tests; default: the worker of proxy/. */
  startDataPlane?: () => Promise<DataPlane>;
}

export interface Session {
  readonly id: string;
  readonly mesh: Mesh;
  /** `move` publishes at once; `flush` waits until the sidecars have it. */
  readonly clock: Clock & { move(byMs: number): void };
  state(): SessionState;
  onState(sink: (state: SessionState) => void): () => void;
  /** New events, numbered, in batches; decoded when they are iterated. */
  onEvents(sink: (events: RecordedEvents) => void): () => void;
  events(query: EventQuery): TrafficEvent[];
  event(id: number): TrafficEvent | null;
  /** Recomputed from the recorded request and the policies of its snapshot version; null when it has none. */
  explain(id: number): Explanation | null;
  /** Resolves when every snapshot published so far is answered, and every event of connections closed so far recorded. */
  flush(): Promise<void>;
  /** Reads the policy files again; problems = refused, the last valid snapshot stays in force. */
  reloadPolicies(): Promise<Problem[]>;
  /** Where listeners are bound: for attackers and for the window. */
  listeners(): readonly BoundListener[];
  /** The application's own address, past the sidecar: for witnesses only. */
  applicationAddress(instance: string, port: number): { host: string; port: number } | null;
  /** In the place of those injected before; `[]` takes them away. Resolves when the sidecars have it. */
  injectFaults(faults: readonly InjectedFault[]): Promise<void>;
  declareSource(source: DeclaredSource): Promise<void>;
  /** A certificate for an attacker or a caller: good, or faulty in one named way. */
  issueLeaf(request: LeafRequest): Promise<IssuedLeaf>;
  trustBundlePem(): readonly string[];
  /** What services wrote; the last 5,000 lines of each instance are kept. */
  logs(query: LogQuery): LogPage;
  onLog(sink: (line: LogLine) => void): () => void;
  /**
   * Resolves when it is done, a start when the instance is ready. Rejects with an `EnvironmentError` where the instance
   * can't: it isn't there (`no-service`), is a gateway of ours (`no-process`), is in no state for it (`not-now`).
   */
  act(instance: string, action: InstanceAction): Promise<void>;
  /**
   * As many instances of a service as this: resolves when new ones are ready, or the last requests of those that leave
   * are answered and nothing is left of them. What can't be done is an `EnvironmentError`, and nothing has changed; but
   * with `not-removed` those that leave are `failed`, and removed before anything else the next time.
   */
  scale(service: string, count: number): Promise<void>;
  /** Runs a person's command in its container; `no-container` under the process runtime. No scenario gets here. */
  exec(instance: string, request: ExecRequest): Promise<ExecStream>;
  /** What the instance tried past its sidecar, and others past theirs to it; null where no rules keep them from it. */
  refusals(instance: string): Promise<Refusals | null>;
  /** What services and sidecars have used so far; two of them make a rate (`usageRate`). Nothing is kept up for it. */
  usage(): Promise<UsageSample>;
  /** New certificates for every instance; no connection drops. */
  rotate(): Promise<void>;
  /** Stops and removes everything; idempotent, also during start-up. */
  stop(): Promise<void>;
}
