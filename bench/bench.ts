/** What every bench is given and gives: `main.ts` prints it. */

export interface BenchOptions {
  /** How long a round takes; each bench has its own default. */
  seconds?: number;
  /** How many rounds. */
  rounds?: number;
  /** Only these, where a bench has cases and peers. */
  cases?: readonly string[];
  peers?: readonly string[];
  /** Whether ratios that are only promised for a full run on a quiet machine can fail it. */
  check?: boolean;
}

export interface BenchReport {
  lines: readonly string[];
  /** For `--json`. */
  figures: object;
  /** What doesn't hold that must: the run then ends with exit code 1. Ratios only, never times. */
  failures: readonly string[];
}
