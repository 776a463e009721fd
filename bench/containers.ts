/**
 * `npm run bench -- containers`: a mesh of a hundred small containers under the docker runtime: until `greenroom up`
 * says that it is up, its memory and whose it is, until nothing is left of it; beside it the same containers in one
 * network by the engine alone. `--cases` names other numbers of containers.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgramImage } from '../test/support/docker-images.ts';
import type { BenchOptions, BenchReport } from './bench.ts';
import { memoryOf, type MemoryKb } from './containers/memory.ts';
import { callAcross, downFrom, upIn, writeProject } from './containers/mesh-in-engine.ts';
import { IMAGE, startPlain } from './containers/plain.ts';

const CONTAINERS = ['100'];

interface Round {
  up_ms: number;
  down_ms: number;
  plain_up_ms: number;
  memory: MemoryKb;
}

export async function benchContainers({
  rounds = 1,
  cases = CONTAINERS,
}: BenchOptions): Promise<BenchReport> {
  await buildProgramImage(IMAGE, ['/usr/bin/busybox']);
  const lines: string[] = [];
  const figures: Record<string, object> = {};
  for (const name of cases) {
    const measured: Round[] = [];
    for (let round = 0; round < rounds; round += 1) measured.push(await measure(Number(name)));
    const of = (pick: (round: Round) => number): number => median(measured.map(pick));
    const up = of(({ up_ms }) => up_ms);
    const plain = of(({ plain_up_ms }) => plain_up_ms);
    const greenroom = of(({ memory }) => memory.greenroom);
    const holders = of(({ memory }) => memory.holders);
    const services = of(({ memory }) => memory.services);
    const ours = greenroom + holders;
    const shares = {
      time: share(up - plain, up),
      memory: share(ours, ours + services),
    };
    figures[name] = {
      up_ms: up,
      plain_up_ms: plain,
      down_ms: of(({ down_ms }) => down_ms),
      memory_kb: { greenroom, holders, services },
      our_share: shares,
    };
    lines.push(
      `${name} containers: up in ${seconds(up)} (by the engine alone ${seconds(plain)}), gone in ${seconds(of(({ down_ms }) => down_ms))}`,
      `${name} containers: Greenroom ${megabytes(greenroom)}, holders ${megabytes(holders)}, services ${megabytes(services)}; ours ${percent(shares.memory)} of the memory, ${percent(shares.time)} of the time`,
    );
  }
  return { lines, figures: { containers: figures }, failures: [] };
}

async function measure(containers: number): Promise<Round> {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-containers-'));
  try {
    const plain = await startPlain(containers);
    await plain.remove();
    writeProject(folder, containers);
    const running = await upIn(folder);
    try {
      await callAcross(running.session, containers);
      const memory = await memoryOf(running.session, running.pid);
      const downMs = await downFrom(running);
      return { up_ms: running.upMs, down_ms: downMs, plain_up_ms: plain.upMs, memory };
    } finally {
      await downFrom(running);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function share(part: number, whole: number): number {
  return Math.round((part / whole) * 1_000) / 1_000;
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const megabytes = (kb: number): string => `${Math.round(kb / 1_024)} MB`;
const percent = (part: number): string => `${Math.round(part * 100)} %`;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN);
}
