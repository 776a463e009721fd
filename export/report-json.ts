/** A rehearsal's report as JSON, for scripts and for later comparison; secrets masked. */
import type { RehearsalReport } from '../model/rehearsal-report.ts';
import { maskValue } from './mask-secrets.ts';

/** Two-space JSON with a final line end. */
export function toReportJson(report: RehearsalReport): string {
  return `${JSON.stringify(maskValue(report), null, 2)}\n`;
}
