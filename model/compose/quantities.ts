/** Quantities as the Compose plugin prints them: Go's durations, ranges of ports. */

const UNITS_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  ns: 0.000_001,
};

/** `1m30s`, `500ms`, `1.5s` → milliseconds; null where it is none. */
export function durationMs(text: string): number | null {
  if (!/^(\d+(\.\d+)?(h|ms|us|µs|ns|m|s))+$/.test(text)) return text === '0' ? 0 : null;
  let sum = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s)/g))
    sum += Number(number) * (UNITS_MS[unit ?? ''] ?? 0);
  return sum;
}

/** Ports that an `expose` or `published` may name: more than this is a mistake. */
const MAX_RANGE = 1000;

/** `8000`, `8000-8002`, `53/udp` → ports and protocol; null where it is none. */
export function portRange(text: string): { ports: number[]; protocol: string } | null {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/([a-z]+))?$/.exec(text);
  if (!match) return null;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  if (first < 1 || last > 65_535 || last < first || last - first >= MAX_RANGE) return null;
  const ports = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return { ports, protocol: match[3] ?? 'tcp' };
}
