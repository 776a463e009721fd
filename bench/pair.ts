/**
 * `npm run bench -- pair`: the same two-hop pair (client, client's sidecar, mutual TLS, server's sidecar with a policy
 * on identity, method and path, application) made of Greenroom and of each peer that is installed, asked the same in
 * interleaved rounds. Every pair has one core for both sidecars; load and application share another.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError } from '../model/environment-error.ts';
import type { BenchOptions, BenchReport } from './bench.ts';
import { type Backend, startBackend } from './pair/backend.ts';
import { type BenchCase, CASES, DENIED_EVERY, wholeHundreds } from './pair/cases.ts';
import { judgeRatios } from './pair/demands.ts';
import { load, type Loaded } from './pair/h2load.ts';
import { type Identities, makeIdentities } from './pair/identities.ts';
import { cpuMicros, find, residentKb } from './pair/processes.ts';
import { type CaseFigures, medianFigures, type PeerFigures, tableOf } from './pair/figures.ts';
import { direct } from './peers/direct.ts';
import { envoy } from './peers/envoy.ts';
import { greenroom, greenroomWithoutPolicy } from './peers/greenroom.ts';
import { haproxy } from './peers/haproxy.ts';
import { httpProxy } from './peers/http-proxy.ts';
import { nginx } from './peers/nginx.ts';
import type { PairPeer, RecordedCounts, RunningPair } from './peers/pair-peer.ts';

const PEERS: readonly PairPeer[] = [
  greenroom,
  greenroomWithoutPolicy,
  envoy,
  nginx,
  haproxy,
  httpProxy,
  direct,
];
/** How many requests the first warm-up sends, before it is known how fast a pair is. */
const WARM_UP_REQUESTS = 1_500;
/** What is compiled while it runs needs some ten thousand requests to become as fast as it is; each has what it needs. */
const LEAST_WARM_UPS = 3;
const MOST_WARM_UPS = 8;
/** Warm: another round was faster by less than this. */
const STILL_FASTER = 1.05;

/** Share of a peer's answers that may be other than asked for: nginx now and then meets a kept-alive connection that closes. */
const STRAY = 0.002;

interface Contender {
  peer: PairPeer;
  running: RunningPair;
  /** Requests of a round, by case: what it manages in the time of a round. Absent: it can't do the case. */
  requests: Map<string, number>;
  samples: Map<string, CaseFigures[]>;
  /** Of the measured rounds. */
  recorded: Recorded | null;
}

interface Recorded {
  events_recorded: number;
  events_dropped: number;
  denied_expected: number;
  denied_seen: number;
}

