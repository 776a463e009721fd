/**
 * `node scripts/benchmarks.ts PAIR.json [SCALE.json]`: writes docs/benchmarks.md from what `npm run bench -- pair
 * --json=F` and `npm run bench -- scale --json=F` measured. Figures are never typed by hand.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type CaseFigures, caseFigures, type PeerFigures } from '../bench/pair/figures.ts';

interface Measurement {
  date: string;
  command: string;
  revision: string | null;
  machine: { cpus: number; model: string; node: string };
}

interface PairMeasurement extends Measurement {
  peers: Record<string, PeerFigures>;
}

interface ScaleMeasurement extends Measurement {
  sidecars: Record<string, { start_ms: number; rss_kb: number; rps: number }>;
  further_sidecar_kb: number;
}

const COLUMNS: readonly [keyof CaseFigures, string][] = [
  ['rps', 'requests/s'],
  ['p50_us', 'p50 µs'],
  ['p99_us', 'p99 µs'],
  ['cpu_us', 'CPU µs a request'],
  ['rss_kb', 'memory KB'],
];

function read<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function circumstances({ date, command, revision, machine }: Measurement, file: string): string {
  return `Measured ${date.slice(0, 10)} with \`${command}\` at ${revision ?? 'an unknown revision'} on ${machine.cpus} × ${machine.model}, Node ${machine.node}; the file is \`docs/measurements/${basename(file)}\`.`;
}

function pairPage(file: string): string {
  const measured = read<PairMeasurement>(file);
  const { peers } = measured;
  const names = new Set(
    Object.values(peers).flatMap((peer) => Object.keys(peer).filter((key) => caseFigures(peer, key))),
  );
  const lines = [
    row(['case', 'peer', ...COLUMNS.map(([, title]) => title)]),
    row(['---', '---', ...COLUMNS.map(() => '---:')]),
  ];
  for (const name of names) {
    const base = caseFigures(peers['envoy'], name);
    for (const [peer, all] of Object.entries(peers)) {
      const own = caseFigures(all, name);
      if (own === null) continue;
      const cells = COLUMNS.map(([figure]) => {
        const ratio =
          base === null || peer === 'envoy' ? '' : ` (${(own[figure] / base[figure]).toFixed(2)})`;
        return `${Math.round(own[figure])}${ratio}`;
      });
      lines.push(row([name, peer, ...cells]));
    }
  }
  const own = Object.entries(peers['greenroom'] ?? {}).filter(([, value]) => typeof value === 'number');
  const counted = own.map(([key, value]) => `${key} ${String(value)}`).join(', ');
  return `${circumstances(measured, file)}\n\n${lines.join('\n')}\n\nIn brackets: the ratio to Envoy in the same run. Greenroom's recording counted: ${counted}.\n`;
}

function scalePage(file: string): string {
  const measured = read<ScaleMeasurement>(file);
  const lines = [
    row(['sidecars', 'start ms', 'memory KB', 'requests/s of two of them']),
    row(['---:', '---:', '---:', '---:']),
    ...Object.entries(measured.sidecars).map(([sidecars, { start_ms, rss_kb, rps }]) =>
      row([sidecars, ...[start_ms, rss_kb, rps].map((figure) => String(Math.round(figure)))]),
    ),
  ];
  return `## Many sidecars\n\n${circumstances(measured, file)}\n\n${lines.join('\n')}\n\nEach further sidecar takes ${Math.round(measured.further_sidecar_kb)} KB, once it has called and been called.\n`;
}

const [pair, scale] = process.argv.slice(2);
if (pair === undefined) {
  process.stderr.write('usage: node scripts/benchmarks.ts PAIR.json [SCALE.json]\n');
  process.exitCode = 2;
} else {
  const intro = `# What the sidecars cost

The same pair of sidecars made of Greenroom and of others: a client, its sidecar, mutual TLS (1.3, AES-128-GCM, no
resumption), the server's sidecar, an application. Greenroom and Envoy enforce the same policy on identity, method and
path, of a hundred requests one is denied, and Greenroom records every one to disk; nginx, HAProxy and http-proxy have no
such policy. Every pair has one worker thread and one core for both sidecars. How to read the file behind the table:
[measurements](measurements/README.md).
`;
  const parts = [intro, pairPage(pair), ...(scale === undefined ? [] : [scalePage(scale)])];
  writeFileSync(new URL('../docs/benchmarks.md', import.meta.url), parts.join('\n'));
}
