/**
 * Scenario files -> scenarios with the place of every step. Inputs are filled in before the schema looks, and each
 * step is told apart by its kind first, so that a fault is named where it stands and not as "no shape fits".
 */
import { checkSteps } from './check-steps.ts';
import { fillInputs, readInputs } from './scenario-inputs.ts';
import type { Parsed, Position, Problem } from './problem.ts';
import { scenarioSchema, type Scenario } from './scenario.ts';
import { checkValue } from './schema-problems.ts';
import { placeOf, readSingleYaml, type Positions, type YamlDocument } from './yaml-source.ts';

export interface ParsedScenario {
  scenario: Scenario;
  file: string;
  at: Position;
  /** For `placeOf(parsed, ['steps', 0, 'expect', 'status'])`. */
  positions: Positions;
}

export const SCENARIO_PHASES = ['steadyState', 'steps', 'cleanup'] as const;

/** Reads one `*.scenario.yaml`. `file` is the path as shown in problems. */
export function parseScenarioFile(text: string, file: string): Parsed<ParsedScenario> {
  const { document, problems } = readSingleYaml(text, file);
  if (!document) return { value: null, problems };
  const inputs = readInputs(document);
  const filled = fillInputs(document, SCENARIO_PHASES, inputs);
  const steps = checkSteps(document, filled.value, SCENARIO_PHASES);
  const checked = checkValue(scenarioSchema, document, steps.value);
  const found = [...filled.problems, ...steps.problems, ...checked.problems];
  if (checked.value && found.length === 0) found.push(...checkClaims(checked.value, document));
  if (!checked.value || found.length > 0) return { value: null, problems: found };
  return {
    value: { scenario: checked.value, file, at: document.at, positions: document.positions },
    problems: [],
  };
}

/** What a well-formed scenario must still hold to: it claims something, and its steps can be told apart. */
function checkClaims(scenario: Scenario, document: YamlDocument): Problem[] {
  const problems: Problem[] = [];
  const ids = new Set<string>();
  for (const phase of SCENARIO_PHASES) {
    for (const [index, step] of scenario[phase].entries()) {
      if (countAssertions(step.expect) === 0) {
        problems.push({
          code: 'no-assertion',
          severity: 'error',
          message: `${step.id ?? `${phase}[${index}]`} expects nothing, so it could not fail`,
          hint: 'say what shall happen: decision, status, upstream, …',
          at: placeOf(document, [phase, index, 'expect']),
        });
      }
      if (step.id !== undefined && ids.has(step.id)) {
        problems.push({
          code: 'duplicate-step',
          severity: 'error',
          message: `two steps are called ${step.id}`,
          at: placeOf(document, [phase, index, 'id']),
        });
      }
      if (step.id !== undefined) ids.add(step.id);
      if (step.expect.outcome === 'istio-allows' && scenario.info.remedy === undefined) {
        problems.push({
          code: 'missing-field',
          severity: 'error',
          message: 'a hole that Istio leaves open needs info.remedy: what closes it',
          at: placeOf(document, [phase, index, 'expect', 'outcome']),
        });
      }
    }
  }
  return problems;
}

/** Leaves of `expect`: an empty `tls: {}` or `headers: {}` claims nothing. */
function countAssertions(value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, inner) => sum + countAssertions(inner), 0);
}
