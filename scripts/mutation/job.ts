/** What the parent tells a test process, and what that process writes down line by line: it may be killed at any time. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** One change of one source file. Lines and columns count from 1. */
export interface Mutant {
  id: string;
  file: string;
  mutator: string;
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
  replacement: string;
}

export interface Job {
  /**
   * `shared`: each test runs once, then once with each open mutant that it reaches, in one set of modules.
   * `fresh`: each mutant gets modules of its own, loaded with the mutant active.
   */
  mode: 'shared' | 'fresh';
  /** Ids of the mutants to run; for `fresh`, with their file and the tests that they face, absolute. */
  open: Record<string, Facing>;
  /** The files that have mutants, absolute. */
  sources: string[];
  /** Test files, absolute, in the order in which to run them. */
  tests: string[];
  journal: string;
  /** JSON file: source path, absolute → instrumented text. */
  instrumented: string;
}

export interface Facing {
  file: string;
  tests: string[];
}

export type Entry =
  /** A test failed with the mutant, and passes again without it. */
  | { is: 'killed'; id: string; by: string }
  /** The mutant ran for longer than any honest run. */
  | { is: 'timeout'; id: string; by: string }
  /** Without the mutant the test failed after it: what it left behind made it so. Only fresh modules can tell. */
  | { is: 'suspect'; id: string; by: string }
  /** The test reaches the mutant, but not again: what it computes is kept. Only fresh modules can tell. */
  | { is: 'kept'; id: string; by: string }
  /** Only in `fresh`: no test failed. */
  | { is: 'survived'; id: string }
  /** What loading the sources reaches. */
  | { is: 'loaded'; reached: string[] }
  /** A test file is through: what its tests reached, and what it reached outside of them. */
  | { is: 'done'; file: string; reached: string[]; outside: string[] }
  /** A test failed without any mutant. */
  | { is: 'broken'; by: string; message: string };

/** Appends one entry; on the disk when it returns. */
export function note(journal: string, entry: Entry): void {
  appendFileSync(journal, `${JSON.stringify(entry)}\n`);
}

/** All entries so far; none when there is no journal yet. */
export function entries(journal: string): Entry[] {
  if (!existsSync(journal)) return [];
  const lines = readFileSync(journal, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Entry);
}
