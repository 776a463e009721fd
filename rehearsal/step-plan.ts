/** A step with its place in the file and the names by which its events and its report are found. */
import type { Finding } from '../model/decision.ts';
import type { Position } from '../model/problem.ts';
import type { StepReport } from '../model/rehearsal-report.ts';
import type { ParsedScenario } from '../model/scenario-file.ts';
import type { Scenario, ScenarioStep } from '../model/scenario.ts';
import { placeOf } from '../model/yaml-source.ts';

export interface StepPlan {
  id: string;
  phase: StepReport['phase'];
  step: ScenarioStep;
  at: Position;
  /** Place of a key of `expect`. */
  placeOf: (...path: (string | number)[]) => Position;
  /** What info says of a hole that Istio leaves open, with its remedy. */
  advice: Finding | null;
  /** `info.references`: the attacks that this scenario is about. */
  references: readonly string[];
}

const PREFIX: Record<StepReport['phase'], string> = {
  steadyState: 'steady',
  steps: 'step',
  cleanup: 'cleanup',
};

function adviceOf({ info }: Scenario, step: ScenarioStep): Finding | null {
  const { outcome } = step.expect;
  if (info.remedy === undefined || (outcome !== 'istio-allows' && outcome !== 'not-covered')) return null;
  const attack = info.references[0];
  return {
    code: outcome,
    ...(attack === undefined ? {} : { attack }),
    message: info.title,
    remedy: info.remedy,
  };
}

/** The steps of a phase, in order; a step without an id is numbered. */
export function planPhase(parsed: ParsedScenario, phase: StepReport['phase']): StepPlan[] {
  return parsed.scenario[phase].map((step, index) => ({
    id: step.id ?? `${PREFIX[phase]}-${index + 1}`,
    phase,
    step,
    at: placeOf(parsed, [phase, index]),
    placeOf: (...path) => placeOf(parsed, [phase, index, 'expect', ...path]),
    advice: adviceOf(parsed.scenario, step),
    references: parsed.scenario.info.references,
  }));
}

/** The steady state once more, after the steps. */
export function planAgain(plans: readonly StepPlan[]): StepPlan[] {
  return plans.map((plan) => ({ ...plan, id: `${plan.id}-again` }));
}
