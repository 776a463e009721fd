/**
 * What a rehearsal found: one value, made by rehearsal/, written by export/ (JUnit, JSON, …), shown by the window,
 * and replayed step by step.
 */
import type { Decision, Explanation, Finding } from './decision.ts';
import type { Position } from './problem.ts';

/** `errored`: the rehearsal itself could not tell (no witness, a failed control, a timeout of ours). */
export type ScenarioVerdict = 'passed' | 'failed' | 'errored' | 'skipped' | 'interrupted';

/** What the attack came to; see attacks.md. */
export type AttackOutcome = 'blocked' | 'istio-allows' | 'not-covered' | 'not-applicable';

export interface AssertionResult {
  /** `decision`, `phase`, `status`, `tls.error`, `upstream`, `headers[x]`, … */
  what: string;
  wanted: string;
  got: string;
  passed: boolean;
  at: Position;
}

export interface WitnessReport {
  kind: 'echo' | 'log';
  /** Whether the positive control was seen: without it a silence proves nothing. */
  controlSeen: boolean;
  /** Whether the step's own mark arrived. */
  arrived: boolean;
}

export interface StepReport {
  id: string;
  phase: 'steadyState' | 'steps' | 'cleanup';
  /** `http`, `tls`. */
  kind: string;
  /** Workload names for the picture; `from` null = an attacker outside the mesh. */
  from: string | null;
  to: string | null;
  /** One line of what was sent: `POST /charge`, `TLS handshake, certificate rogue-ca`. */
  sent: string;
  verdict: ScenarioVerdict;
  /** Why it is errored or skipped, or the first failed assertion in words. */
  message: string | null;
  assertions: AssertionResult[];
  witness: WitnessReport | null;
  decision: Decision | null;
  explanation: Explanation | null;
  findings: readonly Finding[];
  /** Ids of the traffic events this step caused, in order: what the replay lights on the topology. */
  events: number[];
  /** Offset from the scenario's start. */
  startedMs: number;
  durationMs: number;
  at: Position;
}

export interface ScenarioReport {
  id: string;
  title: string;
  severity: 'info' | 'low' | 'medium' | 'high' | 'critical';
  tags: readonly string[];
  references: readonly string[];
  verdict: ScenarioVerdict;
  outcome: AttackOutcome | null;
  message: string | null;
  steps: StepReport[];
  durationMs: number;
  at: Position;
}

export interface RehearsalReport {
  apiVersion: 'greenroom.dev/v1';
  kind: 'RehearsalReport';
  /** Run id. */
  id: string;
  mesh: string;
  runtime: 'process' | 'docker';
  /** ISO 8601. */
  startedAt: string;
  durationMs: number;
  scenarios: ScenarioReport[];
  totals: Record<ScenarioVerdict, number>;
}
