/** Runs the mutants of some source files to the end, in test processes that may die on the way. */
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseTests, CORPUS, ownTest, testsThatLoad } from './choose-tests.ts';
import { type Entry, entries, type Facing, type Job, type Mutant } from './job.ts';
import type { Mutated } from './mutants.ts';

export type Fate = 'killed' | 'timeout' | 'survived' | 'unreached' | 'unknown';

export interface Outcome {
  mutant: Mutant;
  fate: Fate;
  /** The test that killed it, or null. */
  by: string | null;
}

export interface Share {
  name: string;
  root: string;
  /** Where this share's files go. */
  folder: string;
  mutants: readonly Mutant[];
  instrumented: Mutated['instrumented'];
  /** Aborted when time is up. */
  signal: AbortSignal;
}

/** What makes the generated comparisons of the tests small, and the same in every run. */
const SMALL = { GREENROOM_SUITE: '', GREENROOM_PAIRS: '400', GREENROOM_SEED: '3' };

/** A process that dies this often without deciding anything never will. */
const PATIENCE = 3;

/** Both passes over the share. */
export async function runShare(share: Share): Promise<Outcome[]> {
  const { root, mutants } = share;
  const files = [...new Set(mutants.map(({ file }) => file))];
  const tests = chooseTests(root, files);
  rmSync(share.folder, { recursive: true, force: true });
  mkdirSync(share.folder, { recursive: true });
  const own = Object.fromEntries(
    files.map((file) => [join(root, file), share.instrumented[join(root, file)]]),
  );
  const instrumented = join(share.folder, 'instrumented.json');
  writeFileSync(instrumented, JSON.stringify(own));

  const shared = join(share.folder, 'shared.jsonl');
  const absolute = tests.map((test) => join(root, test));
  const sources = files.map((file) => join(root, file));
  const open = Object.fromEntries(mutants.map(({ id, file }) => [id, { file, tests: [] }]));
  await untilDone(share, { mode: 'shared', open, sources, tests: absolute, journal: shared, instrumented });

  const fresh = join(share.folder, 'fresh.jsonl');
  const again = forFreshModules(share, tests, entries(shared));
  if (Object.keys(again).length > 0)
    await untilDone(share, { mode: 'fresh', open: again, sources, tests: [], journal: fresh, instrumented });
  return outcomes(share, entries(shared), entries(fresh), again);
}

/** Starts test processes until the journal says that all is decided, or time is up. */
async function untilDone(share: Share, job: Job): Promise<void> {
  let idle = 0;
  for (;;) {
    const before = entries(job.journal);
    const done = new Set(before.flatMap((entry) => (entry.is === 'done' ? [entry.file] : [])));
    if (done.size > 0 && (job.mode === 'fresh' || job.tests.every((test) => done.has(test)))) return;
    const code = await testProcess(share, { ...job, tests: job.tests.filter((test) => !done.has(test)) });
    if (share.signal.aborted) return;
    const after = entries(job.journal);
    const broken = after.find((entry) => entry.is === 'broken');
    if (broken) throw new Error(`${broken.by} fails without a mutant: ${broken.message}`);
    idle = after.length > before.length ? 0 : idle + 1;
    if (idle === PATIENCE)
      throw new Error(`${share.name}: the test process ends with ${code}, see ${share.folder}`);
  }
}

function testProcess(share: Share, job: Job): Promise<number | null> {
  const path = join(share.folder, `${job.mode}.json`);
  writeFileSync(path, JSON.stringify(job));
  const log = createWriteStream(join(share.folder, `${job.mode}.log`), { flags: 'a' });
  const child = spawn(
    process.execPath,
    [
      join(share.root, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--config',
      'scripts/mutation/vitest.config.ts',
    ],
    {
      cwd: share.root,
      env: { ...process.env, CI: 'true', GREENROOM_MUTATION: path, ...SMALL },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: share.signal,
      killSignal: 'SIGTERM',
    },
  );
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  return new Promise((resolve, reject) => {
    child.on('error', (error) => (share.signal.aborted ? resolve(null) : reject(error)));
    child.on('close', (code) => log.end(() => resolve(code)));
  });
}

/** So many test files, at most, face a mutant of what loading computes, beside its own tests and the corpus. */
const FACING_FILES = 6;

/** Mutants that shared modules can't judge, with the tests to load: see `Entry` and fresh-modules.ts. */
function forFreshModules(
  share: Share,
  tests: readonly string[],
  told: readonly Entry[],
): Record<string, Facing> {
  const decided = new Set(
    told.flatMap((entry) => (entry.is === 'killed' || entry.is === 'timeout' ? [entry.id] : [])),
  );
  const kept = new Set(
    told.flatMap((entry) => (entry.is === 'kept' || entry.is === 'suspect' ? [entry.id] : [])),
  );
  const loaded = new Set(told.flatMap((entry) => (entry.is === 'loaded' ? entry.reached : [])));
  const done = told
    .filter((entry) => entry.is === 'done')
    .map((entry) => ({ ...entry, reached: new Set(entry.reached), outside: new Set(entry.outside) }));
  const byFile = Map.groupBy(share.mutants, ({ file }) => file);
  const loads = testsThatLoad(share.root, tests);
  const again: Record<string, Facing> = {};
  for (const [file, mutants] of byFile) {
    const reaching = new Map(
      done.map((one) => [one.file, mutants.filter(({ id }) => one.reached.has(id)).length]),
    );
    const loading = (loads.get(file) ?? []).map((test) => join(share.root, test));
    const most = loading
      .toSorted((a, b) => (reaching.get(b) ?? 0) - (reaching.get(a) ?? 0))
      .slice(0, FACING_FILES);
    const always = [ownTest(file), CORPUS].map((test) => join(share.root, test));
    const first = loading.filter((test) => always.includes(test));
    for (const { id } of mutants.filter((mutant) => !decided.has(mutant.id))) {
      const own = done.filter((one) => one.outside.has(id) || (kept.has(id) && one.reached.has(id)));
      const facing = new Set([
        ...(loaded.has(id) ? [...first.slice(0, -1), ...most, ...first.slice(-1)] : []),
        ...own.map((one) => one.file),
      ]);
      if (facing.size > 0) again[id] = { file: join(share.root, file), tests: [...facing] };
    }
  }
  return again;
}

function outcomes(
  share: Share,
  shared: readonly Entry[],
  fresh: readonly Entry[],
  again: Readonly<Record<string, Facing>>,
): Outcome[] {
  const ends = new Map<string, { fate: Fate; by: string }>();
  for (const entry of [...shared, ...fresh])
    if (entry.is === 'killed' || entry.is === 'timeout') ends.set(entry.id, { fate: entry.is, by: entry.by });
  const reached = new Set(shared.flatMap((entry) => (entry.is === 'done' ? entry.reached : [])));
  const survived = new Set(fresh.flatMap((entry) => (entry.is === 'survived' ? [entry.id] : [])));
  // Half of a share would count its kills and not its survivors.
  if (share.signal.aborted) return share.mutants.map((mutant) => ({ mutant, fate: 'unknown', by: null }));
  const left = (id: string): Fate => {
    if (Object.hasOwn(again, id)) return survived.has(id) ? 'survived' : 'unknown';
    return reached.has(id) ? 'survived' : 'unreached';
  };
  return share.mutants.map((mutant) => {
    const end = ends.get(mutant.id);
    return { mutant, fate: end?.fate ?? left(mutant.id), by: end?.by ?? null };
  });
}
