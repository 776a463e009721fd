/** A rehearsal's report for tests of the writers: one scenario of each verdict. */
import type {
  RehearsalReport,
  ScenarioReport,
  ScenarioVerdict,
  StepReport,
} from '../../model/rehearsal-report.ts';

const at = { file: 'scenarios/a.scenario.yaml', line: 3, column: 5 };

/** A step with what a test wants of it. */
export function sampleStep(over: Partial<StepReport> = {}): StepReport {
  return {
    id: 'call',
    phase: 'steps',
    kind: 'http',
    from: 'inventory',
    to: 'payments',
    sent: 'POST /charge',
    verdict: 'passed',
    message: null,
    assertions: [],
    witness: null,
    decision: null,
    explanation: null,
    findings: [],
    events: [1, 2],
    startedMs: 0,
    durationMs: 4,
    at,
    ...over,
  };
}

/** A scenario with what a test wants of it. */
export function sampleScenario(verdict: ScenarioVerdict, over: Partial<ScenarioReport> = {}): ScenarioReport {
  return {
    id: `is-${verdict}`,
    title: `A scenario that ${verdict}`,
    severity: 'high',
    tags: [],
    references: [],
    verdict,
    outcome: null,
    message: verdict === 'passed' ? null : `why it ${verdict}`,
    steps: [sampleStep({ verdict })],
    durationMs: 12,
    at,
    ...over,
  };
}

/** The report of `scenarios`, its totals counted. */
export function sampleReport(scenarios: ScenarioReport[]): RehearsalReport {
  const totals: Record<ScenarioVerdict, number> = {
    passed: 0,
    failed: 0,
    errored: 0,
    skipped: 0,
    interrupted: 0,
  };
  for (const scenario of scenarios) totals[scenario.verdict] += 1;
  return {
    apiVersion: 'greenroom.dev/v1',
    kind: 'RehearsalReport',
    id: 'run-1',
    mesh: 'shop',
    runtime: 'process',
    startedAt: '2026-01-02T03:04:05.000Z',
    durationMs: 99,
    scenarios,
    totals,
  };
}
