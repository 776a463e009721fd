/** The data plane's thread. Owns the translation of messages to calls; a bug here ends the thread, and so all traffic. */
import { parentPort, workerData } from 'node:worker_threads';
import { RingEvents } from './events/ring-events.ts';
import { createSidecars } from './sidecars.ts';
import type { SnapshotAnswer } from './snapshot.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './worker-messages.ts';

const port = parentPort;
if (port === null) throw new Error('proxy/worker.ts runs as a worker thread only');
const { limits, ring } = workerData as WorkerSettings;
const send = (message: FromWorker): void => port.postMessage(message);
const sidecars = createSidecars(limits, new RingEvents(ring, () => send({ kind: 'written' })));

async function run(message: ToWorker): Promise<SnapshotAnswer | null> {
  switch (message.kind) {
    case 'publish':
      return sidecars.publish(message.snapshot);
    case 'declare-source':
      sidecars.declareSource(message.source);
      return null;
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
