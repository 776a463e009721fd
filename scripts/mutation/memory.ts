/** What earlier runs killed: as long as a source file is the same, `--survivors` asks only after the others. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutant } from './job.ts';
import type { Outcome } from './run-share.ts';

/** Source file → digest of its text, and the killed mutants by place with the killing test. */
export type Memory = Record<string, { digest: string; killed: Record<string, string> }>;

const NAME = '.mutation/killed.json';

function digestOf(root: string, file: string): string {
  return createHash('sha256')
    .update(readFileSync(join(root, file)))
    .digest('hex');
}

function place(mutant: Mutant): string {
  const { mutator, line, column, endLine, endColumn, replacement } = mutant;
  return `${line}:${column}-${endLine}:${endColumn} ${mutator} ${replacement}`;
}

export function readMemory(root: string): Memory {
  const path = join(root, NAME);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Memory) : {};
}

/** The mutants of unchanged files that were killed before. */
export function rememberedKills(root: string, memory: Memory, mutants: readonly Mutant[]): Outcome[] {
  const digests = new Map(
    [...new Set(mutants.map(({ file }) => file))].map((file) => [file, digestOf(root, file)]),
  );
  return mutants.flatMap((mutant) => {
    const known = memory[mutant.file];
    if (known?.digest !== digests.get(mutant.file)) return [];
    const by = known?.killed[place(mutant)];
    return by === undefined ? [] : [{ mutant, fate: 'killed', by } satisfies Outcome];
  });
}

/** Adds the kills among `outcomes`, and writes all down. */
export function writeMemory(root: string, memory: Memory, outcomes: readonly Outcome[]): void {
  for (const { mutant, fate, by } of outcomes) {
    if (fate !== 'killed' && fate !== 'timeout') continue;
    const digest = digestOf(root, mutant.file);
    if (memory[mutant.file]?.digest !== digest) memory[mutant.file] = { digest, killed: {} };
    const own = memory[mutant.file];
    if (own) own.killed[place(mutant)] = by ?? '';
  }
  writeFileSync(join(root, NAME), JSON.stringify(memory));
}
