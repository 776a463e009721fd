/**
 * Fuzzed messages through a pair of sidecars: no crash, no hang, and nothing that the application's parser reads in
 * another way than our events tell. Half the connections go through the caller's sidecar too.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { authorizationPolicy, type Pair, startPair } from '../support/sidecar-pair.ts';
import { converse } from './attacker.ts';
import { describeReading, Ledger } from './compare-reading.ts';
import { conversation } from './message-grammar.ts';
import { createRandom } from './random.ts';
import { type Read, startWitness } from './witness.ts';

const BATCH = 600;
const AT_ONCE = 200;
const SHOWN = 10;
const PATIENCE_MS = 5_000;

export interface FuzzReport {
  seed: number;
  messages: number;
  connections: number;
  answers: number;
  /** Requests that reached the application. */
  arrived: number;
  hung: string[];
  /** Read by the application and not told by an event. */
  unaccounted: string[];
  /** What the application's parser couldn't read. */
  unreadable: string[];
  /** Resident memory in MB in the middle of the run, and at its end. */
  memoryMb: { early: number; late: number };
}

const ALLOW_ALL = authorizationPolicy('allow-all', { rules: [{}] });
const LIMITS = { headerTimeoutMs: 3_000, idleTimeoutMs: 3_000, tunnelIdleTimeoutMs: 3_000 };

/** Sends about `messages` messages made from `seed`. A crash of the data plane throws. */
export async function fuzzPair(
  messages: number,
  seed: number,
  progress: (sent: number) => void = () => undefined,
): Promise<FuzzReport> {
  const witness = await startWitness();
  const pair = await startPair(witness.address, LIMITS);
  const random = createRandom(seed);
  const ledger = new Ledger();
  const report: FuzzReport = {
    seed,
    messages: 0,
    connections: 0,
    answers: 0,
    arrived: 0,
    hung: [],
    unaccounted: [],
    unreadable: [],
    memoryMb: { early: 0, late: 0 },
  };
  try {
    await pair.publish({ policies: [ALLOW_ALL], mtls: 'PERMISSIVE' });
    const doors = [pair.at('web-0', 'orders:80'), pair.at('orders-0', '8080')];
    while (report.messages < messages) {
      await runBatch(report, doors, random);
      const { read, unreadable } = witness.take();
      report.arrived += read.length;
      report.unreadable.push(...unreadable.slice(0, SHOWN));
      const missing = await unaccountedFor(ledger, read, pair);
      report.unaccounted.push(...missing.slice(0, SHOWN).map(describeReading));
      ledger.turn();
      if (report.memoryMb.early === 0 && report.messages >= messages / 2)
        report.memoryMb.early = residentMb();
      progress(report.messages);
    }
    report.memoryMb.late = residentMb();
    return report;
  } finally {
    await pair.close();
    await witness.close();
  }
}

async function inbound(pair: Pair): Promise<TrafficEvent[]> {
  return (await pair.seen()).filter(({ direction }) => direction === 'inbound');
}

/** The client of a message may be gone before the sidecar is done with it, and with its event: that is waited for. */
async function unaccountedFor(ledger: Ledger, read: readonly Read[], pair: Pair): Promise<Read[]> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let missing = read; ; ) {
    ledger.letThrough(await inbound(pair));
    await pair.clear();
    missing = ledger.read(missing);
    if (missing.length === 0 || performance.now() > deadline) return [...missing];
    await pause(20);
  }
}

type Door = { host: string; port: number };

async function runBatch(
  report: FuzzReport,
  doors: readonly Door[],
  random: ReturnType<typeof createRandom>,
): Promise<void> {
  const waiting: (() => Promise<void>)[] = [];
  for (let count = 0; count < BATCH; ) {
    const { bytes, messages } = conversation(random, `m${report.messages + count}`);
    const door = random.one(doors);
    count += messages;
    waiting.push(async () => {
      const { answers, hung } = await converse(door, bytes, messages);
      report.answers += answers;
      report.connections += 1;
      report.messages += messages;
      if (hung && report.hung.length < SHOWN) report.hung.push(JSON.stringify(bytes.slice(0, 500)));
    });
  }
  const worker = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await next();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function residentMb(): number {
  return Math.round(process.memoryUsage().rss / (1024 * 1024));
}
