/**
 * Ends this process when a mutant runs for too long: a thread of its own, as an endless loop leaves the main thread
 * no turn. The parent starts another process, which goes on after that mutant.
 */
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { note } from './job.ts';

const LOOK_EVERY_MS = 250;
/** Places in the shared memory. */
const ROUND = 0;
const ID = 1;
const LIMIT_MS = 2;

interface Shared {
  memory: SharedArrayBuffer;
  journal: string;
}

export interface Watchdog {
  /** The mutant may take so long from here on. */
  start(id: string, limitMs: number): void;
  stop(): void;
}

/** Starts the thread. */
export function startWatchdog(journal: string): Watchdog {
  const memory = new SharedArrayBuffer(12);
  const cells = new Int32Array(memory);
  new Worker(new URL(import.meta.url), { workerData: { memory, journal } satisfies Shared }).unref();
  return {
    start(id, limitMs) {
      Atomics.store(cells, LIMIT_MS, Math.ceil(limitMs));
      Atomics.store(cells, ID, Number(id));
      Atomics.add(cells, ROUND, 1);
    },
    stop() {
      Atomics.store(cells, LIMIT_MS, 0);
      Atomics.add(cells, ROUND, 1);
    },
  };
}

function watch({ memory, journal }: Shared): void {
  const cells = new Int32Array(memory);
  let round = -1;
  let since = 0;
  setInterval(() => {
    const limit = Atomics.load(cells, LIMIT_MS);
    const now = Date.now();
    if (Atomics.load(cells, ROUND) !== round) {
      round = Atomics.load(cells, ROUND);
      since = now;
    } else if (limit > 0 && now - since > limit) {
      note(journal, { is: 'timeout', id: String(Atomics.load(cells, ID)), by: 'watchdog' });
      process.kill(process.pid, 'SIGKILL');
    }
  }, LOOK_EVERY_MS);
}

if (!isMainThread && workerData && 'journal' in (workerData as object)) watch(workerData as Shared);
