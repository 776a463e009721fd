/**
 * A rehearsal's report as JUnit XML, which CI systems show. One test suite is the rehearsal, one test case a scenario,
 * so that their numbers are those of the command's last line. An interrupted scenario is an error: it claims nothing.
 */
import type { RehearsalReport, ScenarioReport, StepReport } from '../model/rehearsal-report.ts';
import { maskSecrets, maskValue } from './mask-secrets.ts';
import { escapeAttribute, escapeXml } from './xml-text.ts';

type Attributes = Readonly<Record<string, string | number>>;

function openTag(name: string, attributes: Attributes): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${escapeAttribute(maskSecrets(String(value)))}"`,
  );
  return `<${name}${written.join('')}`;
}

function element(name: string, attributes: Attributes, text: string): string {
  return `${openTag(name, attributes)}>${escapeXml(maskSecrets(text))}</${name}>`;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}

/** What a reader of a red test case needs: each step that didn't hold, with its claims and who decided. */
function describeStep(step: StepReport): string[] {
  const lines = [
    `${step.phase} ${step.id}: ${step.sent} [${step.verdict}] ${step.at.file}:${step.at.line}:${step.at.column}`,
  ];
  if (step.message !== null) lines.push(`  ${step.message}`);
  for (const { what, wanted, got, passed, at } of step.assertions) {
    if (!passed) lines.push(`  ${what}: wanted ${wanted}, got ${got} (${at.file}:${at.line}:${at.column})`);
  }
  const rule = step.decision?.matched;
  if (rule) {
    const index = rule.rule === null ? '' : `[${rule.rule}]`;
    lines.push(
      `  decided by ${rule.action} ${rule.namespace}/${rule.name}${index} (${rule.at.file}:${rule.at.line}:${rule.at.column})`,
    );
  }
  if (step.explanation) lines.push(`  ${step.explanation.sentence}`);
  return lines;
}

function result(scenario: ScenarioReport): string[] {
  const message = scenario.message ?? scenario.verdict;
  const details = scenario.steps
    .filter((step) => step.verdict !== 'passed')
    .flatMap(describeStep)
    .join('\n');
  switch (scenario.verdict) {
    case 'passed':
      return [];
    case 'skipped':
      return [`${openTag('skipped', { message })}/>`];
    case 'failed':
      return [element('failure', { message, type: 'failed' }, details)];
    case 'errored':
    case 'interrupted':
      return [element('error', { message, type: scenario.verdict }, details)];
    default:
      return unknownVerdict(scenario.verdict);
  }
}

function unknownVerdict(verdict: never): never {
  throw new Error(`unknown verdict: ${String(verdict)}`);
}

/** The findings, with what to do: a green case may still be a hole in the cluster. */
function output(scenario: ScenarioReport): string[] {
  const lines = scenario.outcome === null ? [] : [`outcome: ${scenario.outcome}`];
  for (const finding of scenario.steps.flatMap((step) => step.findings)) {
    lines.push(`${finding.code}: ${finding.message}`, `remedy: ${finding.remedy}`);
  }
  return lines.length === 0 ? [] : [element('system-out', {}, [...new Set(lines)].join('\n'))];
}

function testCase(report: RehearsalReport, scenario: ScenarioReport): string {
  const attributes = {
    name: `${scenario.id}: ${scenario.title}`,
    classname: `greenroom.${report.mesh}`,
    time: seconds(scenario.durationMs),
    file: scenario.at.file,
    line: scenario.at.line,
  };
  const children = [...result(scenario), ...output(scenario)];
  const head = openTag('testcase', attributes);
  if (children.length === 0) return `    ${head}/>`;
  return [`    ${head}>`, ...children.map((child) => `      ${child}`), '    </testcase>'].join('\n');
}

/** The whole document. */
export function toJUnit(unmasked: RehearsalReport): string {
  const report = maskValue(unmasked) as RehearsalReport;
  const { passed, failed, errored, skipped, interrupted } = report.totals;
  const numbers = {
    tests: passed + failed + errored + skipped + interrupted,
    failures: failed,
    errors: errored + interrupted,
    skipped,
    time: seconds(report.durationMs),
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `${openTag('testsuites', { name: 'greenroom', ...numbers })}>`,
    `  ${openTag('testsuite', { name: report.mesh, timestamp: report.startedAt, ...numbers })}>`,
    ...report.scenarios.map((scenario) => testCase(report, scenario)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}
