/**
 * `npm run bench -- NAME… [--seconds=N] [--rounds=N] [--cases=A,B] [--peers=A,B] [--check] [--json=F]`: side-by-side
 * measurements; without a name, all of them.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { EnvironmentError } from '../model/environment-error.ts';
import { messageOf } from '../model/message-of.ts';
import type { BenchOptions, BenchReport } from './bench.ts';
import { benchContainers } from './containers.ts';
import { benchEvents } from './events.ts';
import { benchPair } from './pair.ts';
import { benchPolicy } from './policy.ts';
import { benchScale } from './scale.ts';

const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<BenchReport>>> = {
  containers: benchContainers,
  events: benchEvents,
  pair: benchPair,
  policy: benchPolicy,
  scale: benchScale,
};

const USAGE = `npm run bench -- [${Object.keys(BENCHES).join('|')}]… [--seconds=N] [--rounds=N] [--cases=A,B] [--peers=A,B] [--check] [--json=F]`;

/** What was asked for; ends the process with 2 where it can't be read. */
function readArguments() {
  try {
    const read = parseArgs({
      allowPositionals: true,
      options: {
        seconds: { type: 'string' },
        rounds: { type: 'string' },
        cases: { type: 'string' },
        peers: { type: 'string' },
        check: { type: 'boolean' },
        json: { type: 'string' },
      },
    });
    const unknown = read.positionals.find((name) => !Object.hasOwn(BENCHES, name));
    if (unknown !== undefined) throw new Error(`no such bench: ${unknown}`);
    for (const name of ['seconds', 'rounds'] as const) {
      const text = read.values[name];
      if (text !== undefined && !(Number(text) > 0))
        throw new Error(`--${name}=${text} is no number above 0`);
    }
    return read;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n  ${USAGE}\n`);
    return process.exit(2);
  }
}

const { values, positionals: names } = readArguments();

function optionsOf(): BenchOptions {
  const { seconds, rounds, cases, peers, check } = values;
  return {
    ...(seconds === undefined ? {} : { seconds: Number(seconds) }),
    ...(rounds === undefined ? {} : { rounds: Number(rounds) }),
    ...(cases === undefined ? {} : { cases: cases.split(',') }),
    ...(peers === undefined ? {} : { peers: peers.split(',') }),
    ...(check === undefined ? {} : { check }),
  };
}

/** Where and when figures were seen: without it they say nothing. */
function circumstances(): object {
  const [cpu] = cpus();
  return {
    date: new Date().toISOString(),
    command: `npm run bench -- ${process.argv.slice(2).join(' ')}`,
    revision: revision(),
    machine: { cpus: cpus().length, model: cpu?.model.trim() ?? 'unknown', node: process.version },
  };
}

function revision(): string | null {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'], {
      encoding: 'utf8',
      cwd: import.meta.dirname,
    }).trim();
  } catch {
    return null;
  }
}

async function runBenches(): Promise<void> {
  const reports: Record<string, BenchReport> = {};
  for (const [name, run] of Object.entries(BENCHES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    process.stdout.write(`${name}\n`);
    const report = await run(optionsOf());
    reports[name] = report;
    for (const line of report.lines) process.stdout.write(`  ${line}\n`);
    for (const failure of report.failures) process.stderr.write(`${name}: ${failure}\n`);
    if (report.failures.length > 0) process.exitCode = 1;
  }
  if (values.json) writeFileSync(values.json, `${JSON.stringify(written(reports), null, 2)}\n`);
}

/** A bench that was asked for alone stands at the top of its file. */
function written(reports: Readonly<Record<string, BenchReport>>): object {
  const [only, ...more] = Object.values(reports);
  const named = Object.fromEntries(Object.entries(reports).map(([name, { figures }]) => [name, figures]));
  return { ...circumstances(), ...(only && more.length === 0 ? only.figures : named) };
}

try {
  await runBenches();
} catch (error) {
  if (!(error instanceof EnvironmentError)) throw error;
  process.stderr.write(`${error.message}${error.hint === null ? '' : `\n  ${error.hint}`}\n`);
  process.exitCode = 3;
}
