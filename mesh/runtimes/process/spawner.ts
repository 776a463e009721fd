/**
 * The port behind which services are started. The session's own way is the supervisor (`startSupervisor`); the
 * crash test puts a careless one in its place to prove that it can see a leak.
 */
import type { GroupSignal, SupervisorReport } from './supervisor-protocol.ts';

export interface StartRequest {
  /** Names this one run in every report; never used twice. */
  key: string;
  command: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
}

export interface Spawner {
  start(request: StartRequest): void;
  /** SIGTERM to the whole group, SIGKILL after `graceMs`. The end is told by an `exited` report. */
  stop(key: string, graceMs: number): void;
  /** To the whole group; what it does there is told by reports, if at all. */
  signal(key: string, signal: GroupSignal): void;
  /** Ends whatever still runs and resolves when it is gone. Idempotent. */
  close(): Promise<void>;
}

export interface SpawnerContext {
  sessionId: string;
  onReport(report: SupervisorReport): void;
  /** The spawner itself is gone, and with it the services: nothing can be started any more. */
  onLost(reason: Error): void;
  onStarted(pid: number): void;
  onEnded(pid: number): void;
}

export type SpawnerFactory = (context: SpawnerContext) => Spawner;
