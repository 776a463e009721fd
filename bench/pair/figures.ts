/** What `pair` measures, in the shape of its JSON, and as a table with each figure's ratio to Envoy's of the same run. */

export interface CaseFigures {
  rps: number;
  p50_us: number;
  p99_us: number;
  /** Processor time a request: all threads of the processes of both sidecars. */
  cpu_us: number;
  rss_kb: number;
}

/** By case; numbers are what only Greenroom tells of itself. */
export type PeerFigures = Record<string, CaseFigures | number>;

/** Each figure's own median. */
export function medianFigures(rounds: readonly CaseFigures[]): CaseFigures {
  const of = (pick: (figures: CaseFigures) => number): number => {
    const sorted = rounds.map(pick).toSorted((a, b) => a - b);
    const middle = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
    return Math.round(middle * 10) / 10;
  };
  return {
    rps: of(({ rps }) => rps),
    p50_us: of(({ p50_us }) => p50_us),
    p99_us: of(({ p99_us }) => p99_us),
    cpu_us: of(({ cpu_us }) => cpu_us),
    rss_kb: of(({ rss_kb }) => rss_kb),
  };
}

/** The figures of one case of one peer, where it has them. */
export function caseFigures(peer: PeerFigures | undefined, name: string): CaseFigures | null {
  const found = peer?.[name];
  return typeof found === 'object' ? found : null;
}

const COLUMNS = ['rps', 'p50_us', 'p99_us', 'cpu_us', 'rss_kb'] as const;

export function tableOf(peers: Readonly<Record<string, PeerFigures>>): string[] {
  const lines = [line(['case', 'peer', ...COLUMNS.flatMap((column) => [column, '/envoy'])])];
  const cases = new Set(
    Object.values(peers).flatMap((peer) => Object.keys(peer).filter((key) => caseFigures(peer, key))),
  );
  for (const name of cases) {
    const base = caseFigures(peers['envoy'], name);
    for (const [peer, all] of Object.entries(peers)) {
      const own = caseFigures(all, name);
      if (own === null) continue;
      const cells = COLUMNS.flatMap((column) => [
        String(Math.round(own[column])),
        base === null ? '' : (own[column] / base[column]).toFixed(2),
      ]);
      lines.push(line([name, peer, ...cells]));
    }
  }
  for (const [peer, all] of Object.entries(peers))
    for (const [key, value] of Object.entries(all))
      if (typeof value === 'number') lines.push(`${peer} ${key} ${value}`);
  return lines;
}

function line(cells: readonly string[]): string {
  return cells.map((cell, index) => (index < 2 ? cell.padEnd(20) : cell.padStart(9))).join('');
}
