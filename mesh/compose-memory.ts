/**
 * The services of a project's Compose files for as long as those files stay as they are: the plugin takes its time, and
 * a policy edit changes none of them. One project's, in one process.
 */
import type { ComposeService } from '../model/compose/translate-service.ts';
import type { Parsed, Problem } from '../model/problem.ts';
import type { ComposeFiles } from './compose-plugin.ts';
import { digestOf } from './project-files.ts';

export interface ComposeServices {
  services: readonly ComposeService[];
  /** What they come from: absolute paths, and what was in each as `digestOf` has it. */
  files: ReadonlyMap<string, string | null>;
  /** What a reviewer would ask of their containers. */
  findings: readonly Problem[];
}

export class ComposeMemory {
  #known: { named: string; read: Extract<Parsed<ComposeServices>, { value: ComposeServices }> } | null = null;

  /** What `fresh` said of these files the last time, or says now; a refusal isn't kept. */
  async read(
    files: ComposeFiles,
    fresh: () => Promise<Parsed<ComposeServices>>,
  ): Promise<Parsed<ComposeServices>> {
    const named = JSON.stringify(files);
    if (this.#known?.named === named && (await areUnchanged(this.#known.read.value.files)))
      return this.#known.read;
    const read = await fresh();
    if (read.value !== null) this.#known = { named, read };
    return read;
  }
}

async function areUnchanged(files: ReadonlyMap<string, string | null>): Promise<boolean> {
  const same = [...files].map(async ([path, digest]) => (await digestOf(path)) === digest);
  return (await Promise.all(same)).every(Boolean);
}
