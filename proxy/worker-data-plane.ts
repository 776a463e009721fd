/**
 * Runs the data plane on a worker thread, so that a busy control plane or window never slows a request. When the
 * thread dies, its sockets die with it: nothing passes, and the owner is told once.
 */
import { Worker } from 'node:worker_threads';
import type { DataPlane } from './data-plane.ts';
import type { EventSegment } from './events/event-segment.ts';
import { createRingMemory, RingReader } from './events/ring.ts';
import { SegmentReader } from './events/segment-reader.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import type { SnapshotAnswer } from './snapshot.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './worker-messages.ts';

/** At 20,000 requests a second the control plane may be busy for about a quarter of a second. */
const RING_BYTES = 8 * 1024 * 1024;

export interface DataPlaneOptions {
  limits?: Partial<Limits>;
}

/** `Omit` that keeps the members of a union apart. */
type WithoutCall<T> = T extends unknown ? Omit<T, 'call'> : never;
type Call = WithoutCall<ToWorker>;

interface Pending {
  resolve(answer: SnapshotAnswer | null): void;
  reject(error: Error): void;
}

/** Resolves when the thread runs; nothing listens before the first snapshot. */
export async function startDataPlane(options: DataPlaneOptions = {}): Promise<DataPlane> {
  const memory = createRingMemory(RING_BYTES);
  const settings: WorkerSettings = { limits: { ...DEFAULT_LIMITS, ...options.limits }, ring: memory };
  const ring = new RingReader(memory);
  const reader = new SegmentReader(1);
  const file = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
  const worker = new Worker(file, { workerData: settings, name: 'greenroom data plane' });
  const pending = new Map<number, Pending>();
  const early: EventSegment[] = [];
  let calls = 0;
  let events: ((segment: EventSegment) => void) | null = null;
  let crashed: Error | null = null;
  let onCrash: ((reason: Error) => void) | null = null;
  let closing: Promise<void> | null = null;
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));

  const drain = (): void => {
    const octets = ring.read();
    const segment = octets && reader.read(octets, ring.dropped());
    if (segment === null) return;
    if (events === null) early.push(segment);
    else events(segment);
  };
  const die = (reason: Error): void => {
    if (crashed !== null) return;
    crashed = reason;
    drain();
    for (const { reject } of pending.values()) reject(reason);
    pending.clear();
    if (closing === null) onCrash?.(reason);
  };
  const ready = new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.on('message', (message: FromWorker) => {
      switch (message.kind) {
        case 'ready':
          worker.removeListener('error', reject);
          resolve();
          break;
        case 'written':
          drain();
          break;
        case 'answered':
          drain();
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
  worker.on('error', (error) => die(error instanceof Error ? error : new Error(String(error))));
  worker.once('exit', (code) => die(new Error(`the data plane's thread ended with code ${code}`)));

  const call = (message: Call): Promise<SnapshotAnswer | null> => {
    if (crashed !== null) return Promise.reject(crashed);
    calls += 1;
    const id = calls;
    return new Promise((resolve, reject) => {
      pending.set(id, { resolve, reject });
      worker.postMessage({ ...message, call: id } as ToWorker);
    });
  };

  await ready;
  return {
    publish: async (snapshot) => (await call({ kind: 'publish', snapshot })) as SnapshotAnswer,
    declareSource: async (source) => {
      await call({ kind: 'declare-source', source });
    },
    onEvents: (sink) => {
      events = sink;
      for (const segment of early.splice(0)) sink(segment);
    },
    onCrash: (sink) => {
      onCrash = sink;
      if (crashed !== null && closing === null) sink(crashed);
    },
    flush: async () => {
      await call({ kind: 'flush' });
    },
    close: () => {
      closing ??=
        crashed !== null
          ? exited
          : call({ kind: 'close' }).then(
              () => exited,
              () => worker.terminate().then(() => exited),
            );
      return closing;
    },
  };
}
