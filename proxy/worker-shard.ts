/**
 * One worker of the data plane as its owner sees it: calls with answers, events out of its ring, and its end. It
 * decides nothing about restarts.
 */
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { EventSegment } from './events/event-segment.ts';
import { createHeart, watchHeart, WorkerHung } from './heartbeat.ts';
import { createRingMemory, RingReader } from './events/ring.ts';
import { SegmentReader } from './events/segment-reader.ts';
import type { FromWorker, ShardAnswer, ToWorker, WorkerSettings } from './worker-messages.ts';

/** At 20,000 requests a second the control plane may be busy for about a quarter of a second. */
const RING_BYTES = 8 * 1024 * 1024;

/** `Omit` that keeps the members of a union apart. */
type WithoutCall<T> = T extends unknown ? Omit<T, 'call'> : never;
export type ShardCall = WithoutCall<ToWorker>;

export interface ShardSinks {
  events(segment: EventSegment): void;
  /** Once, when a thread that had started has ended, whoever wanted it. All its events were told before. */
  ended(reason: Error): void;
}

export interface Shard {
  /** Rejects when the thread ends before it has answered. */
  call(message: ShardCall): Promise<ShardAnswer>;
  /** Closes its listeners and connections, then the thread. Idempotent. */
  close(): Promise<void>;
}

/**
 * V8 starts with one MB for what is young, and at many short-lived objects a second it collects all the time, with
 * helpers on every core: measured at a third of the CPU of a request. Its helpers cost more than they help where nearly
 * nothing that is young survives: with young collections on one thread, beside Envoy in one run, 0.74 of its CPU a
 * request instead of 0.88. A thread takes these settings over when it starts; full collections keep their helpers.
 */
const GARBAGE = ['--min-semi-space-size=16', '--single-threaded-gc'];

interface Pending {
  resolve(answer: ShardAnswer): void;
  reject(error: Error): void;
}

/**
 * Starts a worker; resolves when it answers calls. `stream` numbers the writer of its events. Rejects when the thread
 * ends before, or stands still for `limits.startTimeoutMs` and is ended.
 */
export async function startShard(
  settings: Omit<WorkerSettings, 'ring' | 'heart'>,
  stream: number,
  sinks: ShardSinks,
): Promise<Shard> {
  const memory = createRingMemory(RING_BYTES);
  const ring = new RingReader(memory);
  const reader = new SegmentReader(stream);
  const file = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
  const heart = createHeart();
  const workerData: WorkerSettings = { ...settings, ring: memory, heart };
  for (const setting of GARBAGE) setFlagsFromString(setting);
  const worker = new Worker(file, { workerData, name: `greenroom data plane ${settings.share.index}` });
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const pending = new Map<number, Pending>();
  let calls = 0;
  let end: Error | null = null;
  let closing: Promise<void> | null = null;
  /** Why the thread is about to end. */
  let failure: Error | null = null;
  const watch = (hungAfterMs: number): (() => void) =>
    watchHeart(heart, hungAfterMs, () => {
      failure = new WorkerHung(hungAfterMs);
      void worker.terminate();
    });
  let endWatch = watch(settings.limits.startTimeoutMs);

  const drain = (): void => {
    const octets = ring.read();
    const segment = octets && reader.read(octets, ring.dropped());
    if (segment !== null) sinks.events(segment);
  };
  let ended: (reason: Error) => void;
  const ready = new Promise<void>((resolve, reject) => {
    ended = reject;
    worker.on('message', (message: FromWorker) => {
      // Whatever it says, what happened before it said so comes first.
      drain();
      switch (message.kind) {
        case 'ready':
          ended = (reason) => sinks.ended(reason);
          resolve();
          break;
        case 'written':
          break;
        case 'answered':
          pending.get(message.call)?.resolve(message.answer);
          pending.delete(message.call);
          break;
        case 'threw':
          pending.get(message.call)?.reject(new Error(message.message));
          pending.delete(message.call);
          break;
      }
    });
  });
  worker.once('error', (error) => {
    failure ??= error instanceof Error ? error : new Error(String(error));
  });
  // Not at its error already: until it is gone its listeners hold their ports, where the next one will listen.
  worker.once('exit', (code) => {
    endWatch();
    end = failure ?? new Error(`the data plane's thread ended with code ${code}`);
    drain();
    for (const { reject } of pending.values()) reject(end);
    pending.clear();
    ended(end);
  });

  const call = (message: ShardCall): Promise<ShardAnswer> => {
    if (end !== null) return Promise.reject(end);
    calls += 1;
    const id = calls;
    return new Promise((resolve, reject) => {
      pending.set(id, { resolve, reject });
      worker.postMessage({ ...message, call: id } as ToWorker);
    });
  };
  await ready;
  endWatch();
  endWatch = watch(settings.limits.hungAfterMs);
  return {
    call,
    close: () => {
      closing ??= call({ kind: 'close' }).then(
        () => exited,
        () => worker.terminate().then(() => exited),
      );
      return closing;
    },
  };
}
