/**
 * Runs one scenario: steady state, steps, steady state again, cleanup. An attack that is "blocked" in a mesh that
 * lets nothing through proves nothing, so without its steady state no step runs. Cleanup always runs, also after an
 * interruption, and its failure is the scenario's. Faults are in force for the steps alone.
 */
import { messageOf } from '../model/message-of.ts';
import type {
  AttackOutcome,
  ScenarioReport,
  ScenarioVerdict,
  StepReport,
} from '../model/rehearsal-report.ts';
import type { ParsedScenario } from '../model/scenario-file.ts';
import { namedWorkloads } from '../model/scenario-references.ts';
import type { Session } from '../mesh/session.ts';
import { claimsBlocked } from './expectations.ts';
import { underFaults } from './inject-faults.ts';
import { runStep, skipStep, type StepContext } from './run-step.ts';
import { planAgain, planPhase, type StepPlan } from './step-plan.ts';

/** Worst first: what one step of that verdict makes of its scenario. */
const GRAVITY: readonly ScenarioVerdict[] = ['interrupted', 'failed', 'errored', 'skipped', 'passed'];

export interface ScenarioContext {
  session: Session;
  /** Run id. */
  run: string;
  now: () => number;
  newMark: () => string;
  timeoutAfter: (ms: number) => AbortSignal;
  onStep: (step: StepReport) => void;
}

/** Why the scenario can't run in this session, or null. */
function unmetRequirement(session: Session, parsed: ParsedScenario): string | null {
  if (!parsed.scenario.requires.includes('docker')) return null;
  const { runtime, containment } = session.state();
  if (runtime !== 'docker') return 'requires docker; this session runs local processes';
  if (containment !== 'full')
    return `requires containment; this engine gives it ${containment === 'partial' ? 'in part' : 'not at all'}`;
  const attached = namedWorkloads(parsed, session.mesh).find(({ run }) => run.attach !== null);
  if (attached !== undefined)
    return `requires containment; ${attached.id} is attached (${attached.run.attach}), where everybody on this machine can knock`;
  return null;
}

/** What the attack came to, where the scenario passed and was one. */
function outcomeOf(parsed: ParsedScenario, verdict: ScenarioVerdict): AttackOutcome | null {
  if (verdict !== 'passed') return null;
  const expected = parsed.scenario.steps.map((step) => step.expect);
  const wanted = (outcome: AttackOutcome): boolean => expected.some((each) => each.outcome === outcome);
  if (wanted('istio-allows')) return 'istio-allows';
  if (wanted('not-covered')) return 'not-covered';
  return expected.some(claimsBlocked) ? 'blocked' : null;
}

const PHASE_NAMES: Record<StepReport['phase'], string> = {
  steadyState: 'steady state ',
  steps: '',
  cleanup: 'cleanup ',
};

function worstOf(steps: readonly StepReport[]): { verdict: ScenarioVerdict; message: string | null } {
  const ranked = steps.toSorted((a, b) => GRAVITY.indexOf(a.verdict) - GRAVITY.indexOf(b.verdict));
  const worst = ranked[0];
  if (!worst) return { verdict: 'errored', message: 'the scenario asserts nothing' };
  const message =
    worst.verdict === 'passed'
      ? null
      : `${PHASE_NAMES[worst.phase]}${worst.id}: ${worst.message ?? worst.verdict}`;
  return { verdict: worst.verdict, message };
}

async function runPhases(
  context: StepContext,
  parsed: ParsedScenario,
  report: (step: StepReport) => void,
  signal: AbortSignal,
): Promise<void> {
  const runAll = async (plans: readonly StepPlan[], by: AbortSignal): Promise<boolean> => {
    let steady = true;
    for (const plan of plans) {
      if (by.aborted) return false;
      const step = await runStep(context, plan, by);
      report(step);
      steady &&= step.verdict === 'passed';
    }
    return steady;
  };
  const steadyState = planPhase(parsed, 'steadyState');
  const steps = planPhase(parsed, 'steps');
  try {
    if (await runAll(steadyState, signal)) {
      await underFaults(context.session, parsed.scenario.faults, () => runAll(steps, signal));
      await runAll(planAgain(steadyState), signal);
    } else if (!signal.aborted) {
      for (const plan of steps)
        report(skipStep(context, plan, 'not run: the steady state before it is not there'));
    }
  } finally {
    await runAll(planPhase(parsed, 'cleanup'), new AbortController().signal);
  }
}

/** Runs it, or says why it can't be run here. */
export async function runScenario(
  context: ScenarioContext,
  parsed: ParsedScenario,
  signal: AbortSignal,
): Promise<ScenarioReport> {
  const { metadata, info } = parsed.scenario;
  const startedAt = context.now();
  const steps: StepReport[] = [];
  const finish = (verdict: ScenarioVerdict, message: string | null): ScenarioReport => ({
    id: metadata.id,
    title: info.title,
    severity: info.severity,
    tags: info.tags,
    references: info.references,
    verdict,
    outcome: outcomeOf(parsed, verdict),
    message,
    steps,
    durationMs: context.now() - startedAt,
    at: parsed.at,
  });
  if (signal.aborted) return finish('interrupted', 'interrupted before it began');
  const unmet = unmetRequirement(context.session, parsed);
  if (unmet !== null) return finish('skipped', unmet);
  const { session, now, newMark, timeoutAfter } = context;
  const tag = `${context.run}/${metadata.id}`;
  const report = (step: StepReport): void => {
    steps.push(step);
    context.onStep(step);
  };
  try {
    await runPhases({ session, tag, now, startedAt, newMark, timeoutAfter }, parsed, report, signal);
  } catch (error) {
    return finish('errored', `its faults: ${messageOf(error)}`);
  }
  if (signal.aborted) return finish('interrupted', 'interrupted');
  const { verdict, message } = worstOf(steps);
  return finish(verdict, message);
}
