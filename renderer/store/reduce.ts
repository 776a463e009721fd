/**
 * What the window knows, as a pure function of what it was told. The race of snapshot and stream is settled here:
 * events that arrive before the first answer wait, and are merged by id, so none is lost and none is shown twice.
 */
import type { RehearsalReport, ScenarioReport, StepReport } from '../../model/rehearsal-report.ts';
import type { SessionState } from '../../model/session-state.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { addToEdges, type Edges } from './edges.ts';
import { appendEvents, EMPTY_LOG, type EventLog, LOG_CAP, ordered, prependEvents } from './event-log.ts';
import { addToHits, type Hits } from './hits.ts';
import { addToOverhead, NO_OVERHEAD, type Overhead } from './overhead.ts';

/** The window's line to its host. */
export type Link =
  | { status: 'connecting' }
  | { status: 'live' }
  | { status: 'lost'; reason: string; retryAt: number }
  /** The host is there and doesn't want this window: a used or wrong link. */
  | { status: 'refused' };

/** A rehearsal under way, or the last one. */
export interface Run {
  status: 'idle' | 'running' | 'done' | 'failed';
  /** Scenarios asked for, in order. */
  asked: readonly string[];
  /** Steps of scenarios that are not finished. */
  steps: ReadonlyMap<string, readonly StepReport[]>;
  finished: ReadonlySet<string>;
  error: string | null;
}

export interface WindowState {
  link: Link;
  session: SessionState | null;
  log: EventLog;
  /** Whether the first answer about traffic has come; until then `early` holds what streamed in. */
  backfilled: boolean;
  early: readonly TrafficEvent[];
  /** Whether the host has older events than the log. */
  olderLeft: boolean;
  edges: Edges;
  overhead: Overhead;
  hits: Hits;
  /** Newest report of each scenario. */
  reports: ReadonlyMap<string, ScenarioReport>;
  run: Run;
  lastRun: RehearsalReport | null;
}

export type Message =
  | { type: 'linkChanged'; link: Link }
  | { type: 'stateReceived'; state: SessionState }
  /** Answers to the first question after connecting; older ids may be in it, newer ones may have streamed in. */
  | { type: 'trafficAnswered'; events: readonly TrafficEvent[]; olderLeft: boolean }
  | { type: 'eventsStreamed'; events: readonly TrafficEvent[] }
  | { type: 'olderReceived'; events: readonly TrafficEvent[]; olderLeft: boolean }
  | { type: 'rehearsalAsked'; ids: readonly string[] }
  | { type: 'stepFinished'; scenario: string; step: StepReport }
  | { type: 'scenarioFinished'; report: ScenarioReport }
  | { type: 'rehearsalFinished'; report: RehearsalReport }
  | { type: 'rehearsalFailed'; error: string };

const IDLE: Run = { status: 'idle', asked: [], steps: new Map(), finished: new Set(), error: null };

export const INITIAL: WindowState = {
  link: { status: 'connecting' },
  session: null,
  log: EMPTY_LOG,
  backfilled: false,
  early: [],
  olderLeft: false,
  edges: new Map(),
  overhead: NO_OVERHEAD,
  hits: new Map(),
  reports: new Map(),
  run: IDLE,
  lastRun: null,
};

/** The state after one message. */
export function reduce(state: WindowState, message: Message): WindowState {
  switch (message.type) {
    case 'linkChanged':
      return linked(state, message.link);
    case 'stateReceived':
      return sessionTold(state, message.state);
    case 'trafficAnswered':
      return {
        ...record({ ...state, early: [] }, [...message.events, ...state.early]),
        backfilled: true,
        olderLeft: message.olderLeft || state.olderLeft,
      };
    case 'eventsStreamed':
      return state.backfilled
        ? record(state, message.events)
        : { ...state, early: [...state.early, ...message.events] };
    case 'olderReceived': {
      const log = prependEvents(state.log, message.events);
      return { ...state, log, olderLeft: message.olderLeft && log.length < LOG_CAP };
    }
    case 'rehearsalAsked':
      return { ...state, run: { ...IDLE, status: 'running', asked: message.ids } };
    case 'stepFinished':
      return { ...state, run: withStep(state.run, message.scenario, message.step) };
    case 'scenarioFinished':
      return scenarioTold(state, message.report);
    case 'rehearsalFinished':
      return {
        ...state,
        lastRun: message.report,
        reports: new Map([
          ...state.reports,
          ...message.report.scenarios.map((one) => [one.id, one] as const),
        ]),
        run: { ...state.run, status: state.run.status === 'idle' ? 'idle' : 'done' },
      };
    case 'rehearsalFailed':
      return { ...state, run: { ...state.run, status: 'failed', error: message.error } };
  }
}

function linked(state: WindowState, link: Link): WindowState {
  if (link.status === 'live') return { ...state, link, backfilled: false, early: [] };
  const stranded = state.run.status === 'running';
  const run: Run = stranded
    ? { ...state.run, status: 'failed', error: 'The host went away while it ran.' }
    : state.run;
  return { ...state, link, run };
}

/** Another session under the same window: what was known belongs to the old one. */
function sessionTold(state: WindowState, session: SessionState): WindowState {
  if (state.session === null || state.session.id === session.id) return { ...state, session };
  return { ...INITIAL, link: state.link, early: state.early, session };
}

function record(state: WindowState, events: readonly TrafficEvent[]): WindowState {
  const log = appendEvents(state.log, events);
  if (log === state.log) return state;
  const fresh = ordered(events).filter((event) => event.id > state.log.lastId);
  return {
    ...state,
    log,
    edges: addToEdges(state.edges, fresh),
    overhead: addToOverhead(state.overhead, fresh),
    hits: addToHits(state.hits, fresh),
  };
}

function withStep(run: Run, scenario: string, step: StepReport): Run {
  const steps = new Map(run.steps).set(scenario, [...(run.steps.get(scenario) ?? []), step]);
  return { ...run, steps };
}

function scenarioTold(state: WindowState, report: ScenarioReport): WindowState {
  const steps = new Map(state.run.steps);
  steps.delete(report.id);
  return {
    ...state,
    reports: new Map(state.reports).set(report.id, report),
    run: { ...state.run, steps, finished: new Set(state.run.finished).add(report.id) },
  };
}
