/**
 * `npm run mutation [-- FILE|FOLDER…] [--changed [--base=BRANCH]] [--survivors] [--minutes=N] [--threshold=N] [--processes=N]`:
 * changes the sources in thousands of small ways and counts the changes that no test notices; under the
 * threshold, in per cent, it ends with 1. What survived is listed in .mutation/survivors.txt.
 */
import { availableParallelism } from 'node:os';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf } from '../model/message-of.ts';
import { changedSources, sourcesUnder } from './mutation/choose-sources.ts';
import type { Mutant } from './mutation/job.ts';
import { makeMutants } from './mutation/mutants.ts';
import { readMemory, rememberedKills, writeMemory } from './mutation/memory.ts';
import { failureOf, reportOf, survivorLines } from './mutation/report.ts';
import { type Outcome, runShare, type Share } from './mutation/run-share.ts';
import { recordMeasurement } from '../test/support/measurement.ts';

/** Few shares for a full run; small ones where time is short. */
const SHARE_SIZE = 900;
const SMALL_SHARE = 250;
const FOLDERS = ['policy', 'wire'];

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    changed: { type: 'boolean' },
    base: { type: 'string', default: 'origin/main' },
    survivors: { type: 'boolean' },
    minutes: { type: 'string' },
    threshold: { type: 'string', default: '85' },
    processes: { type: 'string', default: String(Math.min(2, availableParallelism())) },
  },
});

/** Mutants of whole files, in shares: each costs one run of all tests, and is judged whole or not at all. */
function inShares(mutants: readonly Mutant[], size: number): Mutant[][] {
  const byFile = Map.groupBy(mutants, ({ file }) => file);
  const shares: Mutant[][] = [[]];
  for (const own of byFile.values()) {
    const last = shares.at(-1) ?? [];
    if (last.length > 0 && last.length + own.length > size) shares.push([...own]);
    else last.push(...own);
  }
  return shares.filter((share) => share.length > 0);
}

/** A share that can't be judged is told, fails the run, and leaves the others alone. */
async function judged(share: Share): Promise<Outcome[]> {
  try {
    return await runShare(share);
  } catch (error) {
    console.error(`${share.name}: ${messageOf(error)}`);
    process.exitCode = 1;
    return share.mutants.map((mutant) => ({ mutant, fate: 'unknown', by: null }));
  }
}

async function main(): Promise<void> {
  const started = Date.now();
  const under = positionals.length > 0 ? positionals : FOLDERS;
  const sources = values.changed ? changedSources(root, FOLDERS, values.base) : sourcesUnder(root, under);
  const { mutants, instrumented } = await makeMutants(root, sources);
  if (mutants.length === 0) {
    console.log(`nothing to judge: no mutants in ${sources.length} ${values.changed ? 'changed ' : ''}files`);
    process.exitCode = values.changed ? 0 : 1;
    return;
  }
  const memory = readMemory(root);
  const known = values.survivors ? rememberedKills(root, memory, mutants) : [];
  const skip = new Set(known.map(({ mutant }) => mutant.id));
  const shares = inShares(
    mutants.filter(({ id }) => !skip.has(id)),
    values.minutes === undefined ? SHARE_SIZE : SMALL_SHARE,
  );
  console.log(`${sources.length} files, ${mutants.length} mutants, ${known.length} known to be killed`);

  const minutes = Number(values.minutes ?? 24 * 60);
  const signal = AbortSignal.timeout(minutes * 60_000);
  const outcomes: Outcome[] = [...known];
  const queue = [...shares.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next && !signal.aborted; next = queue.shift()) {
      const [index, share] = next;
      const name = `${index + 1} of ${shares.length}`;
      const folder = join(root, '.mutation', `share-${index}`);
      const done = await judged({ name, root, folder, mutants: share, instrumented, signal });
      outcomes.push(...done);
      writeMemory(root, memory, done);
      const dead = done.filter(({ fate }) => fate === 'killed' || fate === 'timeout').length;
      const seconds = Math.round((Date.now() - started) / 1_000);
      console.log(
        `${name} (${seconds} s): ${dead} of ${share.length} killed, ${[...new Set(share.map((one) => one.file))].join(' ')}`,
      );
    }
  };
  await Promise.all(Array.from({ length: Number(values.processes) }, worker));

  const told = new Set(outcomes.map(({ mutant }) => mutant.id));
  const left = mutants.filter(({ id }) => !told.has(id));
  outcomes.push(...left.map((mutant) => ({ mutant, fate: 'unknown' as const, by: null })));
  mkdirSync(join(root, '.mutation'), { recursive: true });
  const lines = survivorLines(outcomes, (file) => readFileSync(join(root, file), 'utf8').split('\n'));
  writeFileSync(join(root, '.mutation', 'survivors.txt'), `${lines.join('\n')}\n`);
  const report = reportOf(outcomes, Math.round((Date.now() - started) / 60_000));
  for (const line of report.lines) console.log(line);
  recordMeasurement('mutation', `npm run mutation -- ${process.argv.slice(2).join(' ')}`, report.figures);
  const failure = failureOf(report.figures, Number(values.threshold));
  if (failure !== null) {
    console.error(failure);
    process.exitCode = 1;
  }
}

await main();
