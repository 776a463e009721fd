/** How `greenroom check` tells what it found: text, JSON, SARIF; on the screen and as reports. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError } from 'commander';
import { toSarif } from '../export/sarif.ts';
import { shownPath } from '../mesh/project-files.ts';
import { CONTAINER_CHECKS } from '../model/compose/container-checks.ts';
import { counted } from '../model/counted.ts';
import type { Problem } from '../model/problem.ts';
import { LINTS, pageOf } from '../policy/lint-mesh.ts';
import type { Checked } from './check.ts';
import { printable } from './output.ts';
import { problemLine } from './problem-line.ts';

export const CHECK_FORMATS = ['text', 'json', 'sarif'] as const;
/** Pages of the checks: of this package, not of the project that is checked. */
const PAGES = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../docs/checks' : '../../docs/checks', import.meta.url),
);

export type CheckFormat = (typeof CHECK_FORMATS)[number];

const WRITERS: Readonly<Record<CheckFormat, (checked: Checked) => string>> = {
  text: asText,
  json: ({ scopes, unread, problems }) =>
    `${JSON.stringify({ checked: scopes, unread, problems }, null, 2)}\n`,
  sarif: ({ problems }) => asSarif(problems),
};

/** What was checked and found, in a format, with a final line end. */
export function showChecked(checked: Checked, format: CheckFormat): string {
  return WRITERS[format](checked);
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
export async function writeCheckReports(reports: readonly string[], checked: Checked): Promise<void> {
  for (const report of reports) {
    const cut = report.indexOf('=');
    const kind = report.slice(0, cut);
    if (isFormat(kind)) await writeFile(report.slice(cut + 1), showChecked(checked, kind));
  }
}

function isFormat(kind: string): kind is CheckFormat {
  return (CHECK_FORMATS as readonly string[]).includes(kind);
}

function asText({ scopes, unread, problems }: Checked): string {
  const lines = problems.map(problemLine);
  const explained = new Set(problems.filter(({ docs }) => docs !== undefined).map(({ code }) => code));
  if (explained.size > 0)
    lines.push(`(${shownPath(PAGES)}/CODE.md tells more of ${[...explained].sort().join(', ')})`);
  if (scopes.length > 0) lines.push(scopeLine(scopes));
  for (const path of unread)
    lines.push(`not checked any further, since it can't be read: ${printable(path)}`);
  const severities = ['error', 'warning', 'notice'] as const;
  lines.push(
    severities
      .map((wanted) => counted(problems.filter(({ severity }) => severity === wanted).length, wanted))
      .join(', '),
  );
  return `${lines.join('\n')}\n`;
}

/** `checked 5 services, 8 policies, 12 scenarios in 21 files: 25 checks of policies, 8 of containers`. */
function scopeLine(scopes: Checked['scopes']): string {
  const sum = (field: 'services' | 'policies' | 'scenarios' | 'files'): number =>
    scopes.reduce((total, scope) => total + scope[field], 0);
  const what = [
    ...(scopes.length > 1 ? [counted(scopes.length, 'project')] : []),
    counted(sum('services'), 'service'),
    counted(sum('policies'), 'policy', 'policies'),
    counted(sum('scenarios'), 'scenario'),
  ].join(', ');
  const containers = scopes.some((scope) => scope.containers === 'checked')
    ? `${CONTAINER_CHECKS.length} of containers`
    : 'none of containers (no Compose file)';
  return `checked ${what} in ${counted(sum('files'), 'file')}: ${LINTS.length} checks of policies, ${containers}`;
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
