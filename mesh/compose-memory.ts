/**
 * The services of a project's Compose files for as long as those files stay as they are: the plugin takes its time, and
 * a policy edit changes none of them. And what was told of them, which isn't told twice. One project's, in one process.
 */
import type { ComposeService } from '../model/compose/translate-service.ts';
import { formatProblem, hasErrors, type Parsed, type Problem } from '../model/problem.ts';
import type { ComposeFiles } from './compose-plugin.ts';
import { digestOf } from './project-files.ts';

export interface ComposeServices {
  services: readonly ComposeService[];
  /** What they come from: absolute paths, and what was in each as `digestOf` has it. */
  files: ReadonlyMap<string, string | null>;
  /** What a reviewer would ask of their containers. */
  findings: readonly Problem[];
}

interface Known {
  /** What the project names. */
  named: string;
  value: ComposeServices;
  /** With their lines: one that has moved is told again. */
  told: ReadonlySet<string>;
}

export class ComposeMemory {
  #known: Known | null = null;

  /**
   * What `fresh` said of these files the last time, or says now; a refusal isn't kept. Its problems are those that the
   * last reading didn't have.
   */
  async read(
    files: ComposeFiles,
    fresh: () => Promise<Parsed<ComposeServices>>,
  ): Promise<Parsed<ComposeServices>> {
    const named = JSON.stringify(files);
    if (this.#known?.named === named && (await areUnchanged(this.#known.value.files)))
      return { value: this.#known.value, problems: [] };
    const read = await fresh();
    // Errors are for the one who reads now as for the next.
    if (read.value === null || hasErrors(read.problems)) return read;
    const { value, problems } = read;
    const before = this.#known?.told ?? new Set();
    this.#known = { named, value, told: new Set(problems.map(formatProblem)) };
    return { value, problems: problems.filter((problem) => !before.has(formatProblem(problem))) };
  }
}

async function areUnchanged(files: ReadonlyMap<string, string | null>): Promise<boolean> {
  const same = [...files].map(async ([path, digest]) => (await digestOf(path)) === digest);
  return (await Promise.all(same)).every(Boolean);
}
