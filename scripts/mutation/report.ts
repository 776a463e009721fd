/** A run in figures, per folder, and its survivors as lines to read. */
import { dirname } from 'node:path';
import type { Fate, Outcome } from './run-share.ts';

export interface Tally extends Record<Fate, number> {
  mutants: number;
  /** Per cent of the judged mutants that a test noticed; what no test reaches counts as unnoticed. null: none was judged. */
  score: number | null;
}

export interface MutationReport {
  figures: { minutes: number; all: Tally; folders: Record<string, Tally> };
  lines: string[];
}

function tally(outcomes: readonly Outcome[]): Tally {
  const count = (fate: Fate): number => outcomes.filter((one) => one.fate === fate).length;
  const fates = {
    killed: count('killed'),
    timeout: count('timeout'),
    survived: count('survived'),
    unreached: count('unreached'),
    unknown: count('unknown'),
  };
  const judged = outcomes.length - fates.unknown;
  const noticed = fates.killed + fates.timeout;
  const score = judged === 0 ? null : Math.floor((noticed / judged) * 10_000) / 100;
  return { mutants: outcomes.length, ...fates, score };
}

export function reportOf(outcomes: readonly Outcome[], minutes: number): MutationReport {
  const byFolder = [...Map.groupBy(outcomes, ({ mutant }) => dirname(mutant.file))].toSorted();
  const folders = Object.fromEntries(byFolder.map(([folder, own]) => [folder, tally(own)]));
  const all = tally(outcomes);
  const line = (name: string, of: Tally): string =>
    `${name.padEnd(24)} ${(of.score?.toFixed(2) ?? '-').padStart(6)} %  ${of.mutants} mutants, ${of.killed} killed, ${of.timeout} endless, ${of.survived} survived, ${of.unreached} unreached${of.unknown > 0 ? `, ${of.unknown} not judged` : ''}`;
  const lines = [...Object.entries(folders).map(([name, of]) => line(name, of)), line('all', all)];
  return { figures: { minutes, all, folders }, lines };
}

/** Why a run of these figures fails; null when it doesn't. */
export function failureOf({ all }: MutationReport['figures'], threshold: number): string | null {
  if (all.score === null) return 'no mutant was judged: time was up, or every share failed';
  return all.score < threshold ? `under ${threshold} %: see .mutation/survivors.txt` : null;
}

/** Each survivor: where, what became of what. */
export function survivorLines(outcomes: readonly Outcome[], linesOf: (file: string) => string[]): string[] {
  return outcomes
    .filter(({ fate }) => fate === 'survived' || fate === 'unreached' || fate === 'unknown')
    .toSorted((a, b) => a.mutant.file.localeCompare(b.mutant.file) || a.mutant.line - b.mutant.line)
    .map(({ mutant, fate }) => {
      const { file, mutator, line, column, endLine, endColumn, replacement } = mutant;
      const text = linesOf(file).slice(line - 1, endLine);
      const last = text.length - 1;
      text[last] = (text[last] ?? '').slice(0, endColumn - 1);
      text[0] = (text[0] ?? '').slice(column - 1);
      const short = (code: string): string => code.replace(/\s+/g, ' ').slice(0, 160);
      return `${file}:${line}:${column} ${fate} ${mutator}: ${short(text.join('\n'))}  ⇒  ${short(replacement)}`;
    });
}
