/**
 * Problems as SARIF 2.1.0, which code hosts show beside the line. Paths stay relative, so that the log can be read
 * on another machine; secrets are masked.
 */
import type { Position, Problem, Severity } from '../model/problem.ts';
import { maskSecrets } from './mask-secrets.ts';

/** One rule of the tool. */
export interface SarifRule {
  code: string;
  summary: string;
  /** Page that explains it. */
  docs: string;
}

export interface SarifInput {
  problems: readonly Problem[];
  /** Those that are known beforehand; codes that only occur are added by name. */
  rules: readonly SarifRule[];
  /** Of Greenroom. */
  version: string;
}

const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  notice: 'note',
};

/** Two-space JSON with a final line end. */
export function toSarif({ problems, rules, version }: SarifInput): string {
  const known = new Map(rules.map((rule) => [rule.code, rule]));
  const codes = [...new Set([...known.keys(), ...problems.map(({ code }) => code)])].sort();
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Greenroom',
            semanticVersion: version,
            rules: codes.map((code) => describeRule(code, known.get(code))),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: problems.map((problem) => result(problem, codes.indexOf(problem.code))),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function describeRule(code: string, rule: SarifRule | undefined): Record<string, unknown> {
  const text = rule?.summary ?? code.replaceAll('-', ' ');
  return {
    id: code,
    shortDescription: { text },
    ...(rule ? { help: { text: `${rule.summary}. See ${rule.docs}.` } } : {}),
  };
}

function result({ code, severity, message, hint, at }: Problem, ruleIndex: number): Record<string, unknown> {
  const text = maskSecrets(hint === undefined ? message : `${message}. ${hint}`);
  return {
    ruleId: code,
    ruleIndex,
    level: LEVELS[severity],
    message: { text },
    locations: at ? [location(at)] : [],
  };
}

function location({ file, line, column }: Position): Record<string, unknown> {
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(file) },
      region: { startLine: line, startColumn: column },
    },
  };
}

/** A relative path as a relative reference, an absolute one as a file URI. */
function uriOf(file: string): string {
  const path = file.replaceAll('\\', '/');
  const escaped = path.split('/').map(encodeURIComponent).join('/');
  if (path.startsWith('/')) return `file://${escaped}`;
  return /^[A-Za-z]:\//.test(path) ? `file:///${escaped.replace('%3A', ':')}` : escaped;
}
