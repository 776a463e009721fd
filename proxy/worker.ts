/** A thread of the data plane. Owns the translation of messages to calls; a bug here ends the thread, and so all traffic. */
import { getHeapStatistics } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { CountedEvents } from './events/counted-events.ts';
import { RingEvents } from './events/ring-events.ts';
import { beat } from './heartbeat.ts';
import { SharedSources } from './shared-sources.ts';
import { createSidecars } from './sidecars.ts';
import type { FromWorker, ShardAnswer, ToWorker, WorkerSettings } from './worker-messages.ts';

const port = parentPort;
if (port === null) throw new Error('proxy/worker.ts runs as a worker thread only');
const { limits, ring, heart, share, sources } = workerData as WorkerSettings;
beat(heart, limits.hungAfterMs);
const send = (message: FromWorker): void => port.postMessage(message);
const events = new CountedEvents(new RingEvents(ring, () => send({ kind: 'written' })));
const sidecars = createSidecars({
  limits,
  share,
  events,
  sources: sources === null ? null : new SharedSources(sources),
});

async function run(message: ToWorker): Promise<ShardAnswer> {
  switch (message.kind) {
    case 'prepare':
      return await sidecars.prepare(message.snapshot, message.taken);
    case 'commit':
      sidecars.commit(message.listeners);
      return null;
    case 'rollback':
      sidecars.rollback();
      return null;
    case 'declare-source':
      sidecars.declareSource(message.source);
      return null;
    case 'drained':
      await sidecars.drained(message.instance);
      return null;
    case 'usage': {
      const { user, system } = process.threadCpuUsage();
      const { total_heap_size: heap, external_memory: external } = getHeapStatistics();
      return { cpuMicros: user + system, memoryBytes: heap + external, work: events.work() };
    }
    case 'flush':
      await sidecars.flush();
      return null;
    case 'close':
      await sidecars.close();
      return null;
  }
}

port.on('message', (message: ToWorker) => {
  run(message).then(
    (answer) => {
      send({ kind: 'answered', call: message.call, answer });
      if (message.kind === 'close') port.close();
    },
    (error: unknown) =>
      send({
        kind: 'threw',
        call: message.call,
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
  );
});
send({ kind: 'ready' });
