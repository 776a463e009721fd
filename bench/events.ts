/**
 * What it costs to record an event, from the data plane's call to the disk: as an exchange of the hot path (numbers
 * and head bytes through the ring) and as an object (what the slow path sends). CPU of all threads, on a real
 * recorder in a temporary folder.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRecorder, type Recorder } from '../mesh/recorder.ts';
import type { EventContext, HttpExchange } from '../proxy/event-writer.ts';
import { exchangeEvent } from '../proxy/events/exchange-event.ts';
import { RingEvents } from '../proxy/events/ring-events.ts';
import { createRingMemory, RingReader } from '../proxy/events/ring.ts';
import { SegmentReader } from '../proxy/events/segment-reader.ts';
import { sampleContext, sampleExchange } from '../test/support/exchanges.ts';
import type { BenchOptions, BenchReport } from './bench.ts';
import { median } from './medians.ts';

const CONNECTIONS = 64;
const EVENTS = 100_000;
/** Events between two wake-ups of the reader at 20,000 requests a second. */
const A_WAKE = 600;

interface Figures {
  microsPerEvent: number;
  dropped: number;
}

/** Median CPU of an event, by the way it takes. */
export async function benchEvents({ rounds = 5 }: BenchOptions): Promise<BenchReport> {
  const ways = { exchanges: [] as Figures[], objects: [] as Figures[] };
  for (let round = 0; round <= rounds; round += 1) {
    const exchanges = measure((writer, contexts, exchange, index) =>
      writer.http(contexts[index % CONNECTIONS] as number, exchange),
    );
    const objects = measure((writer, _contexts, exchange) => writer.event(exchangeEvent(CONTEXT, exchange)));
    // The first round warms up.
    if (round === 0) continue;
    ways.exchanges.push(exchanges);
    ways.objects.push(objects);
  }
  const middle = (of: Figures[]): number => median(of.map(({ microsPerEvent }) => microsPerEvent));
  const dropped = [...ways.exchanges, ...ways.objects].reduce((sum, each) => sum + each.dropped, 0);
  const figures = { exchangeMicros: middle(ways.exchanges), objectMicros: middle(ways.objects), dropped };
  return {
    lines: [
      `hot path  ${figures.exchangeMicros.toFixed(2)} µs of CPU an event, on disk`,
      `object    ${figures.objectMicros.toFixed(2)} µs of CPU an event, on disk`,
    ],
    figures,
    failures: dropped === 0 ? [] : [`${dropped} events were dropped`],
  };
}

const CONTEXT: EventContext = sampleContext();

type Write = (writer: RingEvents, contexts: readonly number[], exchange: HttpExchange, index: number) => void;

function measure(write: Write): Figures {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-bench-'));
  const recorder = openRecorder(folder, { session: 'bench', mesh: 'bench', root: folder, startedAt: '' });
  try {
    const { cpu, events } = drive(recorder, write);
    return { microsPerEvent: cpu / EVENTS, dropped: recorder.counts().dropped + EVENTS - events };
  } finally {
    recorder.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function drive(recorder: Recorder, write: Write): { cpu: number; events: number } {
  const memory = createRingMemory(8 * 1024 * 1024);
  const writer = new RingEvents(memory, () => undefined);
  const [ring, reader] = [new RingReader(memory), new SegmentReader(1)];
  const contexts = Array.from({ length: CONNECTIONS }, () => writer.context(CONTEXT));
  const exchanges = Array.from({ length: 1_000 }, exchange);
  const before = process.cpuUsage();
  for (let index = 0; index < EVENTS; index += 1) {
    write(writer, contexts, exchanges[index % exchanges.length] as HttpExchange, index);
    if (index % A_WAKE !== 0) continue;
    const octets = ring.read();
    const segment = octets && reader.read(octets, ring.dropped());
    if (segment) recorder.record(segment);
  }
  const rest = ring.read();
  const segment = rest && reader.read(rest, ring.dropped());
  if (segment) recorder.record(segment);
  recorder.write();
  const { user, system } = process.cpuUsage(before);
  writer.close();
  return { cpu: user + system, events: recorder.counts().events };
}

/** Heads of the usual size: about 400 and 150 bytes, each with an id of its own. */
function exchange(): HttpExchange {
  const client = 'By=spiffe://cluster.local/ns/shop/sa/orders;Hash=' + 'a1'.repeat(32);
  const lines = [
    `x-request-id: ${randomUUID()}`,
    'x-forwarded-proto: https',
    'user-agent: bench',
    `x-forwarded-client-cert: ${client};URI=spiffe://cluster.local/ns/shop/sa/web`,
  ];
  return sampleExchange(lines.join('\r\n'), {
    responseHead: Buffer.from(
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ndate: Thu, 26 Nov 2026 20:00:00 GMT\r\nserver: istio-envoy\r\n\r\n',
    ),
  });
}
