/** How `greenroom check` tells what it found: text, JSON, SARIF; on the screen and as reports. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError } from 'commander';
import { toSarif } from '../export/sarif.ts';
import { shownPath } from '../mesh/project-files.ts';
import { CONTAINER_CHECKS } from '../model/compose/container-checks.ts';
import type { Problem } from '../model/problem.ts';
import { LINTS, pageOf } from '../policy/lint-mesh.ts';
import { problemLine } from './problem-line.ts';

export const CHECK_FORMATS = ['text', 'json', 'sarif'] as const;
/** Pages of the checks: of this package, not of the project that is checked. */
const PAGES = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../docs/checks' : '../../docs/checks', import.meta.url),
);

export type CheckFormat = (typeof CHECK_FORMATS)[number];

const WRITERS: Readonly<Record<CheckFormat, (problems: readonly Problem[]) => string>> = {
  text: asText,
  json: (problems) => `${JSON.stringify({ problems }, null, 2)}\n`,
  sarif: asSarif,
};

/** The problems in a format, with a final line end. */
export function showProblems(problems: readonly Problem[], format: CheckFormat): string {
  return WRITERS[format](problems);
}

/** commander's collector: `--report sarif=check.sarif`. */
export function collectCheckReports(text: string, earlier: string[]): string[] {
  const kind = text.split('=', 1)[0] ?? '';
  if (!text.includes('=') || text.endsWith('='))
    throw new InvalidArgumentError('write it as kind=file, e.g. sarif=check.sarif');
  if (!isFormat(kind))
    throw new InvalidArgumentError(`no report is called ${kind}; there are: ${CHECK_FORMATS.join(', ')}`);
  return [...earlier, text];
}

/** Writes every report that was asked for. */
export async function writeCheckReports(
  reports: readonly string[],
  problems: readonly Problem[],
): Promise<void> {
  for (const report of reports) {
    const cut = report.indexOf('=');
    const kind = report.slice(0, cut);
    if (isFormat(kind)) await writeFile(report.slice(cut + 1), showProblems(problems, kind));
  }
}

function isFormat(kind: string): kind is CheckFormat {
  return (CHECK_FORMATS as readonly string[]).includes(kind);
}

function asText(problems: readonly Problem[]): string {
  const lines = problems.map(problemLine);
  const explained = new Set(problems.filter(({ docs }) => docs !== undefined).map(({ code }) => code));
  if (explained.size > 0)
    lines.push(`(${shownPath(PAGES)}/CODE.md tells more of ${[...explained].sort().join(', ')})`);
  lines.push(['error', 'warning', 'notice'].map((severity) => counted(severity, problems)).join(', '));
  return `${lines.join('\n')}\n`;
}

/** `1 error`, `0 warnings`. */
function counted(wanted: string, problems: readonly Problem[]): string {
  const count = problems.filter(({ severity }) => severity === wanted).length;
  return `${count} ${wanted}${count === 1 ? '' : 's'}`;
}

function asSarif(problems: readonly Problem[]): string {
  const file = new URL('../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  const rules = [...LINTS, ...CONTAINER_CHECKS].map(({ code, summary }) => ({
    code,
    summary,
    docs: pageOf(code),
  }));
  return toSarif({ problems, rules, version });
}
