/** When the faults of a scenario are in force, against a session that only writes them down. */
import { afterEach, describe, expect, it } from 'vitest';
import type { InjectedFault } from '../../model/injected-fault.ts';
import type { ScenarioReport } from '../../model/rehearsal-report.ts';
import type { ScenarioFault } from '../../model/scenario-fault.ts';
import { runRehearsal, type RehearsalOptions } from '../../rehearsal/run-rehearsal.ts';
import {
  ALLOWS,
  DENIES,
  startFakeSession,
  type Behaviour,
  type FakeSession,
} from '../support/fake-session.ts';
import { makeScenario } from '../support/make-scenario.ts';

let fake: FakeSession | null = null;
afterEach(async () => {
  await fake?.close();
  fake = null;
});

const call = (path: string, id?: string) => ({
  ...(id === undefined ? {} : { id }),
  http: { from: 'attacker', to: 'payments', identity: 'none', path },
  expect: { status: 200 },
});

const EDGE = { from: 'inventory', to: 'payments' } as const;

interface Options extends RehearsalOptions {
  behaves?: (path: string) => Behaviour;
  onFaults?: (faults: readonly InjectedFault[]) => void;
}

/** What happened, in order: `fault KINDS` as they were put in force, and the path of each request. */
async function rehearse(
  faults: ScenarioFault[],
  { behaves = () => ALLOWS, onFaults, ...options }: Options = {},
): Promise<{ scenario: ScenarioReport; order: string[]; injected: readonly InjectedFault[] }> {
  const order: string[] = [];
  let injected: readonly InjectedFault[] = [];
  fake = await startFakeSession({
    behaves: (path) => {
      order.push(path);
      return behaves(path);
    },
    onFaults: (told) => {
      onFaults?.(told);
      if (told.length > 0) injected = told;
      order.push(`faults ${told.map(({ fault }) => fault.kind).join()}`);
    },
  });
  const written = makeScenario({
    faults,
    steadyState: [call('/steady')],
    steps: [call('/step', 'attack')],
    cleanup: [call('/tidy')],
  });
  const { scenarios } = await runRehearsal(fake.session, [written], options);
  return { scenario: scenarios[0] as ScenarioReport, order, injected };
}

const RESET: ScenarioFault = { ...EDGE, kind: 'reset' };

describe('faults of a scenario', () => {
  it('are in force for its steps, and for nothing before or after them', async () => {
    const { scenario, order } = await rehearse([RESET, { ...EDGE, kind: 'delay', duration: '2s' }]);
    expect(scenario.verdict).toBe('passed');
    expect(order).toEqual(['/steady', 'faults reset,delay', '/step', 'faults ', '/steady', '/tidy']);
  });

  it('are gone after a step that failed', async () => {
    const { scenario, order } = await rehearse([RESET], {
      behaves: (path) => (path === '/step' ? DENIES : ALLOWS),
    });
    expect(scenario.verdict).toBe('failed');
    expect(order).toEqual(['/steady', 'faults reset', '/step', 'faults ', '/steady', '/tidy']);
  });

  it('are gone after an interruption', async () => {
    const interruption = new AbortController();
    const { scenario, order } = await rehearse([RESET], {
      signal: interruption.signal,
      behaves: (path) => {
        if (path === '/step') interruption.abort();
        return path === '/step' ? { ...ALLOWS, act: 'hang' } : ALLOWS;
      },
    });
    expect(scenario.verdict).toBe('interrupted');
    expect(order).toEqual(['/steady', 'faults reset', '/step', 'faults ', '/tidy']);
  });

  it('that are refused run no step, and the scenario is errored, not passed', async () => {
    const { scenario, order } = await rehearse([RESET], {
      onFaults: () => {
        throw new Error('the data plane refused the faults of a scenario');
      },
    });
    expect(scenario).toMatchObject({
      verdict: 'errored',
      message: 'its faults: the data plane refused the faults of a scenario',
    });
    expect(order).toEqual(['/steady', '/tidy']);
  });

  it('that can’t be taken away make the scenario errored', async () => {
    const { scenario } = await rehearse([RESET], {
      onFaults: (faults) => {
        if (faults.length === 0) throw new Error('lost');
      },
    });
    expect(scenario).toMatchObject({ verdict: 'errored', message: 'its faults: lost' });
  });

  it('are not injected without the steady state', async () => {
    const { order } = await rehearse([RESET], { behaves: () => DENIES });
    expect(order).toEqual(['/steady', '/tidy']);
  });

  it('of a workload that isn’t there are errored', async () => {
    const { scenario, order } = await rehearse([{ ...RESET, to: 'payment' }]);
    expect(scenario).toMatchObject({
      verdict: 'errored',
      message: expect.stringContaining('no workload is called payment'),
    });
    expect(order).toEqual(['/steady', '/tidy']);
  });

  it('tell the data plane workloads, ports and units', async () => {
    const { injected } = await rehearse([
      { ...EDGE, port: 80, kind: 'delay', duration: '2s' },
      { ...EDGE, kind: 'abort', status: 503 },
      { ...EDGE, kind: 'black-hole' },
      { ...EDGE, kind: 'slow-bytes', bytesPerSecond: 10 },
    ]);
    const destination = { service: 'payments' };
    expect(injected).toEqual([
      { source: 'inventory', destination: { ...destination, port: 80 }, fault: { kind: 'delay', ms: 2_000 } },
      { source: 'inventory', destination, fault: { kind: 'abort', status: 503 } },
      { source: 'inventory', destination, fault: { kind: 'black-hole' } },
      { source: 'inventory', destination, fault: { kind: 'slow-bytes', bytesPerSecond: 10 } },
    ]);
  });
});
