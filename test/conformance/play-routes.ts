/** Plays RouteSuites through the outbound listeners of a data plane, case by case, and compares. */
import { setTimeout as wait } from 'node:timers/promises';
import type { RouteCase, RouteSuite } from '../../model/route-suite.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import type { SentRequest } from '../../policy/receive-request.ts';
import type { DataPlane } from '../../proxy/data-plane.ts';
import type { BoundListener } from '../../proxy/snapshot.ts';
import { startDataPlane } from '../../proxy/worker-data-plane.ts';
import { readRouteSuite, sentHeaders } from '../support/route-suites.ts';
import { createCertificates } from './certificates.ts';
import { playClient, type Observation } from './client.ts';
import { compareRoute, type PlayedRoute } from './compare-route.ts';
import { RouteUpstream } from './route-upstream.ts';
import { clientOf, listenerKey, routeSnapshot, type RouteStage } from './route-world.ts';
import type { PlayedCase, SuitePlayer } from './suite-player.ts';

/** Cases in flight at once. */
const CLIENTS = 12;
const CASE_TIMEOUT_MS = 10_000;
/** How long mirrored requests and events may take after the last answer. */
const SETTLE_MS = 15_000;
const POLL_MS = 10;

interface Stage extends RouteStage {
  plane: DataPlane;
  events: TrafficEvent[];
  cases: number;
  version: number;
}

/** Starts a data plane; suites are played one after the other. */
export async function startRoutePlayer(): Promise<SuitePlayer> {
  const [plane, certificates] = await Promise.all([startDataPlane(), createCertificates()]);
  const stage: Stage = {
    plane,
    certificates,
    upstream: new RouteUpstream(),
    events: [],
    cases: 0,
    version: 0,
  };
  plane.onEvents((batch) => stage.events.push(...batch));
  return {
    play: async (file) => playSuite(stage, readRouteSuite(file)),
    close: async () => {
      await plane.close();
      await stage.upstream.clear();
    },
  };
}

async function playSuite(stage: Stage, suite: RouteSuite): Promise<PlayedCase[]> {
  stage.version += 1;
  const answer = await stage.plane.publish(await routeSnapshot(stage.version, suite, stage));
  const { cases, volatile } = suite.suite.spec;
  if (answer.kind === 'nack') {
    const why = answer.problems.map(({ message }) => message).join('; ');
    return cases.map(({ id }) => ({ id, differences: [`the data plane refuses the snapshot: ${why}`] }));
  }
  const seen = new Map<string, { number: number; all: Observation[] }>();
  await eachOf(cases, CLIENTS, async (one) => {
    stage.cases += 1;
    const number = stage.cases;
    stage.upstream.expect(number, one.upstream, Object.hasOwn(one.request.headers, 'x-envoy-internal'));
    const all: Observation[] = [];
    for (let turn = 0; turn < one.repeat; turn += 1)
      all.push(await playCase(stage, suite, one, number, answer.listeners));
    seen.set(one.id, { number, all });
  });
  const played = (one: RouteCase, events: ReadonlyMap<string, TrafficEvent[]>): PlayedRoute => {
    const { number, all } = seen.get(one.id) as { number: number; all: Observation[] };
    return {
      one,
      seen: all,
      events: events.get(String(number)) ?? [],
      requests: stage.upstream.requests(number),
      mirrored: stage.upstream.mirrored(number),
      volatile,
    };
  };
  const events = await settled(stage, cases, (one) => seen.get(one.id)?.number ?? 0);
  const results = cases.map((one) => ({ id: one.id, differences: compareRoute(played(one, events)) }));
  await stage.upstream.clear();
  return results;
}

async function playCase(
  { plane }: Stage,
  suite: RouteSuite,
  one: RouteCase,
  number: number,
  listeners: readonly BoundListener[],
): Promise<Observation> {
  const key = listenerKey(suite, one);
  const target = listeners.find((at) => at.instance === clientOf(one) && at.key === key);
  if (target === undefined) throw new Error(`no listener ${key}`);
  return playClient(
    {
      number,
      target,
      from: { ip: '10.255.0.1', tls: 'plaintext' },
      certificate: null,
      request: requestOf(one),
      introduce: ({ address, port }) =>
        plane.declareSource({
          localAddress: address,
          localPort: port,
          ip: '10.255.0.1',
          tag: String(number),
        }),
    },
    AbortSignal.timeout(CASE_TIMEOUT_MS),
  );
}

/** null: bytes. */
function requestOf(one: RouteCase): SentRequest | null {
  const { protocol, method, path, host } = one.request;
  if (protocol === 'tcp') return null;
  const headers = sentHeaders(one).map(([name, value]): [string, string] => [
    name,
    Buffer.from(value).toString('latin1'),
  ]);
  const bytes = Buffer.from(host || (one.to.host ?? '')).toString('latin1');
  return { protocol: protocol === 'http' ? 'http1' : 'http2', method, path, host: bytes, headers };
}

/** Events by case, when all of them and the expected mirrors are there, or the time is over. */
async function settled(
  { plane, events, upstream }: Stage,
  cases: readonly RouteCase[],
  numberOf: (one: RouteCase) => number,
): Promise<Map<string, TrafficEvent[]>> {
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    await plane.flush();
    const told = Map.groupBy(events, ({ tag }) => tag ?? '');
    const complete = cases.every((one) => {
      const number = numberOf(one);
      const mirrors = one.repeat > 1 ? 0 : (one.expect.mirrored?.length ?? 0);
      return told.has(String(number)) && upstream.mirrored(number).length >= mirrors;
    });
    if (complete || Date.now() > deadline) {
      events.length = 0;
      return told;
    }
    await wait(POLL_MS);
  }
}

/** Runs `run` on every item, `width` at a time. */
async function eachOf<T>(items: readonly T[], width: number, run: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const item of rest) await run(item);
    }),
  );
}
