/**
 * 256 connections while everything changes at once. GREENROOM_LOAD_SECONDS says for how long (default 10), GREENROOM_LOAD_WORKERS
 * on how many threads; the figures are printed. An answer is judged by the events, not by the clock: the version that an event names must have been in
 * force at some moment of the exchange.
 */
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { recordMeasurement } from '../support/measurement.ts';
import { startApplication, startPair } from '../support/sidecar-pair.ts';
import { startStorm, type Answered } from './storm-client.ts';
import { SIDECAR_DRAIN_MS, StormMesh } from './storm-mesh.ts';

const SECONDS = Number(process.env['GREENROOM_LOAD_SECONDS'] ?? 10);
const CONNECTIONS = 256;
const WORKERS = Number(process.env['GREENROOM_LOAD_WORKERS'] ?? 1);
/** An instance may fail this long after it was told to stop. */
const STOP_MS = 500;

/** Open sockets of this process; elsewhere than on Linux the check for handles (leaks.ts) has to do. */
function openFiles(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
}

/** What is wrong with an answer and its event; null = nothing. */
function fault(answer: Answered, event: TrafficEvent, mesh: StormMesh): string | null {
  const reign = mesh.reigns.get(event.snapshotVersion);
  const says = `${answer.id}: ${answer.status}, ${event.decision.reason}, version ${event.snapshotVersion}`;
  if (reign === undefined) return `${says}: no such version`;
  if (reign.from > answer.receivedAt || reign.until < answer.sentAt) return `${says}: not in force meanwhile`;
  if (answer.status === 503) {
    const stops = mesh.stops.get(event.to.instance ?? '') ?? [];
    const excused = stops.some((at) => answer.receivedAt >= at && answer.receivedAt <= at + STOP_MS);
    return excused ? null : `${says}: ${event.to.instance} was not told to stop`;
  }
  const expected = reign.verdict === 'allow' ? 200 : 403;
  if (answer.status !== expected) return `${says}: ${reign.verdict} was in force`;
  return event.decision.verdict === reign.verdict
    ? null
    : `${says}: the event says ${event.decision.verdict}`;
}

it(
  'every answer fits a policy that was in force, and no connection breaks, while policies, certificates, roots and instances change',
  async () => {
    const files = openFiles();
    const application = await startApplication((_request, response) => void response.end('ok'));
    const pair = await startPair(application.address, { drainMs: SIDECAR_DRAIN_MS }, WORKERS);
    const mesh = new StormMesh(pair, application);
    const answers = new Map<string, Answered>();
    const faults: string[] = [];
    const counts = { answers: 0, allowed: 0, denied: 0, unavailable: 0, events: 0, lost: 0 };
    const waiting: TrafficEvent[] = [];
    const check = (event: TrafficEvent): void => {
      const answer = answers.get(event.requestId ?? '');
      if (answer === undefined) {
        waiting.push(event);
        return;
      }
      answers.delete(answer.id);
      const wrong = fault(answer, event, mesh);
      if (wrong !== null) faults.push(wrong);
    };
    pair.plane.onEvents((batch) => {
      counts.lost += batch.lost;
      counts.events += batch.length;
      // An exchange is over for its client some time before or after its event is told: those that were early wait.
      const early = waiting.splice(0);
      for (const event of early) check(event);
      for (const event of batch) if (isJudgement(event)) check(event);
    });
    await mesh.start();
    const stop = new AbortController();
    const storm = await startStorm(pair.at('web-0', 'orders:80'), CONNECTIONS, {
      answered: (answer) => {
        counts.answers += 1;
        if (answer.status === 200) counts.allowed += 1;
        else if (answer.status === 403) counts.denied += 1;
        else counts.unavailable += 1;
        answers.set(answer.id, answer);
      },
      broken: (id) => faults.push(`${id}: the connection broke`),
    });
    const life = mesh.live(stop.signal);
    await Promise.race([delay(SECONDS * 1_000), life]);
    stop.abort();
    await life;
    await storm.stop();
    await pair.plane.flush();
    for (const event of waiting.splice(0)) check(event);
    await pair.close();
    await application.close();
    const figures = {
      seconds: SECONDS,
      connections: CONNECTIONS,
      workers: WORKERS,
      ...counts,
      faults: faults.length,
      versions: mesh.reigns.size,
      rotations: mesh.rotations,
      rootRotations: mesh.rootRotations,
      stops: [...mesh.stops.values()].flat().length,
    };
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    recordMeasurement(
      'load',
      `GREENROOM_MEASURE=1 GREENROOM_LOAD_SECONDS=${SECONDS} npm run test:load`,
      figures,
    );
    expect(faults.slice(0, 20)).toEqual([]);
    expect([...answers.keys()].slice(0, 20), 'answers without an event').toEqual([]);
    expect(waiting, 'events of no answer').toEqual([]);
    expect(counts).toMatchObject({ lost: 0 });
    expect(Math.min(counts.allowed, counts.denied)).toBeGreaterThan(CONNECTIONS);
    await settled(() => openFiles() <= files);
  },
  (SECONDS + 60) * 1_000,
);

/** The event that tells why an answer is what it is: the callee's sidecar's; where it never got there, the caller's. */
function isJudgement(event: TrafficEvent): boolean {
  if (event.kind !== 'http') return false;
  return event.direction === 'inbound' ? event.response?.status !== 503 : event.response?.status === 503;
}

/** Sockets close in their own time. */
async function settled(isSettled: () => boolean, triesLeft = 100): Promise<void> {
  if (isSettled()) return;
  expect(triesLeft, 'descriptors that are still open').toBeGreaterThan(0);
  await delay(50);
  await settled(isSettled, triesLeft - 1);
}
