/**
 * What a decision costs, by the number of rules: with indexes, without, with its explanation, and beside other
 * engines that hold the same rules and get the same requests in the same run. Only ratios can fail it: they hold on
 * any machine.
 */
import { compilePolicies } from '../policy/compile.ts';
import { decide } from '../policy/decide.ts';
import { decideNaive } from '../policy/decide-naive.ts';
import { explain } from '../policy/explain.ts';
import { preparePolicy } from '../policy/index/first-match.ts';
import type { BenchOptions, BenchReport } from './bench.ts';
import { type Batch, medianMicros } from './medians.ts';
import { cedar } from './peers/cedar.ts';
import { findOpa } from './peers/opa.ts';
import type { Peer } from './peers/peer.ts';
import { type AskedRequest, factsOf, hitAtEnd, istioPolicies, missed } from './policy-rules.ts';

const SIZES = [10, 100, 1_000, 10_000];
const OURS = 'greenroom';
/** At the most rules, times what it costs at the fewest. */
const MOST_GROWTH = 3;

interface Row {
  rules: number;
  request: 'hit at the end' | 'miss';
  /** Microseconds a decision, by contender. */
  micros: Record<string, number>;
}

/** The table, the ratios, and which of them don't hold. */
export async function benchPolicy(options: BenchOptions): Promise<BenchReport> {
  const opa = findOpa();
  const peers = [cedar, ...('peer' in opa ? [opa.peer] : [])];
  const rows: Row[] = [];
  const compileMs: Record<number, number> = {};
  for (const rules of SIZES) rows.push(...(await measureSize(rules, peers, options, compileMs)));
  const { ratios, failures } = ratiosOf(rows, peers);
  return {
    lines: [
      ...table(rows),
      ...('missing' in opa ? [`left out  ${opa.missing}`] : []),
      ...SIZES.map(
        (rules) => `compiled  ${rules} rules in ${(compileMs[rules] ?? 0).toFixed(1)} ms, indexes included`,
      ),
      ...ratios,
    ],
    figures: { rows, compileMs },
    failures,
  };
}

async function measureSize(
  rules: number,
  peers: readonly Peer[],
  { rounds = 9, seconds = 0.02 }: BenchOptions,
  compileMs: Record<number, number>,
): Promise<Row[]> {
  const objects = istioPolicies(rules);
  const target = { namespace: 'shop', labels: {}, serviceAccount: 'cart' };
  const config = { rootNamespace: 'istio-system', trustDomain: 'cluster.local', trustDomainAliases: [] };
  const begin = process.threadCpuUsage().user;
  const policy = compilePolicies(objects, target, { port: 8080, protocol: 'http' }, config);
  preparePolicy(policy);
  compileMs[rules] = (process.threadCpuUsage().user - begin) / 1_000;
  const loaded = await Promise.all(
    peers.map(async (peer) => ({ name: peer.name, ask: await peer.load(rules) })),
  );
  return (['hit at the end', 'miss'] as const).map((request) => {
    const asked: AskedRequest = request === 'miss' ? missed(rules) : hitAtEnd(rules);
    const allowed = request !== 'miss';
    const facts = factsOf(asked);
    const own = {
      [OURS]: () => decide(policy, facts).verdict === 'allow',
      naive: () => decideNaive(policy, facts).verdict === 'allow',
      'with explanation': () => {
        const decision = decide(policy, facts);
        return explain(policy, facts, decision).sentence !== '' && decision.verdict === 'allow';
      },
    };
    const contenders = [
      ...Object.entries(own).map(([name, once]) => ({ name, once })),
      ...loaded.map(({ name, ask }) => ({ name, once: ask(asked) })),
    ];
    for (const { name, once } of contenders) {
      if (once() !== allowed) throw new Error(`${name} disagrees at ${rules} rules: ${request}`);
    }
    const batches = contenders.map(({ name, once }) => ({ name, batch: repeat(once) }));
    return {
      rules,
      request,
      micros: Object.fromEntries(medianMicros(batches, { rounds, roundMs: seconds * 1_000 })),
    };
  });
}

function repeat(once: () => boolean): Batch {
  return (times) => {
    for (let time = 0; time < times; time += 1) once();
  };
}

function ratiosOf(rows: readonly Row[], peers: readonly Peer[]): { ratios: string[]; failures: string[] } {
  const ratios: string[] = [];
  const failures: string[] = [];
  const judge = (text: string, holds: boolean): void => {
    ratios.push(`${holds ? 'holds ' : 'FAILS '}    ${text}`);
    if (!holds) failures.push(text);
  };
  for (const request of ['hit at the end', 'miss'] as const) {
    const ours = rows.filter((row) => row.request === request).map((row) => row.micros[OURS] ?? Number.NaN);
    const growth = (ours.at(-1) ?? Number.NaN) / (ours[0] ?? Number.NaN);
    judge(
      `${request}: ${SIZES.at(-1)} rules cost ${growth.toFixed(2)} times ${SIZES[0]} (at most ${MOST_GROWTH})`,
      growth <= MOST_GROWTH,
    );
  }
  for (const { name } of peers) {
    const times = rows.map((row) => (row.micros[name] ?? Number.NaN) / (row.micros[OURS] ?? Number.NaN));
    const least = Math.min(...times);
    judge(`${name} costs ${least.toFixed(1)} to ${Math.max(...times).toFixed(0)} times as much`, least > 1);
  }
  return { ratios, failures };
}

function table(rows: readonly Row[]): string[] {
  const names = Object.keys(rows[0]?.micros ?? {});
  const line = (cells: readonly string[]): string =>
    cells.map((cell, index) => (index < 2 ? cell.padEnd(16) : cell.padStart(18))).join('');
  return [
    line(['rules', 'request', ...names]),
    ...rows.map(({ rules, request, micros }) =>
      line([String(rules), request, ...names.map((name) => `${(micros[name] ?? Number.NaN).toFixed(2)} µs`)]),
    ),
  ];
}
