/** A rehearsal as text: a line a scenario, and below it whatever a reader must act on. */
import type {
  RehearsalReport,
  ScenarioReport,
  ScenarioVerdict,
  StepReport,
} from '../model/rehearsal-report.ts';
import { explanationLines, ruleText } from './event-line.ts';
import { paint, printable } from './output.ts';

const MARKS: Record<ScenarioVerdict, string> = {
  passed: paint('green', '✓ passed'),
  failed: paint('red', '✕ failed'),
  errored: paint('red', '! errored'),
  skipped: paint('yellow', '– skipped'),
  interrupted: paint('yellow', '! interrupted'),
};

function stepLines(step: StepReport): string[] {
  const lines = [
    `      ${step.phase} ${step.id}: ${printable(step.sent)}  ${paint('dim', `${step.at.file}:${step.at.line}`)}`,
  ];
  if (step.message !== null) lines.push(`        ${printable(step.message)}`);
  for (const assertion of step.assertions.filter((one) => !one.passed)) {
    lines.push(
      `        ✕ ${assertion.what}: wanted ${assertion.wanted}, got ${printable(assertion.got)}  ${paint('dim', `${assertion.at.file}:${assertion.at.line}`)}`,
    );
  }
  if (step.decision?.matched) lines.push(`        decided by ${ruleText(step.decision.matched)}`);
  if (step.explanation)
    lines.push(...explanationLines(step.explanation).map((line) => (line === '' ? '' : `        ${line}`)));
  return lines;
}

/** The scenario's line; its steps where something is wrong; the remedy where Istio lets an attack in. */
export function scenarioLines(scenario: ScenarioReport): string[] {
  const outcome =
    scenario.outcome === null
      ? ''
      : `  ${scenario.outcome === 'istio-allows' ? paint('yellow', '! istio-allows') : paint('dim', scenario.outcome)}`;
  const lines = [
    `  ${MARKS[scenario.verdict]}  ${scenario.title}  ${paint('dim', `${scenario.id} ${(scenario.durationMs / 1_000).toFixed(1)} s`)}${outcome}`,
  ];
  const wrong = scenario.steps.filter(({ verdict }) => verdict === 'failed' || verdict === 'errored');
  if (wrong.length === 0 && scenario.message !== null && scenario.verdict !== 'passed')
    lines.push(`      ${printable(scenario.message)}`);
  for (const step of wrong) lines.push(...stepLines(step));
  if (scenario.outcome === 'istio-allows') {
    const findings = scenario.steps.flatMap((step) => step.findings);
    const words = new Map(findings.map((finding) => [finding.message, finding.remedy]));
    for (const [message, remedy] of words)
      lines.push(`      ! ${printable(message)}`, `        remedy: ${remedy}`);
    if (words.size === 0 && scenario.message !== null) lines.push(`      ${printable(scenario.message)}`);
  }
  return lines;
}

/** `N passed, N failed, N errored, N skipped`, the last line of a rehearsal. */
export function totalsLine(report: RehearsalReport): string {
  const { passed, failed, errored, skipped, interrupted } = report.totals;
  const cut = interrupted > 0 ? `, ${interrupted} interrupted` : '';
  return `${passed} passed, ${failed} failed, ${errored} errored, ${skipped} skipped${cut}`;
}
