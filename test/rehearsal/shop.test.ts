/**
 * The sample shop for real: its five services as processes, their sidecars, mutual TLS, every scenario. And the
 * known hole, which a rehearsal must find.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readScenarios } from '../../host/scenarios.ts';
import { loadProject } from '../../mesh/load-project.ts';
import type { Session } from '../../mesh/session.ts';
import { startSession } from '../../mesh/start-session.ts';
import type { RehearsalReport, ScenarioReport } from '../../model/rehearsal-report.ts';
import { runRehearsal } from '../../rehearsal/run-rehearsal.ts';

interface Rehearsed {
  report: RehearsalReport;
  session: Session;
  /** Stops the session and removes its data. */
  end: () => Promise<void>;
}

async function rehearse(folder: string): Promise<Rehearsed> {
  const { value: mesh, problems } = await loadProject(
    fileURLToPath(new URL(`../../scenarios/${folder}`, import.meta.url)),
  );
  expect(problems).toEqual([]);
  if (!mesh) throw new Error('no mesh');
  const read = await readScenarios(mesh);
  expect(read.flatMap((entry) => entry.problems)).toEqual([]);
  const dataDir = await mkdtemp(join(tmpdir(), 'greenroom-test-'));
  const session = await startSession({ mesh, runtime: 'process', dataDir });
  const end = async (): Promise<void> => {
    await session.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  const report = await runRehearsal(
    session,
    read.flatMap(({ parsed }) => parsed ?? []),
  );
  return { report, session, end };
}

function scenario(rehearsed: Rehearsed, id: string): ScenarioReport {
  const found = rehearsed.report.scenarios.find((each) => each.id === id);
  if (!found) throw new Error(`no scenario ${id}`);
  return found;
}

describe('the known hole', () => {
  let rehearsed: Rehearsed;
  beforeAll(async () => {
    rehearsed = await rehearse('shop/known-hole');
  });
  afterAll(async () => await rehearsed.end());

  it('is found: the report names the request that got through, the rule that let it in, and its line', () => {
    const found = scenario(rehearsed, 'inventory-cannot-charge');
    expect(found).toMatchObject({ verdict: 'failed', outcome: null });
    expect(found.message).toMatch(
      /^charge: POST \/charge of inventory got through to payments: ALLOW billing\/payments-orders-charge\[1\] \(.*known-hole\/policies\/payments\.yaml:16\) let it in$/,
    );
    const charge = found.steps.find((step) => step.id === 'charge');
    expect(charge?.witness).toEqual({ kind: 'echo', controlSeen: true, arrived: true });
    expect(charge?.assertions.find((each) => each.what === 'decision')).toMatchObject({
      wanted: 'deny',
      got: 'allow',
    });
  });

  it('lets the business through all the same, which is why nobody noticed', () => {
    expect(scenario(rehearsed, 'orders-may-charge').verdict).toBe('passed');
  });
});

describe('the shop', () => {
  let rehearsed: Rehearsed;
  beforeAll(async () => {
    rehearsed = await rehearse('shop');
  });
  afterAll(async () => await rehearsed.end());

  it('passes every scenario', () => {
    const others = rehearsed.report.scenarios
      .filter((each) => each.verdict !== 'passed')
      .map((each) => `${each.id}: ${each.message}`);
    expect(others).toEqual([]);
    expect(rehearsed.report.totals.passed).toBeGreaterThanOrEqual(8);
  });

  it.each([
    ['plaintext-to-payments', 'mtls', 'plaintext-on-strict'],
    ['payments-no-client-cert', 'mtls', 'no-certificate'],
    ['payments-rogue-ca', 'mtls', 'unknown-authority'],
    ['payments-foreign-trust-domain', 'mtls', 'foreign-trust-domain'],
    ['inventory-cannot-charge', 'allow', 'no-allow-matched'],
    ['orders-admin-path-tricks', 'deny', 'deny-matched'],
  ])(
    'blocks %s in phase %s for the reason %s, with a witness that saw a control and nothing else',
    (id, phase, reason) => {
      const { outcome, steps } = scenario(rehearsed, id);
      expect(outcome).toBe('blocked');
      const attacks = steps.filter((step) => step.phase === 'steps');
      for (const step of attacks) {
        expect(step.decision).toMatchObject({ verdict: 'deny', phase, reason });
        expect(step.witness).toEqual({ kind: 'echo', controlSeen: true, arrived: false });
      }
      expect(attacks.length).toBeGreaterThan(0);
    },
  );

  it.each([
    ['orders-admin-by-case', 'P8'],
    ['payments-two-identities', 'M7'],
  ])('reports %s as a hole that Istio leaves open (%s), with its remedy', (id, attack) => {
    const { verdict, outcome, steps } = scenario(rehearsed, id);
    expect({ verdict, outcome }).toEqual({ verdict: 'passed', outcome: 'istio-allows' });
    const findings = steps.flatMap((step) => step.findings);
    expect(findings.map((finding) => [finding.code, finding.attack])).toContainEqual([
      'istio-allows',
      attack,
    ]);
    for (const finding of findings) expect(finding.remedy).not.toBe('');
  });

  it("carries a customer's purchase through web, orders, inventory and payments over mutual TLS", async () => {
    expect(scenario(rehearsed, 'customer-can-shop').steps.map((step) => step.verdict)).toEqual([
      'passed',
      'passed',
    ]);
    await rehearsed.session.flush();
    const charged = rehearsed.session
      .events({ limit: 1_000 })
      .filter(
        (event) =>
          event.direction === 'inbound' &&
          event.owner === 'payments-0' &&
          event.request?.path === '/charge' &&
          event.decision.verdict === 'allow',
      );
    expect(charged.length).toBeGreaterThan(0);
    for (const event of charged) expect(event.tls?.mutual).toBe(true);
  });

  it('names the events of both sidecars, so that a replay can light the way', () => {
    const [step] = scenario(rehearsed, 'orders-may-charge').steps;
    const hops = step?.events
      .map((id) => rehearsed.session.event(id))
      .map((event) => `${event?.direction} ${event?.owner}`);
    expect(hops?.toSorted()).toEqual(['inbound payments-0', 'outbound orders-0']);
  });
});
