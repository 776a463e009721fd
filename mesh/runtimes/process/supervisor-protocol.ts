/**
 * What a session and its supervisor say to each other: one JSON value a line, commands down the supervisor's
 * stdin, reports up its stdout. The end of stdin is a command too, and the only one that needs nobody alive to
 * send it: end every service.
 */
import type { KillSignal } from '../../../model/instance-action.ts';

export type SupervisorCommand =
  | {
      kind: 'start';
      key: string;
      command: readonly string[];
      cwd: string;
      env: Readonly<Record<string, string>>;
    }
  | { kind: 'stop'; key: string; graceMs: number }
  | { kind: 'signal'; key: string; signal: GroupSignal };

export type GroupSignal = KillSignal | 'SIGSTOP' | 'SIGCONT';

export type SupervisorReport =
  | { kind: 'spawned'; key: string; pid: number }
  | { kind: 'spawn-failed'; key: string; code: string; message: string }
  | { kind: 'log'; key: string; stream: 'stdout' | 'stderr'; text: string; at: number }
  | { kind: 'exited'; key: string; code: number | null; signal: string | null };

/** Longest line of a log that is passed on; the rest of it becomes lines of its own. */
export const MAX_LOG_LINE = 16_384;

/** Splits chunks of text into lines; `end` gives what is left without a line feed. A line has a longest length. */
export function lineSplitter(
  maxLength: number,
  onLine: (line: string) => void,
): { push(chunk: string): void; end(): void } {
  let rest = '';
  return {
    push(chunk) {
      rest += chunk;
      let from = 0;
      for (;;) {
        const end = rest.indexOf('\n', from);
        if (end >= 0 && end - from <= maxLength) {
          onLine(rest.slice(from, rest[end - 1] === '\r' && end > from ? end - 1 : end));
          from = end + 1;
        } else if (rest.length - from > maxLength) {
          onLine(rest.slice(from, from + maxLength));
          from += maxLength;
        } else break;
      }
      rest = rest.slice(from);
    },
    end() {
      if (rest !== '') onLine(rest);
      rest = '';
    },
  };
}
