/** What plays suites of one kind on the wire. */

/** One case as it was played. */
export interface PlayedCase {
  id: string;
  /** `details: wanted …, got …`; empty = it agrees. */
  differences: string[];
}

/** Plays one file after the other on what it has started. */
export interface SuitePlayer {
  /** Throws `FilesError` for a file that can't be read. */
  play(file: string): Promise<PlayedCase[]>;
  close(): Promise<void>;
}
