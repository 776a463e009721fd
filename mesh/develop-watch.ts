/**
 * `develop.watch` of Compose: while a session runs, files of this machine are copied into running services, services
 * restarted or rebuilt. One service's changes are taken in one at a time; those that come meanwhile wait. A change that
 * can't be taken in is told, leaves the service as it is, and is tried again with the next one.
 */
import { readFile } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { ignoreLines, PASSING_FILES, pathPatterns, type PathTest } from '../model/compose/ignore-patterns.ts';
import type { WatchRule } from '../model/container.ts';
import { EnvironmentError } from '../model/environment-error.ts';
import type { Workload } from '../model/mesh.ts';
import { messageOf } from '../model/message-of.ts';
import type { Problem } from '../model/problem.ts';
import { eachOf } from './each-of.ts';
import { InTurn } from './in-turn.ts';
import type { ServiceUpdates } from './runtimes/runtime.ts';
import { type TreeChange, WatchedTree } from './watched-tree.ts';

/** Changes come in bursts; and a file is seldom whole at the first notice. */
const SETTLE_MS = 300;

export interface DevelopWatchParts {
  workloads: readonly Workload[];
  updates: ServiceUpdates;
  /** Of a service now: it may have been scaled. */
  instances(workload: string): readonly string[];
  /** What could not be taken in, of this service; null = all was, the last time. */
  told(workload: string, problem: Problem | null): void;
  /** Aborted when the session ends. */
  signal: AbortSignal;
}

/** Watches every service that has rules; resolves once it does, and what is to be there at the start is copied. */
export async function watchServices(parts: DevelopWatchParts): Promise<{ close(): void }> {
  const watches = parts.workloads
    .filter(({ run }) => (run.container?.watch ?? []).length > 0)
    .map((workload) => new ServiceWatch(workload, parts));
  await Promise.all(watches.map(async (watch) => await watch.open()));
  return {
    close: () => {
      for (const watch of watches) watch.close();
    },
  };
}

interface WatchedRule {
  rule: WatchRule;
  tree: WatchedTree;
}

class ServiceWatch {
  readonly #workload: Workload;
  readonly #parts: DevelopWatchParts;
  #rules: WatchedRule[] = [];
  #settle: NodeJS.Timeout | null = null;
  readonly #turns = new InTurn();
  /** What could not be taken in. */
  #left: readonly RuleChanges[] = [];
  #closed = false;

  constructor(workload: Workload, parts: DevelopWatchParts) {
    this.#workload = workload;
    this.#parts = parts;
  }

