/** A command that a person runs in a running container, with or without a terminal. */

export interface TerminalSize {
  columns: number;
  rows: number;
}

export interface ExecRequest {
  command: readonly string[];
  /** Null = no terminal: both outputs come apart, and what is written is its stdin. */
  terminal: TerminalSize | null;
  /** Absent = the container's own. */
  user?: string;
}

export interface ExecStream {
  /** Chunks as they come; all of a terminal's is `stdout`. Set before the first turn of the loop is over. */
  onOutput(sink: (stream: 'stdout' | 'stderr', chunk: Buffer) => void): void;
  /** While it is paused its output waits in the engine, and then in the command itself. */
  pause(): void;
  resume(): void;
  write(data: Buffer): void;
  /** The end of its stdin. */
  end(): void;
  resize(size: TerminalSize): Promise<void>;
  /** Its exit code, after its last output. */
  readonly exited: Promise<number>;
  /** Asks a command at a terminal to end, and lets go of it. */
  close(): void;
}
