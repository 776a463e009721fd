import { describe, expect, it } from 'vitest';
import type { RehearsalReport, ScenarioReport } from '../../../model/rehearsal-report.ts';
import { eventAt } from '../../../renderer/store/event-log.ts';
import { INITIAL, type Message, reduce, type WindowState } from '../../../renderer/store/reduce.ts';
import { denied, event } from '../fixtures/events.ts';
import { shopState } from '../fixtures/session.ts';

const after = (messages: Message[], state: WindowState = INITIAL) => messages.reduce(reduce, state);
const logIds = (state: WindowState) =>
  Array.from({ length: state.log.length }, (_, index) => eventAt(state.log, index)?.id);
const LIVE: Message = { type: 'linkChanged', link: { status: 'live' } };

function report(id: string, verdict: ScenarioReport['verdict']): ScenarioReport {
  return {
    id,
    title: id,
    severity: 'high',
    tags: [],
    references: [],
    verdict,
    outcome: null,
    message: null,
    steps: [],
    durationMs: 10,
    at: { file: 'a.scenario.yaml', line: 1, column: 1 },
  };
}

describe('the snapshot and the stream', () => {
  it('loses no event that streamed in before the first answer, and shows none twice', () => {
    const state = after([
      LIVE,
      { type: 'eventsStreamed', events: [event(4), event(5)] },
      { type: 'trafficAnswered', events: [event(3), event(1), event(2), event(4)], olderLeft: false },
      { type: 'eventsStreamed', events: [event(5), event(6)] },
    ]);
    expect(logIds(state)).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...state.edges.values()][0]?.total).toBe(6);
  });

  it('shows nothing of the stream before the answer is there', () => {
    const state = after([LIVE, { type: 'eventsStreamed', events: [event(4)] }]);
    expect(state.log.length).toBe(0);
    expect(state.backfilled).toBe(false);
  });

  it('goes on from where it was after a lost line', () => {
    const state = after([
      LIVE,
      { type: 'trafficAnswered', events: [event(1), event(2)], olderLeft: false },
      { type: 'linkChanged', link: { status: 'lost', reason: 'gone', retryAt: 0 } },
      LIVE,
      { type: 'eventsStreamed', events: [event(5)] },
      { type: 'trafficAnswered', events: [event(3), event(4)], olderLeft: false },
    ]);
    expect(logIds(state)).toEqual([1, 2, 3, 4, 5]);
  });

  it('forgets the traffic of another session under the same window', () => {
    const state = after([
      LIVE,
      { type: 'stateReceived', state: shopState() },
      { type: 'trafficAnswered', events: [event(1)], olderLeft: true },
      { type: 'stateReceived', state: shopState({ id: 's-2' }) },
    ]);
    expect(state.log.length).toBe(0);
    expect(state.session?.id).toBe('s-2');
    expect(state.link.status).toBe('live');
  });

  it('counts only new events in edges and hits when an older page comes', () => {
    const state = after([
      LIVE,
      { type: 'trafficAnswered', events: [event(10)], olderLeft: true },
      { type: 'olderReceived', events: [event(8), event(9)], olderLeft: false },
    ]);
    expect(logIds(state)).toEqual([8, 9, 10]);
    expect(state.olderLeft).toBe(false);
  });

  it('counts which rule decided, and a denial by no rule not at all', () => {
    const state = after([
      LIVE,
      { type: 'trafficAnswered', events: [event(1), event(2), denied(3)], olderLeft: false },
    ]);
    expect([...state.hits].map(([key, { hits }]) => [key, hits])).toEqual([['policies/payments.yaml:10', 2]]);
  });
});

describe('a rehearsal', () => {
  it('that was cut off by a lost line is failed, not running for ever', () => {
    const state = after([
      LIVE,
      { type: 'rehearsalAsked', ids: ['a'] },
      { type: 'linkChanged', link: { status: 'lost', reason: 'gone', retryAt: 0 } },
    ]);
    expect(state.run.status).toBe('failed');
  });

  it('keeps the newest report of each scenario', () => {
    const whole = { scenarios: [report('b', 'failed')] } as unknown as RehearsalReport;
    const state = after([
      { type: 'rehearsalAsked', ids: ['a', 'b'] },
      { type: 'scenarioFinished', report: report('a', 'passed') },
      { type: 'scenarioFinished', report: report('b', 'passed') },
      { type: 'rehearsalFinished', report: whole },
    ]);
    expect([...state.reports].map(([id, one]) => [id, one.verdict])).toEqual([
      ['a', 'passed'],
      ['b', 'failed'],
    ]);
    expect(state.run.status).toBe('done');
  });
});
