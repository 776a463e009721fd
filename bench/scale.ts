/**
 * `npm run bench -- scale`: what one data plane with many sidecars costs: memory, time to the first ACK, and
 * the requests a second of two of them while the others are there. `--cases` names other numbers of sidecars.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchOptions, BenchReport } from './bench.ts';
import { type Backend, startBackend } from './pair/backend.ts';
import { CASES, wholeHundreds } from './pair/cases.ts';
import { load } from './pair/h2load.ts';
import { residentKb } from './pair/processes.ts';
import { startGreenroom } from './peers/greenroom.ts';

const SIDECARS = ['10', '100', '500'];
/** Of those, two are the pair that is asked. */
const PAIR = 2;
/** Memory of each further sidecar. */
const MOST_KB = 2_048;
const WARM_UP_REQUESTS = 3_200;

interface ScaleFigures {
  start_ms: number;
  /** When each sidecar has called once and been called once. */
  rss_kb: number;
  rps: number;
}

export async function benchScale({
  rounds = 5,
  seconds = 2,
  cases = SIDECARS,
  check = false,
}: BenchOptions): Promise<BenchReport> {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-scale-'));
  let backend: Backend | null = null;
  try {
    backend = await startBackend(folder);
    const samples = new Map<number, ScaleFigures[]>(cases.map((sidecars) => [Number(sidecars), []]));
    for (let round = 0; round < rounds; round += 1)
      for (const [sidecars, measured] of samples)
        measured.push(await measure(backend, join(folder, `${round}-${sidecars}`), { sidecars, seconds }));
    return report(samples, check);
  } finally {
    await backend?.program.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  backend: Backend,
  dataDir: string,
  { sidecars, seconds }: { sidecars: number; seconds: number },
): Promise<ScaleFigures> {
  mkdirSync(dataDir, { mode: 0o700 });
  const upstreams = backend.ports;
  const running = await startGreenroom({ dataDir, policy: true, upstreams, others: sidecars - PAIR });
  try {
    for (const other of running.others) await useOnce(other);
    const rss = running.pids.reduce((sum, pid) => sum + residentKb(pid), 0);
    const benchCase = CASES.find(({ name }) => name === 'h1-c32-0b');
    const port = running.ports.http1;
    if (benchCase === undefined || port === undefined) throw new Error('nothing to ask');
    const ask = (requests: number): ReturnType<typeof load> =>
      load({ port, benchCase, requests: wholeHundreds(requests, benchCase), denied: true });
    const warm = await ask(WARM_UP_REQUESTS);
    const { rps } = await ask(warm.rps * seconds);
    return { start_ms: running.startMs, rss_kb: rss, rps };
  } finally {
    await running.stop();
  }
}

/** Both listeners, both certificates, and the policy, which denies it. */
async function useOnce(port: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/bench/0b`);
  await answer.arrayBuffer();
  if (answer.status !== 403) throw new Error(`a further sidecar answered ${answer.status}`);
}

function report(samples: ReadonlyMap<number, readonly ScaleFigures[]>, check: boolean): BenchReport {
  const medians = [...samples].map(([sidecars, rounds]) => ({
    sidecars,
    start_ms: median(rounds.map(({ start_ms }) => start_ms)),
    rss_kb: median(rounds.map(({ rss_kb }) => rss_kb)),
    rps: median(rounds.map(({ rps }) => rps)),
  }));
  const [fewest, most] = [medians[0], medians.at(-1)];
  const further =
    fewest && most && most.sidecars > fewest.sidecars
      ? (most.rss_kb - fewest.rss_kb) / (most.sidecars - fewest.sidecars)
      : Number.NaN;
  const holds = further <= MOST_KB;
  const demand = `${Math.round(further)} KB for each further sidecar (at most ${MOST_KB})`;
  return {
    lines: [
      ...medians.map(
        ({ sidecars, start_ms, rss_kb, rps }) =>
          `${String(sidecars).padEnd(6)} sidecars: start ${Math.round(start_ms)} ms, ${Math.round(rss_kb)} KB, ${Math.round(rps)} requests/s`,
      ),
      `${holds ? 'holds ' : 'FAILS '}    ${demand}`,
    ],
    figures: {
      sidecars: Object.fromEntries(medians.map(({ sidecars, ...figures }) => [sidecars, figures])),
      further_sidecar_kb: further,
    },
    failures: check && !holds ? [demand] : [],
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? Number.NaN) * 10) / 10;
}
