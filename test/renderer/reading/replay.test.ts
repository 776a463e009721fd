import { describe, expect, it } from 'vitest';
import type { ScenarioReport, StepReport } from '../../../model/rehearsal-report.ts';
import { ATTACKER, framesOf, headline, openingFrame } from '../../../renderer/reading/replay.ts';
import { replayGraph } from '../../../renderer/reading/replay-graph.ts';
import { ALLOWED, DENIED } from '../fixtures/events.ts';
import { shopState } from '../fixtures/session.ts';

const AT = { file: 'scenarios/a.scenario.yaml', line: 9, column: 5 };

function step(over: Partial<StepReport> = {}): StepReport {
  return {
    id: 'rogue-ca',
    phase: 'steps',
    kind: 'tls',
    from: null,
    to: 'payments',
    sent: 'TLS handshake, certificate rogue-ca',
    verdict: 'passed',
    message: null,
    assertions: [{ what: 'decision', wanted: 'deny', got: 'deny', passed: true, at: AT }],
    witness: null,
    decision: { ...DENIED, phase: 'mtls' },
    explanation: null,
    findings: [],
    events: [7],
    startedMs: 0,
    durationMs: 12,
    at: AT,
    ...over,
  };
}

function scenario(steps: StepReport[], over: Partial<ScenarioReport> = {}): ScenarioReport {
  return {
    id: 'a',
    title: 'Rogue CA',
    severity: 'high',
    tags: [],
    references: ['M3'],
    verdict: 'passed',
    outcome: 'blocked',
    message: null,
    steps,
    durationMs: 40,
    at: AT,
    ...over,
  };
}

describe('a replay', () => {
  it('opens where it went wrong, else at the attack', () => {
    const calm = step({ phase: 'steadyState', from: 'web', decision: ALLOWED });
    expect(openingFrame(scenario([calm, step()]))).toBe(1);
    expect(openingFrame(scenario([calm, step(), step({ verdict: 'failed' })]))).toBe(2);
  });

  it('lets an attacker without a workload start outside and stop at the sidecar', () => {
    const [frame] = framesOf(scenario([step()]));
    expect(frame?.hop).toEqual({
      from: ATTACKER,
      to: 'payments',
      outcome: 'stopped',
      label: 'denied 403 · no allow matched',
    });
  });

  it('shows what arrived and must not have as a break, not as a pass', () => {
    const [frame] = framesOf(scenario([step({ verdict: 'failed', decision: ALLOWED })]));
    expect([frame?.hop?.outcome, frame?.hop?.label]).toEqual(['broke', 'got through']);
    const [passed] = framesOf(scenario([step({ decision: ALLOWED })]));
    expect(passed?.hop?.outcome).toBe('arrived');
  });

  it('draws its own hops besides the pairs of the mesh', () => {
    const graph = replayGraph(shopState(), new Map(), framesOf(scenario([step()])));
    expect(graph.nodes.at(-1)?.id).toBe(ATTACKER);
    expect(graph.edges.map((edge) => edge.id)).toEqual(['attacker→payments']);
  });

  it('never calls a hole that Istio has “blocked”', () => {
    expect(headline(scenario([step()])).words).toBe('the attack was blocked');
    expect(headline(scenario([step()], { outcome: 'istio-allows' }))).toEqual({
      tone: 'warn',
      words: 'as expected: Istio lets it in',
    });
    expect(headline(scenario([step()], { verdict: 'failed' })).words).toBe('the attack got through');
    expect(headline(scenario([step()], { verdict: 'errored' })).words).toBe('could not tell');
  });
});
