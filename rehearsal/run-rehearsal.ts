/** A rehearsal: scenarios one after the other against one running session, and the report of it. */
import { randomBytes } from 'node:crypto';
import type {
  RehearsalReport,
  ScenarioReport,
  ScenarioVerdict,
  StepReport,
} from '../model/rehearsal-report.ts';
import type { ParsedScenario } from '../model/scenario-file.ts';
import type { Session } from '../mesh/session.ts';
import { runScenario } from './run-scenario.ts';

export interface RehearsalOptions {
  /** Ids of the scenarios to run; default: all. */
  only?: readonly string[];
  onStep?: (run: string, scenario: string, step: StepReport) => void;
  onScenario?: (run: string, scenario: ScenarioReport) => void;
  /** Interrupts the rehearsal: cleanup still runs, what is left is reported as `interrupted`. */
  signal?: AbortSignal;
  /** Wall clock, ms since the epoch. */
  now?: () => number;
  /** Ids of the run and marks of requests; must never repeat. */
  newId?: () => string;
  /** Ends a step whose time is over; tests decide when that is. */
  timeoutAfter?: (ms: number) => AbortSignal;
}

function newRandomId(): string {
  return randomBytes(8).toString('hex');
}

/** Runs `scenarios` in their order; resolves with the report, also when interrupted. */
export async function runRehearsal(
  session: Session,
  scenarios: readonly ParsedScenario[],
  options: RehearsalOptions = {},
): Promise<RehearsalReport> {
  const { now = Date.now, newId = newRandomId, signal = new AbortController().signal, only } = options;
  const { timeoutAfter = (ms) => AbortSignal.timeout(ms) } = options;
  const run = newId();
  const startedAt = now();
  const reports: ScenarioReport[] = [];
  for (const parsed of scenarios) {
    const { id } = parsed.scenario.metadata;
    if (only && !only.includes(id)) continue;
    const onStep = (step: StepReport): void => options.onStep?.(run, id, step);
    const report = await runScenario(
      { session, run, now, newMark: newId, timeoutAfter, onStep },
      parsed,
      signal,
    );
    reports.push(report);
    options.onScenario?.(run, report);
  }
  const totals: Record<ScenarioVerdict, number> = {
    passed: 0,
    failed: 0,
    errored: 0,
    skipped: 0,
    interrupted: 0,
  };
  for (const report of reports) totals[report.verdict] += 1;
  return {
    apiVersion: 'greenroom.dev/v1',
    kind: 'RehearsalReport',
    id: run,
    mesh: session.mesh.name,
    runtime: session.state().runtime,
    startedAt: new Date(startedAt).toISOString(),
    durationMs: now() - startedAt,
    scenarios: reports,
    totals,
  };
}