  async open(): Promise<void> {
    const ofBuild = await buildIgnores(this.#workload);
    const soon = (): void => this.#soon();
    this.#rules = (this.#workload.run.container?.watch ?? []).map((rule) => {
      const leftOut = filterOf(rule, ofBuild);
      const wanted: PathTest = rule.include.length === 0 ? () => true : pathPatterns(rule.include);
      return { rule, tree: new WatchedTree(rule.path, { leftOut, wanted }, soon) };
    });
    const first = await Promise.all(
      this.#rules.map(async ({ rule, tree }) => {
        const files = await tree.open();
        if (rule.initialSync === undefined) return [];
        return [{ rule, changes: files.map((path): TreeChange => ({ path, kind: 'written' })) }];
      }),
    );
    // Copied and no more: at the start nothing that runs has read the files yet.
    await this.#attempt(first.flat(), (changed) => this.#copy(changed));
  }

  close(): void {
    this.#closed = true;
    if (this.#settle) clearTimeout(this.#settle);
    for (const { tree } of this.#rules) tree.close();
  }

  #soon(): void {
    if (this.#settle) clearTimeout(this.#settle);
    if (this.#closed) return;
    this.#settle = setTimeout(() => void this.#turns.run(() => this.#look()), SETTLE_MS).unref();
  }

  async #look(): Promise<void> {
    if (this.#closed) return;
    const changed: RuleChanges[] = [];
    for (const { rule, tree } of this.#rules) {
      const changes = await tree.changes();
      if (changes.length > 0) changed.push({ rule, changes });
    }
    if (changed.length === 0 || this.#closed) return;
    await this.#attempt(joined(this.#left, changed), (all) => this.#takeIn(all));
  }

  async #takeIn(changed: readonly RuleChanges[]): Promise<void> {
    const { updates, signal } = this.#parts;
    const actions = new Set(changed.map(({ rule }) => rule.action));
    // The new image needn't hold what is copied, and a build may fail; what can't be copied is no reason not to build.
    let renewed: readonly string[] = [];
    const rebuild = async (): Promise<void> => {
      renewed = await updates.rebuild(this.#workload, signal);
    };
    const steps = [() => this.#copy(changed), ...(actions.has('rebuild') ? [rebuild] : [])];
    await eachOf(steps, async (step) => await step());
    if (!actions.has('restart') && !actions.has('sync+restart')) return;
    const others = this.#instances().filter((id) => !renewed.includes(id));
    await eachOf(others, async (id) => await updates.restartInPlace(id, signal));
  }

  async #copy(changed: readonly RuleChanges[]): Promise<void> {
    const files = changed.flatMap(({ rule, changes }) =>
      changes.flatMap(({ path, kind }) =>
        rule.target === null
          ? []
          : [{ source: join(rule.path, path), target: targetOf(rule.target, path), kind }],
      ),
    );
    if (files.length === 0) return;
    const update = {
      written: files.filter(({ kind }) => kind === 'written'),
      removed: files.filter(({ kind }) => kind === 'removed').map(({ target }) => target),
    };
    await eachOf(this.#instances(), (id) => this.#parts.updates.sync(id, update));
  }

  #instances(): readonly string[] {
    return this.#parts.instances(this.#workload.id);
  }

  async #attempt(
    changed: readonly RuleChanges[],
    work: (changed: readonly RuleChanges[]) => Promise<void>,
  ): Promise<void> {
    const { told, signal } = this.#parts;
    try {
      await work(changed);
      this.#left = [];
      told(this.#workload.id, null);
    } catch (error) {
      this.#left = changed;
      if (!signal.aborted) told(this.#workload.id, problemOf(this.#workload, error));
    }
  }
}

interface RuleChanges {
  rule: WatchRule;
  changes: readonly TreeChange[];
}

/** Of each path the later change. */
function joined(before: readonly RuleChanges[], now: readonly RuleChanges[]): RuleChanges[] {
  const rules = new Set([...before, ...now].map(({ rule }) => rule));
  return [...rules].map((rule) => {
    const changes = [...before, ...now].filter((one) => one.rule === rule).flatMap((one) => one.changes);
    return { rule, changes: [...new Map(changes.map((change) => [change.path, change])).values()] };
  });
}

/** A rule may name a single file: then the target is that file's. */
function targetOf(target: string, path: string): string {
  return path === '' ? target : `${target.replace(/\/+$/, '')}/${path}`;
}

/** `ignore` is read from the rule's path on, the build's `.dockerignore` from its folder on. */
function filterOf(rule: WatchRule, ofBuild: BuildIgnores | null): PathTest {
  const own = pathPatterns([...PASSING_FILES, ...rule.ignore]);
  const within = ofBuild === null ? null : relative(ofBuild.context, rule.path).split(sep).join('/');
  // What lies outside the build's folder was never left out of it.
  if (ofBuild === null || within === null || within.startsWith('..')) return own;
  return (path) => own(path) || ofBuild.leftOut(within === '' ? path : `${within}/${path}`);
}

interface BuildIgnores {
  context: string;
  leftOut: PathTest;
}

/** As `docker build` reads them: the Dockerfile's own file goes before the folder's. */
async function buildIgnores({ run }: Workload): Promise<BuildIgnores | null> {
  if (run.build === null) return null;
  const { context, dockerfile } = run.build;
  const file = dockerfile ?? join(context, 'Dockerfile');
  for (const path of [`${file}.dockerignore`, join(context, '.dockerignore')]) {
    const text = await readFile(path, 'utf8').catch(() => null);
    if (text !== null) return { context, leftOut: pathPatterns(ignoreLines(text)) };
  }
  return null;
}

function problemOf({ id, at }: Workload, error: unknown): Problem {
  const why = messageOf(error);
  const last = error instanceof EnvironmentError ? error.lines.at(-1) : undefined;
  return {
    code: 'watch-failed',
    severity: 'warning',
    message: `a change of ${id} could not be taken in: ${why}${last === undefined ? '' : ` (${last})`}`,
    hint: `it goes on as it was; the next change is tried again (${basename(at.file)}, develop.watch)`,
    at,
  };
}
