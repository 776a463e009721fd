/**
 * The second pass: what a module computes while it loads, or once and keeps, is only put to the test by modules that
 * were loaded with the mutant active. So each mutant gets all modules anew.
 */
import { relative } from 'node:path';
import { type RunnerTestCase, type SerializedConfig, TestRunner } from 'vitest';
import { startTests } from 'vitest/internal/browser';
import { type Facing, type Job, note } from './job.ts';
import type { LoadedModules } from './loaded-modules.ts';
import { activate, collectInto, type Switchboard } from './switchboard.ts';
import type { Watchdog } from './watchdog.ts';

/** For one test, or the loading of one test file. */
const LIMIT_MS = 15_000;
/** No count of an honest run is at hand here; a loop that passes so many switches is endless. */
const USUAL_CALLS = 5_000_000;

/** A runner inside the runner: it tells nobody of its tests, and stops at the first failure. */
class QuietRunner extends TestRunner {
  failed: RunnerTestCase | null = null;
  readonly #start: () => void;

  constructor(config: SerializedConfig, start: () => void) {
    super(config);
    this.#start = start;
  }

  override importFile(filepath: string): unknown {
    this.#start();
    return import(filepath);
  }

  override trace = <T>(_name: string, attributes: Record<string, unknown> | (() => T), body?: () => T): T =>
    (body ?? (attributes as () => T))();

  override async onBeforeRunTask(test: RunnerTestCase): Promise<void> {
    if (this.failed) test.mode = 'skip';
    this.#start();
    await super.onBeforeRunTask(test);
  }

  override onAfterRunTask(test: RunnerTestCase): void {
    if (test.result?.state === 'fail') this.failed ??= test;
    super.onAfterRunTask(test);
  }

  /** Snapshots are compared and never written; nobody is told. */
  override async onAfterRunSuite(): Promise<void> {}
}

export interface FreshRun {
  config: SerializedConfig;
  job: Job;
  open: ReadonlySet<string>;
  board: Switchboard;
  watchdog: Watchdog;
  modules: LoadedModules;
}

/** Runs each open mutant against its test files, in the modules' first hour, and writes down what became of it. */
export async function runFresh(run: FreshRun): Promise<void> {
  const { board, job, watchdog } = run;
  await mustPass(run);
  for (const id of run.open) {
    activate(board, id, USUAL_CALLS);
    const facing = job.open[id] ?? { file: '', tests: [] };
    const by = await firstFailure(run, facing, () => {
      board.calls = 0;
      watchdog.start(id, LIMIT_MS);
    });
    watchdog.stop();
    const { exhausted } = board;
    collectInto(board, new Set());
    if (by === null) note(job.journal, { is: 'survived', id });
    else note(job.journal, { is: exhausted ? 'timeout' : 'killed', id, by });
  }
  await mustPass(run);
}

/** Without a mutant all is green, before the first and after the last. */
async function mustPass(run: FreshRun): Promise<void> {
  const facing = Object.values(run.job.open);
  const tests = [...new Set(facing.flatMap((one) => one.tests))];
  for (const file of new Set(facing.map((one) => one.file))) run.modules.forget(file);
  const by = await firstFailure(run, { file: '', tests }, () => undefined);
  if (by === null) return;
  note(run.job.journal, { is: 'broken', by, message: 'fails without a mutant, in fresh modules' });
  throw new Error(`${by} fails without a mutant, in fresh modules`);
}

/** The first test that fails, with its file; null when all pass. */
async function firstFailure(
  { config, modules }: FreshRun,
  { file, tests }: Facing,
  start: () => void,
): Promise<string | null> {
  modules.forget(file);
  for (const test of tests) {
    const runner = new QuietRunner(config, start);
    const files = await startTests([test], runner);
    const name = relative(config.root, test);
    if (runner.failed) return `${name}: ${runner.failed.fullTestName}`;
    const broken = files.find((file) => file.result?.state === 'fail');
    if (broken) return `${name}: ${broken.result?.errors?.[0]?.message ?? 'the file itself'}`;
  }
  return null;
}
