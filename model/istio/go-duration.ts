/** Durations as Go writes them (`1m30s`, `1.5h`, `-2ms`), which Istio's files take; in nanoseconds, exactly. */

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const MAX = 2n ** 63n - 1n;

export const MILLISECOND_NS = 1_000_000n;

/** Nanoseconds, or null when it isn't a duration (or none that fits Go's 64 bits). */
export function parseGoDuration(text: string): bigint | null {
  const negative = text.startsWith('-');
  const amount = /^[-+]/.test(text) ? text.slice(1) : text;
  if (amount === '0') return 0n;
  if (amount === '' || amount.length > 100) return null;
  const part = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y;
  let total = 0n;
  while (part.lastIndex < amount.length) {
    const found = part.exec(amount);
    if (!found) return null;
    const [, whole = '', fraction = '', unit = ''] = found;
    if (whole === '' && fraction === '') return null;
    const size = UNITS[unit] ?? 0n;
    total += BigInt(whole || '0') * size + (BigInt(fraction || '0') * size) / 10n ** BigInt(fraction.length);
    if (total > MAX) return null;
  }
  return negative ? -total : total;
}