/** Figures of every peer and case; ratios are judged with `check` only. */
export async function benchPair({
  rounds = 5,
  seconds = 4,
  cases,
  peers,
  check = false,
}: BenchOptions): Promise<BenchReport> {
  if (find('h2load') === null)
    throw new EnvironmentError('no-h2load', 'the bench needs h2load as its load generator', {
      hint: 'Debian: apt-get install nghttp2-client',
    });
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-pair-'));
  const notes: string[] = [];
  const contenders: Contender[] = [];
  let backend: Backend | null = null;
  try {
    backend = await startBackend(folder);
    const identities = await makeIdentities(folder);
    for (const peer of chosen(PEERS, peers)) {
      const started = await startPeer(peer, backend, identities, folder);
      if (typeof started === 'string') notes.push(`left out  ${peer.name}: ${started}`);
      else contenders.push(started);
    }
    const wanted = chosen(CASES, cases);
    for (const benchCase of wanted)
      for (const contender of contenders) notes.push(...(await warmUp(contender, benchCase, seconds)));
    for (let round = 0; round < rounds; round += 1)
      for (const benchCase of wanted) for (const contender of contenders) await measure(contender, benchCase);
    const figures = figuresOf(contenders);
    const demands = judgeRatios(figures);
    return {
      lines: [...tableOf(figures), ...notes, ...demands.lines],
      figures: { peers: figures },
      failures: check ? demands.failures : [],
    };
  } finally {
    await Promise.all(contenders.map(({ running }) => running.stop()));
    await backend?.program.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Those that were named, or all. */
function chosen<T extends { name: string }>(all: readonly T[], names: readonly string[] | undefined): T[] {
  for (const name of names ?? [])
    if (!all.some((one) => one.name === name))
      throw new EnvironmentError(
        'unknown-name',
        `there is no ${name}; there are: ${all.map((one) => one.name).join(', ')}`,
      );
  return all.filter(({ name }) => names === undefined || names.includes(name));
}

async function startPeer(
  peer: PairPeer,
  backend: Backend,
  identities: Identities,
  folder: string,
): Promise<Contender | string> {
  const missing = peer.missing();
  if (missing !== null) return missing;
  const running = await peer.start({ backend, identities, folder });
  return { peer, running, requests: new Map(), samples: new Map(), recorded: null };
}

/** Warms code and connections up until that makes it no faster, and finds out how many requests fill a round. */
async function warmUp(contender: Contender, benchCase: BenchCase, seconds: number): Promise<string[]> {
  const { peer } = contender;
  if (contender.running.ports[benchCase.protocol] === undefined) return [];
  let requests = wholeHundreds(WARM_UP_REQUESTS, benchCase);
  let rate = 0;
  for (let warmUps = 1; warmUps <= MOST_WARM_UPS; warmUps += 1) {
    const loaded = await send(contender, benchCase, requests);
    if (loaded.statuses[2] === 0) return [`left out  ${peer.name} ${benchCase.name}: no answer is a success`];
    const isWarm = warmUps >= LEAST_WARM_UPS && loaded.rps < rate * STILL_FASTER;
    rate = Math.max(rate, loaded.rps);
    requests = wholeHundreds(rate * seconds, benchCase);
    // A case whose smallest round takes longer than a round should is warm by then.
    if (isWarm || loaded.requests > 2 * rate * seconds) break;
  }
  contender.requests.set(benchCase.name, requests);
  contender.samples.set(benchCase.name, []);
  return [];
}

async function send(contender: Contender, benchCase: BenchCase, requests: number): Promise<Loaded> {
  const { peer, running } = contender;
  const port = running.ports[benchCase.protocol];
  if (port === undefined) throw new Error(`${peer.name} has no port for ${benchCase.protocol}`);
  return load({ port, benchCase, requests, denied: peer.policy });
}

async function measure(contender: Contender, benchCase: BenchCase): Promise<void> {
  const { peer, running } = contender;
  const requests = contender.requests.get(benchCase.name);
  if (requests === undefined) return;
  const cpu = (): number => running.pids.reduce((sum, pid) => sum + cpuMicros(pid), 0);
  const countedBefore = await running.counts?.();
  const before = cpu();
  const loaded = await send(contender, benchCase, requests);
  // Counting writes what is recorded to disk: that belongs to the requests' cost.
  const counted = await running.counts?.();
  const spent = cpu() - before;
  const denied = peer.policy ? requests / DENIED_EVERY : 0;
  // A denied gRPC call is a 200 with grpc-status 7.
  const refused = benchCase.protocol === 'grpc' ? 0 : denied;
  const astray = Math.abs(loaded.statuses[4] - refused) + Math.abs(loaded.statuses[2] - (requests - refused));
  if (astray > (peer.name.startsWith('greenroom') ? 0 : requests * STRAY))
    throw new Error(
      `${peer.name} ${benchCase.name}: ${JSON.stringify(loaded)} of ${requests}, ${denied} denied`,
    );
  contender.samples.get(benchCase.name)?.push({
    rps: loaded.rps,
    p50_us: loaded.p50Micros,
    p99_us: loaded.p99Micros,
    cpu_us: spent / requests,
    rss_kb: running.pids.reduce((sum, pid) => sum + residentKb(pid), 0),
  });
  if (peer.policy && countedBefore !== undefined && counted !== undefined)
    contender.recorded = added(contender.recorded, countedBefore, counted, denied);
}

function added(
  sum: Recorded | null,
  before: RecordedCounts,
  after: RecordedCounts,
  denied: number,
): Recorded {
  return {
    events_recorded: (sum?.events_recorded ?? 0) + after.events - before.events,
    events_dropped: (sum?.events_dropped ?? 0) + after.dropped - before.dropped,
    denied_expected: (sum?.denied_expected ?? 0) + denied,
    denied_seen: (sum?.denied_seen ?? 0) + after.denied - before.denied,
  };
}

function figuresOf(contenders: readonly Contender[]): Record<string, PeerFigures> {
  return Object.fromEntries(
    contenders.map(({ peer, samples, recorded }) => [
      peer.name,
      {
        ...Object.fromEntries([...samples].map(([name, rounds]) => [name, medianFigures(rounds)])),
        ...recorded,
      },
    ]),
  );
}
