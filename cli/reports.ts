/** `--report kind=file`, repeatable: which reports a run writes, and where. */
import { writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { toJUnit } from '../export/junit.ts';
import { toReportJson } from '../export/report-json.ts';
import { makeFolder } from '../mesh/make-folder.ts';
import { EnvironmentError } from '../model/environment-error.ts';
import { messageOf } from '../model/message-of.ts';
import type { RehearsalReport } from '../model/rehearsal-report.ts';

const WRITERS: Readonly<Record<string, (report: RehearsalReport) => string>> = {
  junit: toJUnit,
  json: toReportJson,
};

/** commander's collector: `--report a=b --report c=d`. */
export function collectReports(text: string, earlier: string[]): string[] {
  const kind = text.split('=', 1)[0] ?? '';
  if (!text.includes('=') || text.endsWith('='))
    throw new InvalidArgumentError('write it as kind=file, e.g. junit=report.xml');
  if (!Object.hasOwn(WRITERS, kind))
    throw new InvalidArgumentError(
      `no report is called ${kind}; there are: ${Object.keys(WRITERS).join(', ')}`,
    );
  return [...earlier, text];
}

/** commander's collector where `json` is the only report there is. */
export function collectJsonReports(text: string, earlier: string[]): string[] {
  if (!text.startsWith('json=')) throw new InvalidArgumentError('the only report here is json=FILE');
  return collectReports(text, earlier);
}

/** Files of the `json=` reports. */
export function jsonTargets(reports: readonly string[]): string[] {
  return reports.filter((report) => report.startsWith('json=')).map((report) => report.slice('json='.length));
}

/** Writes every report that was asked for. */
export async function writeReports(reports: readonly string[], report: RehearsalReport): Promise<void> {
  for (const target of reports) {
    const cut = target.indexOf('=');
    const write = WRITERS[target.slice(0, cut)];
    if (write) await writeReport(target.slice(cut + 1), write(report));
  }
}

/**
 * Writes one report; its folder is made when missing.
 * @throws EnvironmentError `report-not-written`
 */
export async function writeReport(file: string, text: string): Promise<void> {
  try {
    makeFolder(dirname(resolve(file)));
    await writeFile(file, text);
  } catch (error) {
    const why = messageOf(error);
    throw new EnvironmentError('report-not-written', `the report ${file} can't be written: ${why}`, {
      cause: error,
    });
  }
}
