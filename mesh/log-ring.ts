/** The last lines that each instance wrote: kept in memory, bounded, told to whoever listens. */
import type { LogLine, LogPage, LogQuery } from '../model/service-log.ts';

const KEPT_LINES = 5_000;

interface Kept {
  lines: LogLine[];
  /** Id of the last line that was dropped. */
  droppedUpTo: number;
}

export class LogRing {
  readonly #kept = new Map<string, Kept>();
  readonly #sinks = new Set<(line: LogLine) => void>();
  #last = 0;

  add(written: Omit<LogLine, 'id'>): void {
    this.#last += 1;
    const line = { id: this.#last, ...written };
    const kept = this.#kept.get(line.instance) ?? { lines: [], droppedUpTo: 0 };
    this.#kept.set(line.instance, kept);
    kept.lines.push(line);
    // Cut in strides: shifting a long array at every line would cost more than the memory.
    if (kept.lines.length >= KEPT_LINES * 1.25) {
      const dropped = kept.lines.splice(0, kept.lines.length - KEPT_LINES);
      kept.droppedUpTo = dropped.at(-1)?.id ?? 0;
    }
    for (const sink of this.#sinks) sink(line);
  }

  read({ instances, after, since = 0, search, limit }: LogQuery): LogPage {
    const chosen = [...this.#kept].filter(([instance]) => instances?.includes(instance) ?? true);
    const wanted = search?.toLowerCase() ?? '';
    const matching = chosen
      .flatMap(([, { lines }]) => lines.slice(-KEPT_LINES).filter(({ id }) => id > (after ?? 0)))
      .filter(({ at, text }) => at >= since && (wanted === '' || text.toLowerCase().includes(wanted)))
      .sort((one, other) => one.id - other.id);
    const lines = after === undefined ? matching.slice(-limit) : matching.slice(0, limit);
    const more = lines.length < matching.length && after !== undefined;
    return {
      lines,
      next: more ? (lines.at(-1)?.id ?? after) : this.#last,
      cutOff:
        after === undefined
          ? []
          : chosen.flatMap(([instance, { droppedUpTo }]) => (droppedUpTo > after ? [instance] : [])),
    };
  }

  listen(sink: (line: LogLine) => void): () => void {
    this.#sinks.add(sink);
    return () => this.#sinks.delete(sink);
  }
}
