/**
 * Runs each test once as it is, and then once with each mutant that it reaches: the modules stay loaded, so that a
 * mutant costs what its test costs. A mutant is killed when the test fails with it and passes again without it.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import fc from 'fast-check';
import { type RunnerTestCase, type RunnerTestFile, type SerializedConfig, TestRunner } from 'vitest';
import { runFresh } from './fresh-modules.ts';
import { entries, type Job, note } from './job.ts';
import { LoadedModules } from './loaded-modules.ts';
import { activate, collectInto, type Switchboard, switchboard } from './switchboard.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

/** On a busy machine an honest run takes many times what it takes alone. */
const SPARE_MS = 5_000;
const TIMES_SLOWER = 20;
const FIRST_TRY = { retry: 0, repeats: 0 };

export default class MutationRunner extends TestRunner {
  readonly #board: Switchboard = switchboard();
  readonly #job: Job;
  readonly #open: Set<string>;
  readonly #watchdog: Watchdog;
  #preloaded = false;
  #outside = new Set<string>();
  #reached = new Set<string>();

  constructor(config: SerializedConfig) {
    super(config);
    this.#job = JSON.parse(readFileSync(process.env['GREENROOM_MUTATION'] ?? '', 'utf8')) as Job;
    this.#open = new Set(Object.keys(this.#job.open));
    for (const entry of entries(this.#job.journal))
      if ('id' in entry && entry.is !== 'kept') this.#open.delete(entry.id);
    this.#watchdog = startWatchdog(this.#job.journal);
    collectInto(this.#board, this.#outside);
    // The same cases in every run, and no shrinking: that a test fails is all that is asked.
    fc.configureGlobal({ seed: 20_261_126, endOnFailure: true });
  }

  /** What is reached while the sources load would else count for the first test file that imports them. */
  async onBeforeCollect(): Promise<void> {
    if (this.#preloaded) return;
    this.#preloaded = true;
    const reached = new Set<string>();
    collectInto(this.#board, reached);
    for (const source of this.#job.sources) await import(source);
    collectInto(this.#board, this.#outside);
    note(this.#job.journal, { is: 'loaded', reached: [...reached] });
  }

  async runTask(test: RunnerTestCase): Promise<void> {
    const reached = new Set<string>();
    collectInto(this.#board, reached);
    const started = performance.now();
    const failure = await this.#attempt(test);
    const limitMs = SPARE_MS + TIMES_SLOWER * (performance.now() - started);
    const usualCalls = this.#board.calls;
    collectInto(this.#board, this.#outside);
    if (failure !== null) {
      this.#broken(this.#name(test), String(failure));
      throw failure;
    }
    for (const id of reached) {
      this.#reached.add(id);
      if (this.#job.mode === 'shared' && this.#open.has(id))
        await this.#mutate(test, id, limitMs, usualCalls);
    }
  }

  override async onAfterRunFiles(files: RunnerTestFile[]): Promise<void> {
    const { config } = this;
    if (this.#job.mode === 'fresh')
      await runFresh({
        config,
        job: this.#job,
        open: this.#open,
        board: this.#board,
        watchdog: this.#watchdog,
        modules: new LoadedModules(this),
      });
    for (const { filepath, result } of files) {
      if (result?.state === 'fail' && result.errors) this.#broken(filepath, result.errors[0]?.message);
      note(this.#job.journal, {
        is: 'done',
        file: filepath,
        reached: [...this.#reached],
        outside: [...this.#outside],
      });
    }
    this.#reached.clear();
    this.#outside.clear();
    await super.onAfterRunFiles(files);
  }

  async #mutate(test: RunnerTestCase, id: string, limitMs: number, usualCalls: number): Promise<void> {
    const by = this.#name(test);
    this.#watchdog.start(id, limitMs);
    activate(this.#board, id, usualCalls);
    const failure = await this.#attempt(test);
    const { hit, exhausted } = this.#board;
    collectInto(this.#board, new Set());
    if (failure === null) {
      if (!hit) note(this.#job.journal, { is: 'kept', id, by });
    } else {
      this.#open.delete(id);
      const healthy = (await this.#attempt(test)) === null;
      if (!healthy) {
        note(this.#job.journal, { is: 'suspect', id, by });
        process.kill(process.pid, 'SIGKILL');
      }
      note(this.#job.journal, { is: exhausted ? 'timeout' : 'killed', id, by });
    }
    this.#watchdog.stop();
    collectInto(this.#board, this.#outside);
  }

  /** Runs the test's function as the runner would; returns what it threw, or null. */
  async #attempt(test: RunnerTestCase): Promise<unknown> {
    try {
      this.onBeforeTryTask(test, FIRST_TRY);
      await TestRunner.getTestFn(test)();
      this.onAfterTryTask(test);
      return null;
    } catch (error) {
      return error ?? new Error('a test threw nothing');
    }
  }

  #broken(by: string, message = 'for no reason'): void {
    note(this.#job.journal, { is: 'broken', by, message });
  }

  #name(test: RunnerTestCase): string {
    return `${relative(this.config.root, test.file.filepath)}: ${test.fullTestName}`;
  }
}
