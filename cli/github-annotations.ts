/**
 * In GitHub Actions a failed claim stands beside its line. GitHub shows ten a step, so more are counted, not sent.
 */
import type { RehearsalReport } from '../model/rehearsal-report.ts';

const SHOWN = 10;

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** Writes workflow commands for every failed or errored step, when run in Actions. */
export function annotateForActions(report: RehearsalReport, write: (line: string) => void): void {
  if (process.env['GITHUB_ACTIONS'] !== 'true') return;
  const failed = report.scenarios.flatMap((scenario) =>
    scenario.steps
      .filter((step) => step.verdict === 'failed' || step.verdict === 'errored')
      .map((step) => ({ scenario, step })),
  );
  for (const { scenario, step } of failed.slice(0, SHOWN)) {
    const { file, line, column } = step.at;
    const words = `${scenario.title}: ${step.message ?? step.sent}`;
    write(
      `::error file=${escapeProperty(file)},line=${line},col=${column},title=${escapeProperty(scenario.id)}::${escapeData(words)}`,
    );
  }
  if (failed.length > SHOWN) write(`::notice::${failed.length - SHOWN} more failed steps are in the report`);
}
