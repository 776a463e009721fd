/** The last lines that each instance wrote: kept in memory, bounded, told to whoever listens. */
import type { LogLine } from './session.ts';

const KEPT_LINES = 5_000;

export class LogRing {
  readonly #lines = new Map<string, LogLine[]>();
  readonly #sinks = new Set<(line: LogLine) => void>();

  add(line: LogLine): void {
    const lines = this.#lines.get(line.instance) ?? [];
    this.#lines.set(line.instance, lines);
    lines.push(line);
    // Cut in strides: shifting a long array at every line would cost more than the memory.
    if (lines.length >= KEPT_LINES * 1.25) lines.splice(0, lines.length - KEPT_LINES);
    for (const sink of this.#sinks) sink(line);
  }

  /** Oldest first; at most the last `limit`. */
  last(instance: string, limit = KEPT_LINES): LogLine[] {
    return (this.#lines.get(instance) ?? []).slice(-Math.min(limit, KEPT_LINES));
  }

  listen(sink: (line: LogLine) => void): () => void {
    this.#sinks.add(sink);
    return () => this.#sinks.delete(sink);
  }
}
