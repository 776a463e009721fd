/** Makes the mutants: Stryker's instrumenter writes all of a file's mutants into it, each behind a switch. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Instrumenter, type InstrumenterOptions } from '@stryker-mutator/instrumenter';
import type { Mutant } from './job.ts';
import { HEADER } from './switchboard.ts';

export interface Mutated {
  mutants: Mutant[];
  /** Absolute path → the text with every mutant in it. */
  instrumented: Record<string, string>;
}

const OPTIONS: InstrumenterOptions = { plugins: null, excludedMutations: [], ignorers: [], noHeader: true };

const silent = {
  debug() {},
  info() {},
  warn: console.warn,
  error: console.error,
  isDebugEnabled: () => false,
};

/** Makes all mutants of `files`, paths relative to `root`. Ids are numbers, one row over all files. */
export async function makeMutants(root: string, files: readonly string[]): Promise<Mutated> {
  const sources = files.map((name) => ({
    name,
    mutate: true,
    content: readFileSync(join(root, name), 'utf8'),
  }));
  const { files: written, mutants } = await new Instrumenter(silent as never).instrument(sources, OPTIONS);
  return {
    instrumented: Object.fromEntries(
      written.map(({ name, content }) => [join(root, name), `${HEADER}\n${content}`]),
    ),
    mutants: mutants
      .filter((mutant) => mutant.status === undefined)
      .map((mutant) => ({
        id: mutant.id,
        file: mutant.fileName,
        mutator: mutant.mutatorName,
        line: mutant.location.start.line + 1,
        column: mutant.location.start.column + 1,
        endLine: mutant.location.end.line + 1,
        endColumn: mutant.location.end.column + 1,
        replacement: mutant.replacement ?? '',
      })),
  };
}
