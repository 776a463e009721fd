/** The verdicts of a rehearsal, against a sidecar that does what the test says, right or wrong. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Decision } from '../../model/decision.ts';
import type { ScenarioReport, StepReport } from '../../model/rehearsal-report.ts';
import type { Expect } from '../../model/scenario.ts';
import { runRehearsal } from '../../rehearsal/run-rehearsal.ts';
import {
  ALLOWS,
  DENIES,
  startFakeSession,
  type Behaviour,
  type FakeOptions,
  type FakeSession,
} from '../support/fake-session.ts';
import { makeScenario } from '../support/make-scenario.ts';

let fake: FakeSession | null = null;
afterEach(async () => {
  await fake?.close();
  fake = null;
});

type Written = Parameters<typeof makeScenario>[0];

async function rehearse(options: FakeOptions, written: Written): Promise<ScenarioReport> {
  fake = await startFakeSession(options);
  const report = await runRehearsal(fake.session, [makeScenario(written)]);
  const scenario = report.scenarios[0];
  if (!scenario) throw new Error('no report');
  expect(report.totals[scenario.verdict]).toBe(1);
  return scenario;
}

const call = (
  expected: Expect,
  more: {
    path?: string;
    timeout?: string;
    id?: string;
    to?: string;
    repeat?: number;
    headers?: Record<string, string>;
  } = {},
) => {
  const { timeout = '5s', id, ...http } = more;
  return {
    ...(id === undefined ? {} : { id }),
    timeout,
    http: { from: 'attacker', to: 'payments', identity: 'none', ...http },
    expect: expected,
  };
};

async function rehearseStep(
  options: FakeOptions,
  expected: Expect,
  more: Parameters<typeof call>[1] & Pick<Written, 'info'> = {},
): Promise<StepReport> {
  const { info, ...rest } = more;
  const scenario = await rehearse(options, { steps: [call(expected, rest)], ...(info ? { info } : {}) });
  const step = scenario.steps[0];
  if (!step) throw new Error('no step');
  expect(scenario.verdict).toBe(step.verdict);
  return step;
}

describe('a denial counts only with a witness', () => {
  it('is errored: unwitnessed where the service has none', async () => {
    const step = await rehearseStep({ behaves: () => DENIES, witness: null }, { decision: 'deny' });
    expect(step.verdict).toBe('errored');
    expect(step.message).toMatch(/^unwitnessed: payments has no witness/);
  });

  it.each([
    ['sees nothing at all', { echo: 'deaf' }, /didn't show the control/],
    ['is no echo', { echo: 'other' }, /is no echo/],
  ] as const)('is errored where the witness %s', async (_what, options, message) => {
    const step = await rehearseStep({ behaves: () => DENIES, ...options }, { decision: 'deny', status: 403 });
    expect(step.verdict).toBe('errored');
    expect(step.message).toMatch(message);
    expect(step.decision?.verdict).toBe('deny');
  });

  const lies = (): Behaviour => ({ ...DENIES, act: 'forward' });

  it('is errored where the attack made the service start again and forget it', async () => {
    const step = await rehearseStep(
      { behaves: lies, echo: 'restarts' },
      { decision: 'deny' },
      { path: '/crash' },
    );
    expect(step).toMatchObject({
      verdict: 'errored',
      message: expect.stringMatching(/forgot the control from before the attack/),
    });
  });

  it('is errored where the witness knows requests by a header that the scenario sets', async () => {
    const step = await rehearseStep(
      { behaves: lies, markedBy: 'x-request-id' },
      { decision: 'deny' },
      { headers: { 'X-Request-Id': 'mine' } },
    );
    expect(step).toMatchObject({
      verdict: 'errored',
      message: expect.stringMatching(/didn't show the control/),
    });
  });

  it("is errored where the scenario sets the mark's own header", async () => {
    const step = await rehearseStep(
      { behaves: lies },
      { upstream: 'untouched' },
      {
        headers: { 'X-Greenroom-Mark': 'mine' },
      },
    );
    expect(step).toMatchObject({
      verdict: 'errored',
      message: expect.stringMatching(/would hide from its witness/),
    });
  });

  it("is errored for a request that asks for the echo's own page, however it is spelt", async () => {
    const step = await rehearseStep(
      { behaves: lies },
      { upstream: 'untouched' },
      { path: '/x/..%2F%72eceived' },
    );
    expect(step).toMatchObject({
      verdict: 'errored',
      message: expect.stringMatching(/doesn't tell of requests for its own page/),
    });
  });

  it('fails where nobody refused it and the upstream was only out of reach', async () => {
    const decision: Decision = {
      verdict: 'deny',
      phase: 'upstream',
      reason: 'connect-failure',
      matched: null,
    };
    const step = await rehearseStep(
      { behaves: () => ({ ...DENIES, decision }) },
      { decision: 'deny', outcome: 'blocked' },
    );
    expect(step.assertions).toMatchObject([
      { what: 'decision', got: 'no denial: the upstream failed (connect-failure)', passed: false },
      { what: 'upstream', passed: true },
      { what: 'outcome', got: 'nobody refused it, the upstream failed', passed: false },
    ]);
  });

  it('is errored where the application is down', async () => {
    fake = await startFakeSession({ behaves: () => DENIES });
    await fake.stopApplication();
    const { scenarios } = await runRehearsal(fake.session, [
      makeScenario({ steps: [call({ decision: 'deny' })] }),
    ]);
    expect(scenarios[0]).toMatchObject({
      verdict: 'errored',
      message: expect.stringMatching(/unwitnessed: the control at payments-0 failed/),
    });
  });

  it('fails when the sidecar says denied and forwards all the same', async () => {
    const step = await rehearseStep({ behaves: () => ({ ...DENIES, act: 'forward' }) }, { decision: 'deny' });
    expect(step.verdict).toBe('failed');
    expect(step.message).toBe('GET / in plaintext of an attacker was denied, and yet payments received it');
    expect(step.witness).toEqual({ kind: 'echo', controlSeen: true, arrived: true });
  });

  it('passes when a witness that saw the control saw nothing else, also without an upstream key', async () => {
    const step = await rehearseStep(
      { behaves: () => DENIES },
      { decision: 'deny', phase: 'allow', status: 403, body: { equals: 'RBAC: access denied' } },
    );
    expect(step.verdict).toBe('passed');
    expect(step.witness).toEqual({ kind: 'echo', controlSeen: true, arrived: false });
    expect(step.assertions.map((each) => each.what)).toEqual([
      'decision',
      'phase',
      'status',
      'body.equals',
      'upstream',
    ]);
  });

  it('is errored where the log never shows the control, naming the log and what to print', async () => {
    const step = await rehearseStep(
      { behaves: () => DENIES, witness: { kind: 'log' } },
      { decision: 'deny' },
      { timeout: '200ms', headers: { 'User-Agent': 'mine' } },
    );
    expect(step).toMatchObject({
      verdict: 'errored',
      message:
        "unwitnessed: the log of payments-0 never showed the mark of the control, a request that did arrive; let the service print a line a request, with its method, its path and one of its headers x-greenroom-mark, x-request-id (a wait of 200ms, the step's timeout)",
    });
  });

  it('waits for a log that is late', async () => {
    const denied = await rehearseStep(
      { behaves: () => DENIES, witness: { kind: 'log' }, logsAfterMs: 60 },
      { decision: 'deny' },
    );
    expect(denied).toMatchObject({
      verdict: 'passed',
      witness: { kind: 'log', controlSeen: true, arrived: false },
    });
  });

  it('finds in the log what a lying sidecar let through', async () => {
    const step = await rehearseStep(
      { behaves: () => ({ ...DENIES, act: 'forward' }), witness: { kind: 'log' }, logsAfterMs: 20 },
      { upstream: 'untouched' },
    );
    expect(step).toMatchObject({ verdict: 'failed', witness: { arrived: true } });
  });
});

describe('an attack that gets through', () => {
  it('fails, naming the request, the rule and its line', async () => {
    const step = await rehearseStep({}, { decision: 'deny', upstream: 'untouched' }, { path: '/charge' });
    expect(step.verdict).toBe('failed');
    expect(step.message).toBe(
      'GET /charge in plaintext of an attacker got through to payments: ALLOW billing/charge[1] (policies/payments.yaml:14) let it in',
    );
    expect(step.assertions).toMatchObject([
      { what: 'decision', wanted: 'deny', got: 'allow', passed: false },
      { what: 'upstream', wanted: 'untouched', got: 'reached', passed: false },
    ]);
  });

  it('is istio-allows only with a remedy', async () => {
    const step = await rehearseStep({}, { outcome: 'istio-allows' });
    expect(step).toMatchObject({ verdict: 'failed', message: expect.stringContaining('without a finding') });
  });

  it('is istio-allows with the remedy of info, which becomes a finding', async () => {
    const scenario = await rehearse(
      {},
      {
        info: { title: 'Hole', remedy: 'close it', references: ['P8'] },
        steps: [call({ outcome: 'istio-allows' })],
      },
    );
    expect(scenario).toMatchObject({ verdict: 'passed', outcome: 'istio-allows' });
    expect(scenario.steps[0]?.findings).toEqual([
      { code: 'istio-allows', attack: 'P8', message: 'Hole', remedy: 'close it' },
    ]);
  });

  it('is not istio-allows by a finding about another attack', async () => {
    const findings = [
      { code: 'istio-allows', attack: 'M7', message: 'two names', remedy: 'issue one' },
    ] as const;
    const scenario = await rehearse(
      { behaves: () => ({ ...ALLOWS, findings: [...findings] }) },
      { info: { title: 'Hole', references: ['P8'] }, steps: [call({ outcome: 'istio-allows' })] },
    );
    expect(scenario).toMatchObject({ verdict: 'failed' });
  });

  it("is istio-allows with the sidecar's own finding", async () => {
    const findings = [
      { code: 'istio-allows', attack: 'M7', message: 'two names', remedy: 'issue one' },
    ] as const;
    const step = await rehearseStep(
      { behaves: () => ({ ...ALLOWS, findings: [...findings] }) },
      { outcome: 'istio-allows' },
    );
    expect(step).toMatchObject({ verdict: 'passed', findings });
  });

  it('fails istio-allows when it is blocked after all', async () => {
    const step = await rehearseStep(
      { behaves: () => DENIES },
      { outcome: 'istio-allows' },
      { info: { remedy: 'close it' } },
    );
    expect(step).toMatchObject({
      verdict: 'failed',
      assertions: [{ what: 'outcome', wanted: 'istio-allows', got: 'blocked' }],
    });
    expect(step.findings).toEqual([]);
  });

  it('fails istio-allows when the sidecar says allowed and nothing arrives', async () => {
    const step = await rehearseStep(
      { behaves: () => ({ ...ALLOWS, act: 'refuse' }) },
      { outcome: 'istio-allows' },
      { info: { remedy: 'close it' } },
    );
    expect(step.verdict).toBe('failed');
  });
});

describe('a step that cannot tell is errored', () => {
  it.each([
    ['asserts nothing', {}, {}, {}, /asserts nothing/],
    ['asserts nothing in its folds', {}, { tls: {}, body: {}, headers: {} }, {}, /asserts nothing/],
    [
      'names no workload',
      {},
      { status: 200 },
      { to: 'payment' },
      /no workload is called payment; there are payments, inventory/,
    ],
    [
      'calls one without a port',
      {},
      { status: 200 },
      { to: 'inventory' },
      /sidecar of inventory has no inbound listener for port 8080/,
    ],
  ] satisfies [string, FakeOptions, Expect, Parameters<typeof call>[1], RegExp][])(
    'when it %s',
    async (_what, options, expected, more, message) => {
      const step = await rehearseStep(options, expected, more);
      expect(step.verdict).toBe('errored');
      expect(step.message).toMatch(message);
    },
  );

  it.each([
    [
      'gets no answer',
      (over: () => void): FakeOptions => ({
        behaves: () => {
          over();
          return { ...ALLOWS, act: 'hang' };
        },
      }),
      /^timed out after 5s, waiting for the answer of payments \(127\.0\.0\.1:\d+\)$/,
    ],
    [
      'gets no event',
      (over: () => void): FakeOptions => ({ behaves: () => ({ ...ALLOWS, events: 'lost' }), onFlush: over }),
      /^timed out after 5s, waiting for the event of payments's sidecar$/,
    ],
  ])('when it %s in its time, saying what it waited for', async (_what, optionsOf, message) => {
    const time = new AbortController();
    fake = await startFakeSession(optionsOf(() => time.abort()));
    const scenario = makeScenario({ steps: [call({ status: 200 })] });
    const { scenarios } = await runRehearsal(fake.session, [scenario], { timeoutAfter: () => time.signal });
    expect(scenarios[0]?.steps[0]).toMatchObject({
      verdict: 'errored',
      message: expect.stringMatching(message),
    });
  });

  it('says failed, not errored, when the connection is cut: that is an answer', async () => {
    const step = await rehearseStep({ behaves: () => ({ ...DENIES, act: 'reset' }) }, { status: 200 });
    expect(step).toMatchObject({
      verdict: 'failed',
      message: 'status: wanted 200, got connection closed (ECONNRESET)',
    });
  });
});

describe('steady state and cleanup', () => {
  const steady = [call({ status: 200 }, { path: '/health' })];
  const attack = call({ decision: 'deny' }, { id: 'attack', path: '/charge' });

  it('runs no step without its steady state, and cleans up', async () => {
    const scenario = await rehearse(
      { behaves: () => DENIES },
      { steadyState: steady, steps: [attack], cleanup: [call({ status: 403 }, { id: 'tidy' })] },
    );
    expect(scenario.verdict).toBe('failed');
    expect(scenario.message).toBe('steady state steady-1: status: wanted 200, got 403');
    expect(scenario.steps.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual([
      'steady-1 failed',
      'attack skipped',
      'tidy passed',
    ]);
  });

  it('fails when the attack leaves the steady state broken', async () => {
    const scenario = await rehearse(
      { behaves: (_path, nth) => (nth === 1 ? ALLOWS : DENIES) },
      { steadyState: steady, steps: [attack] },
    );
    expect(scenario).toMatchObject({ verdict: 'failed', outcome: null });
    expect(scenario.steps.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual([
      'steady-1 passed',
      'attack passed',
      'steady-1-again failed',
    ]);
  });

  it('fails by its cleanup alone', async () => {
    const scenario = await rehearse(
      { behaves: () => DENIES },
      { steps: [attack], cleanup: [call({ status: 200 })] },
    );
    expect(scenario).toMatchObject({
      verdict: 'failed',
      message: expect.stringMatching(/^cleanup cleanup-1: status/),
    });
  });

  it('passes when all of it holds', async () => {
    const scenario = await rehearse(
      { behaves: (path) => (path === '/health' ? ALLOWS : DENIES) },
      { steadyState: steady, steps: [attack] },
    );
    expect(scenario).toMatchObject({ verdict: 'passed', outcome: 'blocked', message: null });
  });

  it('cleans up after an interruption, and reports what is left as interrupted', async () => {
    const interruption = new AbortController();
    fake = await startFakeSession({
      behaves: (path) => {
        if (path === '/charge') interruption.abort();
        return path === '/charge' ? { ...DENIES, act: 'hang' } : ALLOWS;
      },
    });
    const scenario = makeScenario({
      steps: [attack, call({ status: 200 }, { id: 'never' })],
      cleanup: [call({ status: 200 }, { id: 'tidy', path: '/tidy' })],
    });
    const report = await runRehearsal(fake.session, [scenario, scenario], { signal: interruption.signal });
    expect(report.totals).toMatchObject({ interrupted: 2, passed: 0 });
    expect(report.scenarios[0]?.steps.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual([
      'attack interrupted',
      'tidy passed',
    ]);
    expect(fake.seen).toEqual(['/charge', '/tidy']);
  });
});

describe('what cannot run here is skipped by name', () => {
  it.each([
    ['process', 'none', 'requires docker; this session runs local processes'],
    ['docker', 'partial', 'requires containment; this engine gives it in part'],
  ] as const)('in %s with containment %s', async (runtime, containment, message) => {
    const scenario = await rehearse(
      { runtime, containment },
      { requires: ['docker'], steps: [call({ status: 200 })] },
    );
    expect(scenario).toMatchObject({ verdict: 'skipped', message, steps: [] });
    expect(fake?.seen).toEqual([]);
  });

  it('runs it where there is an engine', async () => {
    const scenario = await rehearse(
      { runtime: 'docker', containment: 'full' },
      { requires: ['docker'], steps: [call({ status: 200 })] },
    );
    expect(scenario.verdict).toBe('passed');
  });
});

describe('what is sent and reported', () => {
  it('reports status, headers, body, the path upstream, and the events', async () => {
    const step = await rehearseStep(
      {},
      {
        decision: 'allow',
        policy: 'billing/charge[1]',
        status: 200,
        headers: { 'X-Answer': 'yes' },
        body: { contains: 'ell' },
        upstream: 'reached',
        upstreamPath: '/a/../b?c',
      },
      { path: '/a/../b?c' },
    );
    expect(step).toMatchObject({
      verdict: 'passed',
      message: null,
      kind: 'http',
      from: null,
      to: 'payments',
      sent: 'GET /a/../b?c in plaintext',
      events: [1],
    });
    expect(fake?.seen).toEqual(['/a/../b?c']);
  });

  it('says who it is before the first byte', async () => {
    fake = await startFakeSession();
    const steps = [
      call({ status: 200 }, { id: 'one' }),
      {
        timeout: '5s',
        http: { from: 'inventory', to: 'payments', identity: 'none', ip: '10.9.9.9' },
        expect: { status: 200 },
      },
    ];
    const { id } = await runRehearsal(fake.session, [makeScenario({ steps })]);
    expect(fake.declared).toMatchObject([
      { ip: '203.0.113.66', tag: `${id}/test/one` },
      { ip: '10.9.9.9', tag: `${id}/test/step-2` },
    ]);
  });

  it('holds every repetition against the expectation', async () => {
    const step = await rehearseStep(
      { behaves: (_path, nth) => (nth === 3 ? DENIES : ALLOWS) },
      { decision: 'allow' },
      { repeat: 5 },
    );
    expect(step).toMatchObject({
      verdict: 'failed',
      message: 'decision: wanted allow, got deny',
      events: [1, 2, 3, 4, 5],
    });
  });

  it('tells each step and scenario as they end, and runs only what is asked for', async () => {
    fake = await startFakeSession();
    const told: string[] = [];
    const scenarios = ['a', 'b', 'c'].map((id) =>
      makeScenario({ metadata: { id }, steps: [call({ status: 200 }, { id: 'call' })] }),
    );
    let ids = 0;
    const report = await runRehearsal(fake.session, scenarios, {
      only: ['b', 'c'],
      newId: () => `id-${++ids}`,
      onStep: (run, scenario, step) => told.push(`${run} ${scenario} ${step.id}`),
      onScenario: (run, scenario) => told.push(`${run} ${scenario.id} ${scenario.verdict}`),
    });
    expect(told).toEqual(['id-1 b call', 'id-1 b passed', 'id-1 c call', 'id-1 c passed']);
    expect(report).toMatchObject({
      id: 'id-1',
      mesh: 'fake',
      runtime: 'process',
      totals: { passed: 2, failed: 0 },
    });
  });
});
