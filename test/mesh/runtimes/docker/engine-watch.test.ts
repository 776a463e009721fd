import { expect, it } from 'vitest';
import { EngineWatch } from '../../../../mesh/runtimes/docker/engine-watch.ts';
import type { EngineAbsence } from '../../../../model/session-state.ts';
import { eventually } from '../../../support/patience.ts';

/** An engine that is away when it is told to be, and whose stream breaks off on request. */
function fakeEngine() {
  const breaks: (() => void)[] = [];
  return {
    why: null as string | null,
    asked: 0,
    breakOff: () => breaks.splice(0).forEach((one) => one()),
    async silence() {
      this.asked += 1;
      return this.why;
    },
    brokenOff: (signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        breaks.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      }),
  };
}

function watched() {
  const engine = fakeEngine();
  const told: (string | null)[] = [];
  const end = new AbortController();
  const watch = new EngineWatch(engine, (absence: EngineAbsence | null) => told.push(absence?.why ?? null));
  const over = watch.follow(end.signal);
  return { engine, told, watch, end: () => (end.abort(new Error('over')), over), signal: end.signal };
}

it('tells once that the engine went when its stream breaks off, and once that it is back', async () => {
  const { engine, told, watch, end } = watched();
  engine.why = 'nobody listens';
  engine.breakOff();
  await eventually('it is said to be away', () => watch.absence);
  const { asked } = engine;
  await eventually('it is asked again', () => engine.asked > asked + 1);
  expect(told).toEqual(['nobody listens']);
  engine.why = null;
  await eventually('it is back', () => watch.absence === null);
  expect(told).toEqual(['nobody listens', null]);
  await end();
});

it('tells nothing of a stream that breaks off while the engine answers', async () => {
  const { engine, told, watch, end, signal } = watched();
  engine.breakOff();
  await watch.answering(signal);
  expect(told).toEqual([]);
  await end();
});

it('lets those who ask wait until it answers, by a question that came after theirs', async () => {
  const { engine, watch, end, signal } = watched();
  engine.why = 'hangs';
  let answered = 0;
  const waits = [1, 2].map(() => watch.answering(signal).then(() => (answered += 1)));
  await eventually('it is said to be away', () => watch.absence);
  expect(answered).toBe(0);
  engine.why = null;
  await Promise.all(waits);
  expect(answered).toBe(2);
  await end();
});

it('lets nobody wait beyond the signal', async () => {
  const { engine, watch, end, signal } = watched();
  engine.why = 'away';
  const wait = watch.answering(signal);
  const ended = end();
  await expect(wait).rejects.toThrow('over');
  await ended;
});
