/** The load generator: h2load, which speaks all three protocols, mixes paths and logs each request's time. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { allowedPath, type BenchCase, DENIED_EVERY, deniedPath } from './cases.ts';
import { pinned } from './processes.ts';

const run = promisify(execFile);
/** A gRPC message of no bytes. */
const EMPTY_MESSAGE = Buffer.alloc(5);

export interface Load {
  port: number;
  benchCase: BenchCase;
  requests: number;
  /** Mixes in what the policy denies. */
  denied: boolean;
}

export interface Loaded {
  requests: number;
  rps: number;
  p50Micros: number;
  p99Micros: number;
  /** By the first digit of the status. */
  statuses: Readonly<Record<'2' | '3' | '4' | '5', number>>;
  /** Got no answer. */
  failed: number;
}

/** Sends so many requests and measures them. Rejects when h2load can't be run. */
export async function load({ port, benchCase, requests, denied }: Load): Promise<Loaded> {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-bench-'));
  try {
    const [uris, log, message] = ['uris', 'log', 'message'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(
      uris,
      paths(benchCase, denied)
        .map((path) => `http://orders${path}\n`)
        .join(''),
    );
    writeFileSync(message, EMPTY_MESSAGE);
    const { command, args } = pinned('load', [
      'h2load',
      `-n${requests}`,
      `-c${benchCase.connections}`,
      `-m${benchCase.streams}`,
      `-i${uris}`,
      `--log-file=${log}`,
      `--connect-to=127.0.0.1:${port}`,
      ...PROTOCOL[benchCase.protocol],
      ...(benchCase.protocol === 'grpc' ? ['-d', message] : []),
    ]);
    const { stdout } = await run(command, args, { maxBuffer: 1 << 24 });
    return { ...counts(stdout), ...percentiles(readFileSync(log, 'latin1')) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const PROTOCOL: Readonly<Record<BenchCase['protocol'], readonly string[]>> = {
  http1: ['--h1'],
  http2: [],
  grpc: ['-Hcontent-type: application/grpc', '-Hte: trailers'],
};

/** The denied one in the middle, so that no run of a few requests begins with it. */
function paths(benchCase: BenchCase, denied: boolean): string[] {
  return Array.from({ length: DENIED_EVERY }, (_, index) =>
    denied && index === DENIED_EVERY / 2 ? deniedPath(benchCase) : allowedPath(benchCase),
  );
}

function counts(report: string): Omit<Loaded, 'p50Micros' | 'p99Micros'> {
  const number = (pattern: RegExp): number => Number(pattern.exec(report)?.[1] ?? Number.NaN);
  return {
    rps: number(/finished in [^,]+, ([\d.]+) req\/s/),
    requests: number(/requests: (\d+) total/),
    failed: number(/(\d+) failed/),
    statuses: {
      2: number(/(\d+) 2xx/),
      3: number(/(\d+) 3xx/),
      4: number(/(\d+) 4xx/),
      5: number(/(\d+) 5xx/),
    },
  };
}

function percentiles(log: string): { p50Micros: number; p99Micros: number } {
  const times = Float64Array.from(
    log.split('\n').filter((line) => line !== ''),
    (line) => Number(line.slice(line.lastIndexOf('\t') + 1)),
  ).toSorted();
  const at = (share: number): number => times[Math.floor((times.length - 1) * share)] ?? Number.NaN;
  return { p50Micros: at(0.5), p99Micros: at(0.99) };
}
