/** What an attack may come to, as claims: blocked with the application's log as witness, or a hole that the event tells. */
import { expect } from 'vitest';
import type { Outcome } from './attacked-pair.ts';

/** Answered with `status` by the sidecar, in `phase`; nothing arrived at the application. */
export function expectBlocked(outcome: Outcome, status: number, phase: string): void {
  expect(outcome.statuses).toEqual([status]);
  expect(outcome.arrived).toEqual([]);
  expect(outcome.events).toMatchObject([{ decision: { verdict: 'deny', phase } }]);
}

/** It reached the application as `target`, and the event names the hole with its remedy. */
export function expectIstioAllows(outcome: Outcome, attack: string, target: string): void {
  expect(outcome.statuses).toEqual([200]);
  expect(outcome.arrived).toMatchObject([{ target }]);
  expect(outcome.events).toMatchObject([{ decision: { verdict: 'allow' } }]);
  const findings = outcome.events.flatMap((event) => event.findings);
  expect(findings).toContainEqual(expect.objectContaining({ code: 'istio-allows', attack }));
  for (const { remedy } of findings) expect(remedy).not.toBe('');
}
