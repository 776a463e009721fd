/**
 * A finished scenario as frames of a film: one a step, each with the hop that it lights on the topology and what came
 * of it there.
 */
import type { ScenarioReport, ScenarioVerdict, StepReport } from '../../model/rehearsal-report.ts';
import { OUTSIDE } from '../store/edges.ts';
import { reasonWords, type Tone } from './event-words.ts';

/** The node that stands for an attacker who is nobody of the mesh. */
export const ATTACKER = 'attacker';

export interface Hop {
  from: string;
  to: string;
  /** How the step ended on this hop; `broke` = it arrived, and must not have. */
  outcome: 'arrived' | 'stopped' | 'broke';
  label: string;
}

export interface Frame {
  index: number;
  step: StepReport;
  hop: Hop | null;
}

/** What a step's decision came to, on the edge: `denied · payments-from-orders`. */
function hopLabel(step: StepReport): string {
  const { decision } = step;
  if (!decision) return step.verdict;
  const status = decision.status ? ` ${decision.status}` : '';
  return decision.verdict === 'deny'
    ? `denied${status} · ${reasonWords(decision.reason)}`
    : step.verdict === 'failed'
      ? 'got through'
      : 'let through';
}

function outcomeOf(step: StepReport): Hop['outcome'] {
  if (step.decision?.verdict === 'deny') return 'stopped';
  return step.verdict === 'failed' ? 'broke' : 'arrived';
}

function hopOf(step: StepReport, stranger: string): Hop | null {
  if (step.to === null) return null;
  return {
    from: step.from ?? stranger,
    to: step.to,
    outcome: outcomeOf(step),
    label: hopLabel(step),
  };
}

/** The film of a report. */
export function framesOf(report: ScenarioReport): Frame[] {
  const stranger = report.severity === 'info' ? OUTSIDE : ATTACKER;
  return report.steps.map((step, index) => ({ index, step, hop: hopOf(step, stranger) }));
}

/** Which frame to open: the first that went wrong, else the first of the attack itself. */
export function openingFrame(report: ScenarioReport): number {
  const wrong = report.steps.findIndex((step) => step.verdict === 'failed' || step.verdict === 'errored');
  if (wrong >= 0) return wrong;
  return Math.max(
    0,
    report.steps.findIndex((step) => step.phase === 'steps'),
  );
}

/** A verdict's colour. */
export function verdictTone(verdict: ScenarioVerdict): Tone {
  switch (verdict) {
    case 'passed':
      return 'allow';
    case 'failed':
      return 'deny';
    case 'errored':
    case 'interrupted':
      return 'warn';
    case 'skipped':
      return 'quiet';
  }
}

/** What a scenario came to, as a headline. */
export function headline(report: ScenarioReport): { tone: Tone; words: string } {
  const tone = verdictTone(report.verdict);
  const attack = report.steps.some(
    (step) => step.phase === 'steps' && step.assertions.some((one) => one.wanted === 'deny'),
  );
  switch (report.verdict) {
    case 'passed':
      if (report.outcome === 'istio-allows') return { tone: 'warn', words: 'as expected: Istio lets it in' };
      if (report.outcome === 'not-covered') return { tone: 'warn', words: 'as expected: not covered' };
      return { tone, words: attack ? 'the attack was blocked' : 'as expected' };
    case 'failed':
      return { tone, words: attack ? 'the attack got through' : 'a verdict differs' };
    case 'errored':
      return { tone, words: 'could not tell' };
    case 'skipped':
      return { tone, words: 'skipped' };
    case 'interrupted':
      return { tone, words: 'interrupted' };
  }
}
