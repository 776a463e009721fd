/** Plays DecisionSuites through the listeners of a data plane, case by case, and compares. */
import { setTimeout as wait } from 'node:timers/promises';
import { readSuite, type Suite } from '../../cli/read-suite.ts';
import type { DecisionCase } from '../../model/decision-suite.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { callerOf, sentRequest } from '../../policy/suite-case.ts';
import type { DataPlane } from '../../proxy/data-plane.ts';
import type { BoundListener } from '../../proxy/snapshot.ts';
import { type Authorizer, startAuthorizer } from './authorizer.ts';
import { type Certificates, createCertificates } from './certificates.ts';
import { playClient, type Observation, type Shown } from './client.ts';
import { compareVerdict } from './compare-verdict.ts';
import { instanceOf, snapshotOf } from './decision-world.ts';
import type { PlayedCase, SuitePlayer } from './suite-player.ts';
import { type Recorder, startRecorder } from './recorder.ts';
import { startDataPlane } from '../../proxy/worker-data-plane.ts';

/** Cases in flight at once. */
const CLIENTS = 32;
const CASE_TIMEOUT_MS = 20_000;
const EVENT_PATIENCE_MS = 20_000;
const EVENT_POLL_MS = 10;

/** What all suites of a run share. */
interface Stage {
  plane: DataPlane;
  behind: Recorder;
  authorizer: Authorizer;
  certificates: Certificates;
  events: TrafficEvent[];
  /** Of the last case and the last snapshot: both only grow. */
  cases: number;
  version: number;
}

/** Starts a data plane and an application; suites are played one after the other. */
export async function startDecisionPlayer(): Promise<SuitePlayer> {
  const [plane, behind, authorizer, certificates] = await Promise.all([
    startDataPlane(),
    startRecorder(),
    startAuthorizer(),
    createCertificates(),
  ]);
  const stage: Stage = { plane, behind, authorizer, certificates, events: [], cases: 0, version: 0 };
  plane.onEvents((batch) => stage.events.push(...batch));
  return {
    play: async (file) => playSuite(stage, await readSuite(file)),
    close: async () => {
      await plane.close();
      await behind.close();
      await authorizer.close();
    },
  };
}

async function playSuite(stage: Stage, suite: Suite): Promise<PlayedCase[]> {
  stage.version += 1;
  const answer = await stage.plane.publish(await snapshotOf(stage.version, suite, stage));
  if (answer.kind === 'nack') {
    const why = answer.problems.map(({ message }) => message).join('; ');
    return suite.cases.map(({ id }) => ({
      id,
      differences: [`the data plane refuses the snapshot: ${why}`],
    }));
  }
  const observations = new Map<string, { number: number; seen: Observation }>();
  await eachOf(suite.cases, CLIENTS, async (one) => {
    stage.cases += 1;
    const number = stage.cases;
    observations.set(one.id, { number, seen: await playCase(stage, one, number, answer.listeners) });
  });
  const events = await eventsOf(
    stage,
    [...observations.values()].map(({ number }) => String(number)),
  );
  return suite.cases.map((one) => {
    const { number, seen } = observations.get(one.id) as { number: number; seen: Observation };
    const played = {
      seen,
      arrival: stage.behind.arrival(number),
      echoed: stage.behind.echoed(number),
      checked: stage.authorizer.checked(number),
      events: events.get(String(number)) ?? [],
    };
    return { id: one.id, differences: compareVerdict(one.expect, played) };
  });
}

async function playCase(
  { plane, certificates }: Stage,
  one: DecisionCase,
  number: number,
  listeners: readonly BoundListener[],
): Promise<Observation> {
  const instance = instanceOf(one);
  const target = listeners.find((at) => at.instance === instance && at.key === String(one.to.port));
  if (target === undefined) throw new Error(`no listener for ${instance}:${one.to.port}`);
  const from = callerOf(one);
  return playClient(
    {
      number,
      target,
      from,
      certificate: await shown(certificates, one.from),
      request: sentRequest(one),
      introduce: ({ address, port }) =>
        plane.declareSource({ localAddress: address, localPort: port, ip: from.ip, tag: String(number) }),
    },
    AbortSignal.timeout(CASE_TIMEOUT_MS),
  );
}

async function shown(certificates: Certificates, from: DecisionCase['from']): Promise<Shown> {
  const { principal, certificate } = from;
  if (principal === undefined || certificate === 'none') return null;
  return certificates.of(`spiffe://${principal}`, certificate ?? 'valid');
}

/** Events by case; a connection that just closed may take a moment to be told. */
async function eventsOf(
  { plane, events }: Stage,
  tags: readonly string[],
): Promise<Map<string, TrafficEvent[]>> {
  const deadline = Date.now() + EVENT_PATIENCE_MS;
  for (;;) {
    await plane.flush();
    const told = Map.groupBy(events, ({ tag }) => tag ?? '');
    if (tags.every((tag) => told.has(tag)) || Date.now() > deadline) {
      events.length = 0;
      return told;
    }
    await wait(EVENT_POLL_MS);
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
