/**
 * The contract between a host and the window: what the window may ask, what it is told. Carried in process, over
 * a local socket (Electron), or over a WebSocket (`greenroom serve`) by birpc; each host parses what it is sent.
 */
import type { Explanation } from '../model/decision.ts';
import type { EventQuery } from '../model/event-query.ts';
import type { InstanceAction } from '../model/instance-action.ts';
import type { Problem } from '../model/problem.ts';
import type { Refusals } from '../model/refusals.ts';
import type { RehearsalReport, ScenarioReport, StepReport } from '../model/rehearsal-report.ts';
import type { LogPage, LogQuery } from '../model/service-log.ts';
import type { SessionState } from '../model/session-state.ts';
import type { UsageSample } from '../model/usage.ts';
import type { TrafficEvent } from '../model/traffic-event.ts';

export interface ScenarioSummary {
  id: string;
  title: string;
  severity: string;
  tags: readonly string[];
  references: readonly string[];
  file: string;
  line: number;
  steps: number;
  /** Problems keep it from running. */
  problems: Problem[];
}

export interface PolicyFile {
  /** Relative to the project. */
  path: string;
  text: string;
}

export interface ExportedFile {
  path: string;
  text: string;
}

export interface ExportPreview {
  target: 'istio';
  files: ExportedFile[];
  /** What the target can't say: every field lost is named. */
  problems: Problem[];
}

/** What a command in a container wrote since it was asked last. */
export interface ExecOutput {
  /** Bytes, base64; all of a terminal's is `stdout`. */
  chunks: { stream: 'stdout' | 'stderr'; base64: string }[];
  /** Null = it runs; else this was the last of its output. */
  exitCode: number | null;
}

/** What the window calls. Errors arrive as rejections whose message is fit for a person. */
export interface HostApi {
  state(): Promise<SessionState>;
  traffic(query: EventQuery): Promise<TrafficEvent[]>;
  event(id: number): Promise<TrafficEvent | null>;
  explain(id: number): Promise<Explanation | null>;
  policyFiles(): Promise<PolicyFile[]>;
  scenarios(): Promise<ScenarioSummary[]>;
  /** Runs the named scenarios (all when empty); resolves with the whole report. Progress arrives as notices. */
  rehearse(ids: string[]): Promise<RehearsalReport>;
  /** The last report, if any. */
  lastRehearsal(): Promise<RehearsalReport | null>;
  exportPreview(target: 'istio'): Promise<ExportPreview>;
  /** Writes the folder (relative to the project, or absolute); the files written. */
  exportWrite(target: 'istio', folder: string): Promise<string[]>;
  /** The export as a zip, base64. */
  exportZip(target: 'istio'): Promise<{ name: string; base64: string }>;
  /** What services wrote. With `after` it waits up to `waitMs` for a line that matches. */
  logs(query: LogQuery & { waitMs?: number }): Promise<LogPage>;
  /** Resolves when it is done; a start when the instance is ready. */
  act(instance: string, action: InstanceAction): Promise<void>;
  /** Resolves when the service (by its id) has as many instances that are ready, and the others are gone. */
  scale(service: string, count: number): Promise<void>;
  /**
   * Runs a command in an instance's container, at a terminal of this size or (null) without; its id. It is ended when
   * its output isn't asked for.
   */
  execStart(
    instance: string,
    request: { command: string[]; terminal: { columns: number; rows: number } | null; user?: string },
  ): Promise<string>;
  /** Bytes, base64; null = no more will come. */
  execInput(id: string, base64: string | null): Promise<void>;
  execResize(id: string, size: { columns: number; rows: number }): Promise<void>;
  /** Waits a while for something to tell. */
  execOutput(id: string): Promise<ExecOutput>;
  execEnd(id: string): Promise<void>;
  /** What the rules around an instance refused; null where there are none. Asking takes about a second. */
  refusals(instance: string): Promise<Refusals | null>;
  /** What services and sidecars have used so far; whoever asks twice knows the rates. */
  usage(): Promise<UsageSample>;
  rotate(): Promise<void>;
  /** One ordinary request through the mesh, so that a new user sees traffic: the sample's own front door. */
  sendSample(): Promise<void>;
}

/** What the host tells the window, unasked. */
export interface WindowApi {
  stateChanged(state: SessionState): void;
  eventsRecorded(events: TrafficEvent[]): void;
  stepFinished(run: string, scenario: string, step: StepReport): void;
  scenarioFinished(run: string, scenario: ScenarioReport): void;
}
