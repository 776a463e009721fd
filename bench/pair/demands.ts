/** What must hold between the peers of one run. Ratios only: they hold on any machine. */
import { type CaseFigures, caseFigures, type PeerFigures } from './figures.ts';

interface Demand {
  benchCase: string;
  figure: keyof CaseFigures;
  peer: string;
  /** Our figure divided by the peer's. */
  ratio: { least: number } | { most: number };
}

const DEMANDS: readonly Demand[] = [
  { benchCase: 'h1-c32-0b', figure: 'rps', peer: 'envoy', ratio: { least: 1.3 } },
  { benchCase: 'h1-c32-0b', figure: 'cpu_us', peer: 'envoy', ratio: { most: 0.8 } },
  { benchCase: 'h1-c1-0b', figure: 'p50_us', peer: 'envoy', ratio: { most: 1 } },
  { benchCase: 'h1-c32-0b', figure: 'p99_us', peer: 'envoy', ratio: { most: 1.5 } },
  { benchCase: 'h1-c32-0b', figure: 'rps', peer: 'http-proxy', ratio: { least: 4 } },
  { benchCase: 'h1-c32-64k', figure: 'rps', peer: 'envoy', ratio: { least: 0.8 } },
  { benchCase: 'h1-c32-1m', figure: 'rps', peer: 'envoy', ratio: { least: 0.8 } },
  { benchCase: 'h2-c32-0b', figure: 'rps', peer: 'envoy', ratio: { least: 0.6 } },
  { benchCase: 'grpc-c32', figure: 'rps', peer: 'envoy', ratio: { least: 0.6 } },
];

/** One line each; what wasn't measured on one side doesn't hold. */
export function judgeRatios(peers: Readonly<Record<string, PeerFigures>>): {
  lines: string[];
  failures: string[];
} {
  const lines: string[] = [];
  const failures: string[] = [];
  const judge = (text: string, holds: boolean): void => {
    lines.push(`${holds ? 'holds ' : 'FAILS '}    ${text}`);
    if (!holds) failures.push(text);
  };
  for (const { benchCase, figure, peer, ratio } of DEMANDS) {
    const own = caseFigures(peers['greenroom'], benchCase)?.[figure] ?? Number.NaN;
    const other = caseFigures(peers[peer], benchCase)?.[figure] ?? Number.NaN;
    const found = own / other;
    const [bound, holds] =
      'least' in ratio
        ? [`at least ${ratio.least}`, found >= ratio.least]
        : [`at most ${ratio.most}`, found <= ratio.most];
    judge(`${benchCase} ${figure}: ${found.toFixed(2)} of ${peer} (${bound})`, holds);
  }
  const { events_dropped: dropped, denied_expected: expected, denied_seen: seen } = peers['greenroom'] ?? {};
  judge(`${String(dropped)} events dropped`, dropped === 0);
  judge(`${String(seen)} of ${String(expected)} denials recorded`, seen !== undefined && seen === expected);
  return { lines, failures };
}
