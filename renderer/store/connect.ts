/**
 * Keeps the window on its host: opens a carrier, asks for the state and the traffic, streams what follows, and opens
 * again, ever more slowly, when the line breaks. What the host says is dispatched as messages; nothing is drawn here.
 */
import { createBirpc } from 'birpc';
import type { HostApi, WindowApi } from '../../bridge/contract.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { type Carrier, openCarrier } from './carrier.ts';
import { asError } from './host-error.ts';
import type { Link, Message } from './reduce.ts';

/** Newest events asked for at once; older ones are fetched when someone scrolls to them. */
export const PAGE = 5_000;
const BATCH_MS = 120;
const RETRY_MS = [500, 1_000, 2_000, 5_000];

export interface Connection {
  /** The host's functions; rejects while the line is down. */
  host(): HostApi;
  /** Tries at once instead of waiting. */
  retry(): void;
}

interface Line {
  dispatch: (message: Message) => void;
  lastId: () => number;
}

function decode(text: string): unknown {
  const frame = JSON.parse(text) as { t?: string; e?: unknown };
  return frame.t === 's' && frame.e !== undefined ? { ...frame, e: asError(frame.e) } : frame;
}

/** Collects what streams in and hands it on a few times a second: the eye needs no more, the list redraws less. */
function batched(flush: (events: TrafficEvent[]) => void): (events: TrafficEvent[]) => void {
  let waiting: TrafficEvent[] = [];
  return (events) => {
    if (waiting.length === 0) {
      setTimeout(() => {
        const all = waiting;
        waiting = [];
        flush(all);
      }, BATCH_MS);
    }
    waiting.push(...events);
  };
}

function notices(dispatch: Line['dispatch']): WindowApi {
  const stream = batched((events) => dispatch({ type: 'eventsStreamed', events }));
  return {
    stateChanged: (state) => dispatch({ type: 'stateReceived', state }),
    eventsRecorded: stream,
    stepFinished: (_run, scenario, step) => dispatch({ type: 'stepFinished', scenario, step }),
    scenarioFinished: (_run, report) => dispatch({ type: 'scenarioFinished', report }),
  };
}

async function converse(host: HostApi, line: Line): Promise<void> {
  line.dispatch({ type: 'linkChanged', link: { status: 'live' } });
  line.dispatch({ type: 'stateReceived', state: await host.state() });
  const after = line.lastId();
  const events = await host.traffic(after > 0 ? { after, limit: 10_000 } : { limit: PAGE });
  line.dispatch({ type: 'trafficAnswered', events, olderLeft: after === 0 && events.length === PAGE });
  const last = await host.lastRehearsal();
  if (last) line.dispatch({ type: 'rehearsalFinished', report: last });
}

/** A page that was served once but whose cookie is gone gets 401 or 403: retrying can't help. */
async function isRefused(): Promise<boolean> {
  if (window.greenroom) return false;
  try {
    const answer = await fetch(window.location.pathname, { cache: 'no-store', redirect: 'manual' });
    return answer.status === 401 || answer.status === 403;
  } catch {
    return false;
  }
}

/** Connects, and stays connected. */
export function connect(line: Line): Connection {
  let current: { host: HostApi; end: () => void } | null = null;
  let attempt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const wait = (reason: string): void => {
    const delay = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 5_000;
    attempt += 1;
    changeLink({ status: 'lost', reason, retryAt: Date.now() + delay });
    timer = setTimeout(() => void open(), delay);
  };
  const changeLink = (link: Link): void => line.dispatch({ type: 'linkChanged', link });

  async function open(): Promise<void> {
    clearTimeout(timer);
    let carrier: Carrier;
    try {
      carrier = await openCarrier();
    } catch (error) {
      if (await isRefused()) changeLink({ status: 'refused' });
      else wait(error instanceof Error ? error.message : 'the host does not answer');
      return;
    }
    const rpc = createBirpc<HostApi, WindowApi>(notices(line.dispatch), {
      post: (text: string) => carrier.send(text),
      on: (sink) => carrier.onMessage(sink),
      serialize: (value) => JSON.stringify(value),
      deserialize: decode,
      timeout: 3_600_000,
    });
    current = { host: rpc, end: () => rpc.$close(new Error('the host went away')) };
    carrier.onClose(() => {
      current?.end();
      current = null;
      wait('the host closed the line');
    });
    attempt = 0;
    await converse(rpc, line).catch(() => carrier.close());
  }

  void open();
  return {
    host: () => {
      if (!current) throw new Error('The host does not answer; the window is reconnecting.');
      return current.host;
    },
    retry: () => void open(),
  };
}
